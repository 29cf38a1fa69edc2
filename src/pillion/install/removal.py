"""What becomes of each object of ours when we are taken away: pure, from an inventory."""

from collections.abc import Iterator
from typing import Literal

from pillion.install.inventory import Entry, InjectedPod, Inventory, Statement
from pillion.install.manifest import KINDS
from pillion.resources.frozen import FrozenJson
from pillion.value import FrozenMap, Value

_FIRST = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
_LAST = ("CustomResourceDefinition", "Namespace")


class Wish(Value):
    """What to take away."""

    revision: str = ""
    """Only this one; empty means everything."""
    keep_crds: bool = True
    adopt: bool = False
    """Also what somebody else made from our YAML."""


class Removal(Value):
    """What becomes of an object."""

    entry: Entry
    action: Literal["delete", "keep"]
    reason: str = ""
    """Why it is kept."""


class Withdrawal(Value):
    """What is taken off the status of an object."""

    statement: Statement
    correction: FrozenMap[FrozenJson]
    """Is merged into the status."""

    @property
    def status(self) -> FrozenJson:
        """What is to be merged into the object: None, when nothing of its status would be left."""
        merged = {**self.statement.status, **self.correction}
        return self.correction if any(value is not None for value in merged.values()) else None


def plan_removal(inventory: Inventory, wish: Wish) -> tuple[Removal, ...]:
    """Decide about every object: webhooks go first, so that nobody waits for one who is gone; namespaces last."""
    staying = {entry.revision for entry in inventory.entries if entry.revision and not _is_meant(entry, wish)}
    found = [_decided(entry, inventory, wish, staying) for entry in sorted(inventory.entries, key=_turn)]
    return tuple(removal for removal in found if removal is not None)


def plan_withdrawal(inventory: Inventory, wish: Wish) -> Iterator[Withdrawal]:
    """Take off what nobody keeps true any more; what goes with its definition needs nothing."""
    staying = {each.revision for each in inventory.entries if each.revision and _stays(each, wish)}
    going = {
        each.entry.key.name
        for each in plan_removal(inventory, wish)
        if each.entry.key.kind == "CustomResourceDefinition" and each.action == "delete"
    }
    for each in inventory.statements:
        is_kept = each.revision in staying or (staying and wish.revision not in {"", each.revision})
        definition = f"{each.plural}.{each.key.api_version.partition('/')[0]}"
        correction = each.correction(addresses=not staying)
        if correction and not is_kept and definition not in going:
            yield Withdrawal(statement=each, correction=correction)


def pods_of(inventory: Inventory, wish: Wish) -> tuple[InjectedPod, ...]:
    """Name the pods that keep a sidecar which nobody serves any more."""
    return tuple(pod for pod in inventory.pods if not wish.revision or pod.revision == wish.revision)


def _is_meant(entry: Entry, wish: Wish) -> bool:
    return not wish.revision or entry.revision == wish.revision


def _stays(entry: Entry, wish: Wish) -> bool:
    """Return whether an object speaks for a control plane that writes on."""
    is_handed_on = entry.ownership == "handed-on" and not wish.adopt and entry.key.kind == "Deployment"
    return is_handed_on or not _is_meant(entry, wish)


def _decided(entry: Entry, inventory: Inventory, wish: Wish, staying: set[str]) -> Removal | None:
    if entry.revision and not _is_meant(entry, wish):
        return None
    reason = _reason_to_keep(entry, inventory, wish, staying)
    return Removal(entry=entry, action="keep" if reason else "delete", reason=reason)


def _reason_to_keep(entry: Entry, inventory: Inventory, wish: Wish, staying: set[str]) -> str:
    if not entry.revision and staying:
        return f"revision {', '.join(sorted(staying))} needs it"
    if entry.ownership == "handed-on" and not wish.adopt:
        by = ", ".join(entry.authors) or "somebody"
        return f"was applied by {by} from our YAML: remove it there, or with --adopt"
    if entry.key.kind == "CustomResourceDefinition" and wish.keep_crds:
        return "deleting it would delete every resource of its kind: --delete-crds does"
    if entry.key.kind == "Namespace":
        kept = () if wish.adopt else (each.key for each in inventory.entries if each.ownership == "handed-on")
        inside = [str(key) for key in (*inventory.occupants, *kept) if key.namespace == entry.key.name]
        more = f" and {len(inside) - 3} more" if len(inside) > 3 else ""
        return f"others use it: {', '.join(inside[:3])}{more}" if inside else ""
    return ""


def _turn(entry: Entry) -> tuple[int, int, str]:
    kinds = list(KINDS)
    kind = entry.key.kind
    if kind in _FIRST:
        return (0, _FIRST.index(kind), str(entry.key))
    if kind in _LAST:
        return (2, _LAST.index(kind), str(entry.key))
    return (1, -kinds.index(kind) if kind in kinds else 0, str(entry.key))
