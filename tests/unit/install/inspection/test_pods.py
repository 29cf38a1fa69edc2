from typing import Any

import pytest
from msgspec.structs import replace

from pillion.inject.injection import Injector, Options
from pillion.inject.policy import Namespace
from pillion.inject.settings import default_settings
from pillion.install.inspection.pods import Settings, look, version_of
from pillion.install.names import names_of
from pillion.install.options import Options as InstallOptions
from pillion.install.webhooks import mutating
from pillion.resources.istio.proxy_config import ProxyConfig, ProxyConfigSpec
from pillion.resources.meta import Metadata
from pillion.value import FrozenMap

INSTALLED = InstallOptions()
WEBHOOK = {
    "metadata": {"name": "istio-sidecar-injector", "labels": {"istio.io/rev": "default"}},
    "webhooks": mutating(INSTALLED, names_of(INSTALLED)),
}
SETTINGS = Settings([WEBHOOK], {"default": Injector(default_settings())}, frozenset())
LABELLED = Namespace(name="shop", labels=FrozenMap({"istio-injection": "enabled"}))
BARE = Namespace(name="shop")


def bare(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}},
        "spec": {"containers": [{"name": "app", "image": "app"}], **spec},
    }


def injected(**spec: Any) -> dict[str, Any]:
    done = SETTINGS.injectors["default"].inject(bare(**spec), LABELLED, Options(by_hand=False))
    assert done.is_injected
    return done.document


def test_a_pod_that_is_as_it_would_be_today_is_injected() -> None:
    found = look(injected(), LABELLED, SETTINGS)
    assert (found.state, found.revision, found.version, found.rule) == ("injected", "default", "latest", "policy")
    assert found.reason == "policy enabled: pods are injected unless they refuse"
    assert not found.is_wrong


def test_other_settings_make_it_outdated_and_name_the_field() -> None:
    changed = default_settings()
    values = changed.values.replace("tag: latest", "tag: next")
    assert values != changed.values
    other = type(changed)(config=changed.config, values=values, mesh=changed.mesh, reversible=True)
    found = look(injected(), LABELLED, Settings([WEBHOOK], {"default": Injector(other)}, frozenset()))
    assert found.state == "outdated"
    assert any(each.startswith("containers.istio-proxy.image is ") for each in found.drift)


def test_what_a_cluster_says_beside_the_settings_counts_for_what_its_webhook_injects_alone() -> None:
    injector = SETTINGS.injectors["default"]
    spec = ProxyConfigSpec(environment_variables=FrozenMap({"COLOUR": "red"}))
    given = ProxyConfig(metadata=Metadata(name="all", namespace="shop"), spec=spec)
    shelves = FrozenMap({"shop": (given,)})
    ids = replace(LABELLED, annotations=FrozenMap({"openshift.io/sa.scc.uid-range": "5000/10"}))
    options = Options(by_hand=False, proxy_configs=shelves, openshift=True)
    pod = injector.inject(bare(), ids, options).document
    there = Settings(
        [WEBHOOK], SETTINGS.injectors, frozenset(), openshift=frozenset({"default"}), proxy_configs=shelves
    )
    assert look(pod, ids, there).state == "injected"
    assert look(pod, ids, SETTINGS).state == "outdated"
    by_hand = injector.inject(bare()).document
    assert look(by_hand, BARE, there, by_hand=True).state == "injected"


def test_a_pod_from_before_the_label_is_missing_its_sidecar() -> None:
    assert look(bare(), LABELLED, SETTINGS).state == "missing"


def test_a_sidecar_that_nobody_would_inject_is_left_over() -> None:
    found = look(injected(), BARE, SETTINGS)
    assert (found.state, found.rule) == ("leftover", "webhook")
    gone = look(injected(), LABELLED, Settings([], {}, frozenset()))
    assert (gone.state, gone.rule) == ("leftover", "no-webhook")


def test_one_that_was_injected_by_hand_is_none() -> None:
    assert look(injected(), BARE, SETTINGS, by_hand=True).rule == "by-hand"


@pytest.mark.parametrize(
    ("pod", "rule"), [(bare(hostNetwork=True), "host-network"), (bare() | {"metadata": {"name": "a"}}, "webhook")]
)
def test_a_pod_is_skipped_for_the_reason_of_the_rules(pod: dict[str, Any], rule: str) -> None:
    namespace = LABELLED if rule == "host-network" else BARE
    found = look(pod, namespace, SETTINGS)
    assert (found.state, found.rule) == ("skipped", rule)


def test_a_revision_without_usable_settings_is_said() -> None:
    found = look(bare(), LABELLED, Settings([WEBHOOK], {}, frozenset()))
    assert (found.state, found.rule) == ("missing", "settings")


@pytest.mark.parametrize(
    ("image", "version"),
    [("a/b:1.2", "1.2"), ("host:5000/a/b", "latest"), ("host:5000/a:2@sha256:00", "2"), ("", "")],
)
def test_the_version_is_the_tag(image: str, version: str) -> None:
    assert version_of(image) == version
