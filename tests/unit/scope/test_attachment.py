"""Policies attach by labels, or to the Gateway that they name."""

from pillion.resources.istio.workload import PolicyTargetReference
from pillion.scope.attachment import GATEWAY_NAME, attaches, over
from pillion.value import NO_LABELS, FrozenMap

WEB = FrozenMap({"app": "web"})
EDGE = PolicyTargetReference(group="gateway.networking.k8s.io", kind="Gateway", name="edge")


def test_labels_select() -> None:
    assert attaches(None, (), WEB)
    assert attaches(NO_LABELS, (), WEB)
    assert attaches(WEB, (), FrozenMap({"app": "web", "tier": "front"}))
    assert not attaches(FrozenMap({"app": "cart"}), (), WEB)


def test_targets_are_gateways_and_no_sidecar_is_one() -> None:
    assert not attaches(None, (EDGE,), WEB)
    assert attaches(None, (EDGE,), FrozenMap({GATEWAY_NAME: "edge"}))
    assert not attaches(None, (EDGE,), FrozenMap({GATEWAY_NAME: "other"}))


def test_the_root_namespaces_resources_come_first_and_once() -> None:
    shelves = FrozenMap({"root": ("r",), "shop": ("s",), "pay": ("p",)})
    assert list(over(shelves, "root", "shop")) == ["r", "s"]
    assert list(over(shelves, "root", "root")) == ["r"]
    assert list(over(shelves, "root", "empty")) == ["r"]
