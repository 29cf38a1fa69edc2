"""What one client wants of one type, and what it has: the difference is what it has yet to be told.

Nothing is queued. `base` is what the client ought to have; `owed` and `leaving` note the few names for which it has
something else. A push that cannot be sent yet therefore merges with every later one by itself.
"""

from collections.abc import Collection, Mapping
from typing import final

from pillion.value import Value
from pillion.xds.request import Refusal
from pillion.xds.resource import NO_NAMES, Fallback, Resource, Resources, same

Known = Resource | str | None
"""What a client has under a name: a resource, a version that it told us, or nothing."""
UNKNOWN = ""
"""A version that no resource has."""


class Sent(Value):
    """A response on its way."""

    nonce: str
    resources: Resources
    """All resources of the type at that time, of which the response told a part."""
    names: Collection[str]
    """Whose resources the response held."""
    removed: tuple[str, ...] = ()


class Nack(Value):
    """The last refusal of a client."""

    nonce: str
    names: tuple[str, ...]
    """The resources in the refused response; not each of them need be bad."""
    refusal: Refusal


class Told(Value):
    """What goes into one response."""

    resources: tuple[Resource, ...] = ()
    removed: tuple[str, ...] = ()
    everything: bool = False
    """The resources are all of the type, in order."""


@final
class Subscription:
    """The state of one type on one stream."""

    __slots__ = (
        "acked", "answer", "base", "in_flight", "leaving", "nack", "names", "overdue", "owed", "refused", "resumed",
        "sent", "stand_ins", "type_url", "urgent", "wildcard",
    )  # fmt: skip

    def __init__(self, type_url: str, *, wildcard: bool) -> None:
        self.type_url = type_url
        self.wildcard = wildcard
        self.names: frozenset[str] = NO_NAMES
        self.base = Resources(type_url)
        self.owed: dict[str, Known] = {}
        """Name -> what the client has instead of what it ought to have."""
        self.leaving: dict[str, Known] = {}
        """Name -> what the client still has, though there is no such resource any more."""
        self.stand_ins: dict[str, Resource] = {}
        """Name -> the empty resource that the client was given because there is none of that name."""
        self.urgent: dict[str, None] = {}
        """Names in `owed` for which the client is waiting: they are told at once, and so is their absence."""
        self.answer = False
        """The client waits for a response, even an empty one."""
        self.resumed = ""
        """State of the world: the version that the client says it has. Delta: `*` when it told us of any."""
        self.refused: frozenset[str] = NO_NAMES
        """Names of a refused response, told again together when one of them changes."""
        self.in_flight: tuple[Sent, ...] = ()
        self.sent: Sent | None = None
        self.acked: Sent | None = None
        self.nack: Nack | None = None
        self.overdue = False

    @property
    def busy(self) -> bool:
        """Whether a response is on its way, and still worth waiting for."""
        return bool(self.in_flight) and not self.overdue

    @property
    def moving(self) -> bool:
        """Whether a change has yet to be told or acknowledged."""
        return bool(self.owed) or self.answer or self.busy

    @property
    def settled(self) -> bool:
        """Whether the client has acknowledged all there is to know."""
        return not (self.owed or self.leaving or self.answer or self.in_flight)

    def wants(self, name: str) -> bool:
        """Return whether the client asked for this name, or for all."""
        return self.wildcard or name in self.names

    def known(self, name: str) -> Known:
        """Return what the client has under a name that it wants."""
        for notes in (self.owed, self.leaving, self.stand_ins):
            if name in notes:
                return notes[name]
        if name in self.refused:
            return UNKNOWN
        return self.base.get(name)

    def advance(self, target: Resources) -> None:
        """Let the client be owed the difference to newer resources."""
        if target is self.base:
            return
        if self.wildcard and not (self.base or self.owed or self.leaving):
            self.base = target
            self.owed = dict.fromkeys(target.names())
            return
        changes = target.changes_since(self.base)
        touched = [name for name in (*changes.upserted, *changes.removed) if self.wants(name)]
        notes: dict[str, Known] = {name: self.known(name) for name in touched}
        self.base = target
        for name, known in notes.items():
            self._note(name, known)
        if not self.refused.isdisjoint(touched):
            self._retry(self.refused.difference(touched))
            self.refused = NO_NAMES

    def resume_at(self, version: str) -> None:
        """Forget what is owed when the client already has all resources in exactly this version."""
        if self.wildcard and version == self.base.version:
            self.owed.clear()
            self.answer = False

    def subscribe(self, known: Mapping[str, str | None]) -> None:
        """Add names, of which the client has these versions, or nothing (any more)."""
        self.names |= known.keys()
        for name, version in known.items():
            if version is None:
                self.urgent[name] = None
            self._note(name, version)

    def subscribe_all(self, known: dict[str, str]) -> None:
        """Add all names; of some the client has these versions."""
        self.wildcard = True
        self.answer = True
        for name in (*self.base.names(), *known):
            if name not in self.names:
                self._note(name, known.get(name))

    def unsubscribe(self, names: Collection[str]) -> None:
        """Take names away: the client forgets them, unless it wants everything: then it needs them again."""
        gone = self.names.intersection(names)
        self.names -= gone
        for name in sorted(gone):
            self._drop(name)
            if self.wildcard:
                self.urgent[name] = None
                self._note(name, None)

    def unsubscribe_all(self) -> None:
        """Take the wildcard away; names asked for by name stay."""
        self.wildcard = False
        for name in {*self.owed, *self.leaving, *self.stand_ins, *self.refused} - self.names:
            self._drop(name)

    def renew(self, name: str) -> None:
        """Tell a resource again, though it did not change: the client waits for it."""
        self.urgent[name] = None
        self._note(name, None)

    def _note(self, name: str, known: Known) -> None:
        resource = self.base.get(name)
        for notes in (self.owed, self.leaving, self.stand_ins):
            notes.pop(name, None)
        if resource is not None:
            if not has(known, resource):
                self.owed[name] = known
        elif name in self.urgent:
            self.owed[name] = known
        elif known is not None:
            self.leaving[name] = known

    def _drop(self, name: str) -> None:
        for notes in (self.owed, self.leaving, self.stand_ins):
            notes.pop(name, None)
        self.urgent.pop(name, None)
        if name in self.refused:
            self.refused -= {name}

    def take(self, fallback: Fallback | None, *, changes: bool, removals: bool) -> Told:
        """Take what the client is to be told now; it counts as told. Without `changes`, only what it waits for."""
        if (
            changes
            and not self.leaving
            and len(self.owed) == len(self.base)
            and self.urgent.keys() <= self.base.names()
        ):
            self.owed.clear()
            self.urgent.clear()
            return Told(resources=tuple(self.base), everything=True)
        resources: list[Resource] = []
        removed: list[str] = []
        for name in list(self.owed) if changes else list(self.urgent):
            self.owed.pop(name, None)
            resource = self.base.get(name) or self._stand_in(name, fallback)
            resources.append(resource) if resource else removed.append(name)
        self.urgent.clear()
        for name, known in list(self.leaving.items()) if removals else ():
            del self.leaving[name]
            stand_in = self._stand_in(name, fallback)
            if stand_in is None:
                removed.append(name)
            elif not has(known, stand_in):
                resources.append(stand_in)
        return Told(resources=tuple(resources), removed=tuple(removed))

    def _stand_in(self, name: str, fallback: Fallback | None) -> Resource | None:
        if fallback is None or name not in self.names:
            return None
        self.stand_ins[name] = fallback(name)
        return self.stand_ins[name]

    def launch(self, nonce: str, told: Told) -> None:
        """Note that a response is on its way."""
        names = self.base.names() if told.everything else tuple(each.name for each in told.resources)
        if self.names == self.base.name_set:
            self.names = self.base.name_set  # one object for all clients that want the same
        self.sent = Sent(nonce=nonce, resources=self.base, names=names, removed=told.removed)
        self.in_flight = (*self.in_flight, self.sent)
        self.answer = False
        self.overdue = False
        if self.refused:
            self.refused -= frozenset(names)

    def land(self, nonce: str, refusal: Refusal | None) -> Sent | None:
        """Note that a response was acknowledged or refused, and with it those before; None for an unknown nonce."""
        for place, sent in enumerate(self.in_flight):
            if sent.nonce == nonce:
                self.in_flight = self.in_flight[place + 1 :]
                if refusal is None:
                    self.acked, self.nack = sent, None
                else:
                    self.nack = Nack(nonce=nonce, names=tuple(sent.names), refusal=refusal)
                    self._refuse(sent)
                return sent
        return None

    def _refuse(self, sent: Sent) -> None:
        later = {name for other in self.in_flight for name in other.names}
        names = frozenset(name for name in sent.names if self.wants(name) and name not in later)
        for notes in (self.owed, self.leaving):
            notes.update({name: UNKNOWN for name in names & notes.keys() if notes[name] is not None})
        if all(same(sent.resources.get(name), self.base.get(name)) for name in sent.names):
            self.refused |= names
        else:
            self._retry(names)
        for name in sent.removed if names else ():  # it may not have been removed, for another's fault
            if name not in self.base and name not in self.owed and self.wants(name):
                self.leaving[name] = UNKNOWN

    def _retry(self, names: Collection[str]) -> None:
        """Tell again what was refused together with something that is different now."""
        for name in sorted(names):
            if name not in self.owed and name not in self.leaving:
                if name in self.stand_ins:
                    self.urgent[name] = None
                self._note(name, UNKNOWN)


def has(known: Known, resource: Resource) -> bool:
    """Return whether what a client has is this resource."""
    return known == resource.version if isinstance(known, str) else same(known, resource)
