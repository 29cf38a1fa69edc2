"""What becomes of what we made."""

from typing import Any

import msgspec

from pillion.install.inventory import Inventory, from_documents
from pillion.install.manifest import key_of
from pillion.install.objects import objects
from pillion.install.options import Options
from pillion.install.removal import Removal, Wish, plan_removal, pods_of


def inventory(*options: Options) -> Inventory:
    documents = {each.key: each.document() for chosen in options for each in objects(chosen)}
    return from_documents(documents.values())


def kinds(removals: tuple[Removal, ...], action: str = "delete") -> list[str]:
    return [each.entry.key.kind for each in removals if each.action == action]


def test_webhooks_go_first_and_the_namespace_last() -> None:
    order = kinds(plan_removal(inventory(Options(validation=True)), Wish()))
    assert order[:2] == ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"]
    assert order[-1] == "Namespace"
    assert order.index("Deployment") < order.index("ConfigMap") < order.index("ServiceAccount")


def test_definitions_stay_unless_they_are_meant() -> None:
    found = inventory(Options())
    kept = plan_removal(found, Wish())
    assert set(kinds(kept, "keep")) == {"CustomResourceDefinition"}
    assert all("--delete-crds" in each.reason for each in kept if each.action == "keep")
    assert kinds(plan_removal(found, Wish(keep_crds=False)), "keep") == []


def test_one_revision_leaves_the_other_and_what_both_need() -> None:
    removals = plan_removal(inventory(Options(), Options(revision="canary")), Wish(revision="canary", keep_crds=False))
    gone = [each.entry for each in removals if each.action == "delete"]
    assert {entry.revision for entry in gone} == {"canary"}
    assert {each.reason for each in removals if each.action == "keep"} == {"revision default needs it"}
    assert set(kinds(removals, "keep")) == {"CustomResourceDefinition", "Namespace"}


def test_the_last_revision_takes_all_with_it() -> None:
    removals = plan_removal(inventory(Options(revision="canary")), Wish(revision="canary", keep_crds=False))
    assert kinds(removals, "keep") == []


def _occupied(by: dict[str, Any]) -> Inventory:
    return msgspec.structs.replace(inventory(Options()), occupants=(key_of(by),))


def test_a_namespace_that_others_use_stays() -> None:
    theirs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "istio-system"}}
    (kept,) = [each for each in plan_removal(_occupied(theirs), Wish()) if each.entry.key.kind == "Namespace"]
    assert (kept.action, kept.reason) == ("keep", "others use it: ConfigMap istio-system/a")


def test_what_others_applied_stays_with_its_namespace_unless_adopted() -> None:
    found = inventory(Options())
    replace = msgspec.structs.replace
    entries = tuple(
        replace(each, ownership="handed-on", authors=("argocd",)) if each.key.kind == "ConfigMap" else each
        for each in found.entries
    )
    found = replace(found, entries=entries)
    kept = [each for each in plan_removal(found, Wish(keep_crds=False)) if each.action == "keep"]
    assert [each.entry.key.kind for each in kept] == ["ConfigMap", "ConfigMap", "Namespace"]
    assert "argocd" in kept[0].reason
    assert kinds(plan_removal(found, Wish(keep_crds=False, adopt=True)), "keep") == []


def test_pods_of_a_revision() -> None:
    pod: dict[str, Any] = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "shop"}}
    pod["metadata"]["annotations"] = {"sidecar.istio.io/status": '{"revision":"canary"}'}
    found = from_documents([pod])
    assert len(pods_of(found, Wish())) == len(pods_of(found, Wish(revision="canary"))) == 1
    assert pods_of(found, Wish(revision="default")) == ()
