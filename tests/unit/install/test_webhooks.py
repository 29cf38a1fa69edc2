"""Which pods an API server asks about."""

from base64 import b64decode
from typing import Any

import pytest

from pillion.install.names import names_of
from pillion.install.options import Options
from pillion.install.webhooks import mutating, validating


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
    bundle = mutating(Options(ca_bundle="PEM"), names_of(Options()))[0]["clientConfig"]["caBundle"]
    assert b64decode(bundle) == b"PEM"
    assert "caBundle" not in mutating(Options(), names_of(Options()))[0]["clientConfig"]


def test_without_an_answer() -> None:
    names = names_of(Options())
    assert {each["failurePolicy"] for each in mutating(Options(), names)} == {"Fail"}
    assert {each["failurePolicy"] for each in mutating(Options(refuse_on_failure=False), names)} == {"Ignore"}
    assert {each["failurePolicy"] for each in validating(Options(), names)} == {"Ignore"}


def test_resources_without_a_revision_are_the_default_ones() -> None:
    assert len(validating(Options(), names_of(Options()))) == 2
    (only,) = validating(CANARY, names_of(CANARY))
    assert _selects(only["objectSelector"], {"istio.io/rev": "canary"})
    assert not _selects(only["objectSelector"], {})
