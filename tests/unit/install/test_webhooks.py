"""Which pods an API server asks about."""

from base64 import b64decode
from typing import Any

import pytest

from pillion.install.names import names_of
from pillion.install.objects import objects
from pillion.install.options import Options
from pillion.install.webhooks import mutating, validating, with_what_is_kept


def _selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    checks = {
        "In": lambda key, values: labels.get(key) in values,
        "NotIn": lambda key, values: labels.get(key) not in values,
        "DoesNotExist": lambda key, _: key not in labels,
    }
    return all(checks[each["operator"]](each["key"], each.get("values")) for each in selector["matchExpressions"])


def _asked(options: Options, namespace: str, of_namespace: dict[str, str], of_pod: dict[str, str]) -> list[str]:
    home = {**of_namespace, "kubernetes.io/metadata.name": namespace}
    return [
        each["name"].removesuffix(".sidecar-injector.istio.io")
        for each in mutating(options, names_of(options))
        if _selects(each["namespaceSelector"], home) and _selects(each["objectSelector"], of_pod)
    ]


CANARY = Options(revision="canary")


@pytest.mark.parametrize(
    ("options", "of_namespace", "of_pod", "asked"),
    [
        (Options(), {"istio-injection": "enabled"}, {}, ["namespace"]),
        (Options(), {"istio-injection": "enabled"}, {"sidecar.istio.io/inject": "false"}, []),
        (Options(), {"istio-injection": "disabled"}, {"sidecar.istio.io/inject": "true"}, []),
        (Options(), {}, {}, []),
        (Options(), {}, {"sidecar.istio.io/inject": "true"}, ["object"]),
        (Options(), {}, {"istio.io/rev": "default"}, ["rev.object"]),
        (Options(), {"istio.io/rev": "default"}, {}, ["rev.namespace"]),
        (Options(), {"istio.io/rev": "canary"}, {}, []),
        (Options(), {}, {"sidecar.istio.io/inject": "true", "istio.io/rev": "canary"}, []),
        (CANARY, {"istio.io/rev": "canary"}, {}, ["rev.namespace"]),
        (CANARY, {"istio-injection": "enabled", "istio.io/rev": "canary"}, {}, []),
        (CANARY, {"istio-injection": "enabled"}, {}, []),
        (CANARY, {}, {"sidecar.istio.io/inject": "true", "istio.io/rev": "canary"}, ["rev.object"]),
    ],
)
def test_a_pod_is_asked_about_once_by_its_revision(
    options: Options, of_namespace: dict[str, str], of_pod: dict[str, str], asked: list[str]
) -> None:
    assert _asked(options, "shop", of_namespace, of_pod) == asked


@pytest.mark.parametrize("namespace", ["kube-system", "kube-public", "kube-node-lease", "istio-system"])
def test_nobody_is_locked_out(namespace: str) -> None:
    for labels in ({"istio-injection": "enabled"}, {"istio.io/rev": "default"}, {}):
        for of_pod in ({}, {"sidecar.istio.io/inject": "true"}, {"istio.io/rev": "default"}):
            assert _asked(Options(), namespace, labels, of_pod) == []


def test_who_vouches_for_the_injector() -> None:
    def bundles(options: Options) -> tuple[str, str]:
        found = (make(options, names_of(options))[0]["clientConfig"] for make in (mutating, validating))
        first, second = (b64decode(each.get("caBundle", "")).decode() for each in found)
        return first, second

    assert bundles(Options()) == ("", "")
    assert bundles(Options(roots="OURS")) == ("OURS", "OURS")
    assert bundles(Options(roots="OURS", ca_bundle="THEIRS")) == ("THEIRS", "OURS")
    assert bundles(Options(roots="OURS", certificate_secret="theirs")) == ("", "OURS")


def test_without_an_answer() -> None:
    names = names_of(Options())
    assert {each["failurePolicy"] for each in mutating(Options(), names)} == {"Fail"}
    assert {each["failurePolicy"] for each in mutating(Options(refuse_on_failure=False), names)} == {"Ignore"}
    assert {each["failurePolicy"] for each in validating(Options(), names)} == {"Ignore"}


def judges(options: Options, namespace: str, labels: dict[str, str]) -> list[str]:
    home = {"kubernetes.io/metadata.name": namespace}
    return [
        each["name"].removesuffix("validation.istio.io")
        for each in validating(options, names_of(options))
        if _selects(each["namespaceSelector"], home) and _selects(each["objectSelector"], labels)
    ]


@pytest.mark.parametrize(
    ("options", "labels", "asked"),
    [
        (Options(), {}, [""]),
        (Options(), {"istio.io/rev": "default"}, ["rev."]),
        (Options(), {"istio.io/rev": "canary"}, []),
        (CANARY, {}, []),
        (CANARY, {"istio.io/rev": "canary"}, ["rev."]),
    ],
)
def test_a_resource_is_judged_once_by_its_revision_and_at_home_by_who_never_stands_in_the_way(
    options: Options, labels: dict[str, str], asked: list[str]
) -> None:
    assert judges(options, "shop", labels) == asked
    for namespace in ("kube-system", "kube-public", "kube-node-lease", "istio-system"):
        assert judges(options, namespace, labels) == [f"home.{each}" for each in asked]


def test_what_the_control_plane_wrote_is_left_to_it() -> None:
    def written(kind: str, manager: str, options: Options) -> tuple[str, str]:
        (wanted,) = [each for each in objects(options) if each.key.kind == kind]
        found = wanted.document()
        found["metadata"]["managedFields"] = [{"manager": manager}]
        for each in found["webhooks"]:
            each["failurePolicy"] = "Fail"
            each["clientConfig"]["caBundle"] = "TkVX"
        kept = with_what_is_kept(wanted, found, options).document()["webhooks"][0]
        return kept["failurePolicy"], kept["clientConfig"].get("caBundle", "")

    ours = Options(roots="OLD", refuse_on_failure=False)
    theirs = Options(roots="OLD", ca_bundle="THEIRS", refuse_on_failure=False)
    validator, injector = "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"
    assert written(validator, "pillion", ours) == ("Fail", "TkVX")
    assert written(validator, "kubectl-edit", ours) == ("Ignore", "T0xE")
    assert written(injector, "pillion", ours) == ("Ignore", "TkVX")
    assert written(injector, "pillion", theirs) == ("Ignore", "VEhFSVJT")
    (new,) = [each for each in objects(ours) if each.key.kind == validator]
    assert with_what_is_kept(new, None, ours) is new
