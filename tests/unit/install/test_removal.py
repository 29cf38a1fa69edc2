"""What becomes of what we made."""

from typing import Any

import msgspec
import pytest

from pillion.install.inventory import Inventory, from_documents, statement_of
from pillion.install.manifest import key_of
from pillion.install.objects import objects
from pillion.install.options import Options
from pillion.install.removal import Removal, Wish, plan_removal, plan_withdrawal, pods_of
from pillion.resources.frozen import thaw

OURS = {"type": "Accepted", "status": "False", "reason": "Invalid"}
THEIRS = {"type": "Reconciled", "status": "True"}
MESSAGE = {"type": {"name": "SchemaValidationError", "code": "IST0106"}, "level": "ERROR"}
GIVEN = [{"host": "a.example", "value": "240.240.0.1"}]


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


def entry(status: dict[str, Any], *owned: str, manager: str = "pillion", revision: str = "") -> dict[str, Any]:
    fields = {"f:status": {".": {}, **{f"f:{name}": {} for name in owned}}}
    metadata = {
        "name": "out",
        "namespace": "shop",
        "uid": revision or "7",
        "resourceVersion": "12",
        "labels": {"istio.io/rev": revision} if revision else {},
        "managedFields": [{"manager": manager, "operation": "Update", "subresource": "status", "fieldsV1": fields}],
    }
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": metadata,
        "spec": {"hosts": ["a.example"]},
        "status": status,
    }


def taken(document: dict[str, Any], wish: Wish | None = None, *others: Options) -> list[Any]:
    found = from_documents([document, *(each.document() for options in others for each in objects(options))])
    return [thaw(each.status) for each in plan_withdrawal(found, wish or Wish())]


def test_a_status_of_which_all_is_ours_is_taken_off_whole() -> None:
    status = {"conditions": [OURS], "validationMessages": [MESSAGE], "addresses": GIVEN}
    assert taken(entry(status, *status)) == [None]


def test_what_others_said_stays() -> None:
    status = {"conditions": [THEIRS, OURS], "validationMessages": [MESSAGE], "addresses": GIVEN}
    assert taken(entry(status, "conditions", "validationMessages")) == [
        {"conditions": [THEIRS], "validationMessages": None}
    ]
    assert taken(entry(status, "addresses")) == [{"addresses": None}]


@pytest.mark.parametrize(
    "document",
    [
        entry({"addresses": GIVEN}, "addresses", manager="pilot-discovery"),
        entry({"addresses": GIVEN}),
        entry({"conditions": [THEIRS]}, "conditions"),
        entry({}, "conditions"),
        {"apiVersion": "networking.istio.io/v1", "kind": "Sidecar", "metadata": {"name": "a"}, "status": {"a": 1}},
    ],
    ids=["another-manager", "nobodys", "nothing-of-ours-in-it", "empty", "unmanaged"],
)
def test_what_is_not_ours_is_left(document: dict[str, Any]) -> None:
    assert taken(document) == []


def test_only_istios_kinds_are_looked_at() -> None:
    document = entry({"addresses": GIVEN}, "addresses") | {"apiVersion": "example.com/v1"}
    assert statement_of(document, "serviceentries") is None


def test_a_revision_that_stays_keeps_what_it_keeps_true() -> None:
    status = {"conditions": [OURS], "addresses": GIVEN}
    both = (Options(), Options(revision="canary"))
    wish = Wish(revision="canary")
    assert taken(entry(status, *status, revision="canary"), wish, *both) == [{"conditions": None}]
    assert taken(entry(status, *status), wish, *both) == []
    assert taken(entry(status, *status, revision="canary"), wish, both[1]) == [None]


def test_what_was_handed_on_and_stays_goes_on_writing() -> None:
    document = entry({"addresses": GIVEN}, "addresses")
    found = from_documents([document, *(each.document() for each in objects(Options()))])
    handed = tuple(msgspec.structs.replace(each, ownership="handed-on") for each in found.entries)
    left = msgspec.structs.replace(found, entries=handed)
    assert list(plan_withdrawal(left, Wish())) == []
    assert len(list(plan_withdrawal(left, Wish(adopt=True)))) == 1


def test_what_goes_with_its_definition_needs_no_taking_off() -> None:
    document = entry({"addresses": GIVEN}, "addresses")
    assert taken(document, Wish(), Options()) == [None]
    assert taken(document, Wish(keep_crds=False), Options()) == []
