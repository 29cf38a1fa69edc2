"""Keeps up with one collection, without I/O: `ask` says what to ask next, the other methods take the answers.

List in pages, then watch from the list's version; a watch that ended goes on where it was. When that version is too
old (410, as an HTTP status or as an event of the watch) the collection is listed anew: what vanished meanwhile is
reported as deleted, what is as it was is not reported at all. An object that can be read no more is reported as deleted
too: what is in force depends on what the server holds now, not on who saw it when, or replicas would differ. Failures
are waited out longer and longer, with jitter, so that replicas do not come back in step.
"""

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple, TypeAlias, final

from pillion.resources.meta import HasMetadata, Ref
from pillion.value import Diagnostics, Value

GONE = 410
NOT_FOUND = 404
Key: TypeAlias = tuple[str, str]
"""(namespace, name)."""


class List(Value):
    """Ask for a page of the collection."""

    served: int = 0
    """At which of its places."""
    continue_token: str = ""
    limit: int = 0
    """0: all of it at once."""


class Watch(Value):
    """Ask for the changes since a version."""

    served: int
    version: str
    seconds: int
    """When the server is to end it."""


class Wait(Value):
    """Do nothing for a while, unless something new is learnt."""

    seconds: float


Ask: TypeAlias = List | Watch | Wait


class Item(NamedTuple):
    """An object as it came."""

    key: Key
    version: str
    resource: HasMetadata | None
    """None when it cannot be read."""
    diagnostics: Diagnostics = ()
    marked: bool = False
    """Its status says that it cannot be read."""


class Changed(NamedTuple):
    """An object is new or another."""

    item: Item


class Deleted(NamedTuple):
    """An object is gone."""

    key: Key
    version: str


class Bookmark(NamedTuple):
    """Nothing up to this version is missing."""

    version: str


class Failed(NamedTuple):
    """The server ends the watch with a failure."""

    code: int
    message: str


Event: TypeAlias = Changed | Deleted | Bookmark | Failed


class Delta(NamedTuple):
    """What is new in the collection."""

    changed: tuple[HasMetadata, ...] = ()
    deleted: tuple[Ref, ...] = ()


class Patience(Value):
    """How long to wait for what; seconds."""

    page: int = 100
    """Objects a page. A page is in memory whole, and with pods of 20 kB it is not small."""
    watch: float = 300.0
    """A watch lasts between this and twice as long."""
    silence: float = 90.0
    """A watch that says nothing for so long is taken for dead: a live one sends a bookmark every minute."""
    first: float = 0.2
    """After a first failure."""
    longest: float = 15.0
    absent: float = 60.0
    """Before looking again for a collection that the server does not have."""


Phase = Literal["starting", "synced", "absent", "failing"]


class ReflectorStatus(Value):
    """How far a collection is."""

    kind: str
    phase: Phase
    objects: int = 0
    version: str = ""
    lists: int = 0
    """How often it was listed whole."""
    watches: int = 0
    events: int = 0
    problem: str = ""
    """Why it fails, while it does. What was known before stays in force."""


@final
class Reflector:
    """The state of one collection."""

    def __init__(self, kind: str, places: int, jitter: Callable[[], float], patience: Patience) -> None:
        """Begin with nothing known.

        Args:
            kind: names the objects in `Delta.deleted`.
            places: at how many places (served versions) the collection may be.
            jitter: gives a number between 0 and 1.
            patience: how long to wait.
        """
        self.refused: dict[Key, Diagnostics] = {}
        """Objects that cannot be read, and why. They count as if they were not there."""
        self.marked: set[Key] = set()
        """Objects whose status says that they cannot be read."""
        self._kind = kind
        self._places = places
        self._jitter = jitter
        self._patience = patience
        self._served = 0
        self._missing = 0
        self._known: dict[Key, str] = {}
        self._version = ""
        self._pages: dict[Key, Item] = {}
        self._token = ""
        self._whole = False
        self._waiting = 0.0
        self._failures = 0
        self._rejected = 0
        self._heard = False
        self._phase: Phase = "starting"
        self._problem = ""
        self._lists = self._watches = self._events = 0

    @property
    def ask(self) -> Ask:
        """What to ask next."""
        if self._waiting > 0:
            return Wait(seconds=self._waiting)
        if self._version:
            seconds = int(self._patience.watch * (1 + self._jitter()))
            return Watch(served=self._served, version=self._version, seconds=max(seconds, 1))
        limit = 0 if self._whole else self._patience.page
        return List(served=self._served, continue_token=self._token, limit=limit)

    @property
    def status(self) -> ReflectorStatus:
        """How far it is."""
        return ReflectorStatus(
            kind=self._kind,
            phase="failing" if self._problem else self._phase,
            objects=len(self._known),
            version=self._version,
            lists=self._lists,
            watches=self._watches,
            events=self._events,
            problem=self._problem,
        )

    @property
    def synced(self) -> bool:
        """Whether the collection was known whole at some time, or is known to be absent."""
        return self._phase in {"synced", "absent"}

    @property
    def served(self) -> int:
        """At which of its places the collection was last asked for."""
        return self._served

    def version_of(self, key: Key) -> str:
        """Tell the version of an object; empty when there is none."""
        return self._known.get(key, "")

    def waited(self) -> None:
        """Go on: the time is over, or there is a reason not to wait for its end."""
        self._waiting = 0.0

    def listed(self, items: Iterable[Item], version: str, continue_token: str) -> Delta:
        """Take a page; the last one gives all that is new since the collection was last known."""
        for item in items:
            self._pages[item.key] = item
        self._token = continue_token
        if continue_token:
            return Delta()
        pages, self._pages = self._pages, {}
        new = [item for key, item in pages.items() if self._known.get(key) != item.version]
        lost = {item.key for item in new if item.resource is None and self._is_in_force(item.key)}
        gone = tuple(self._ref(key) for key in self._known if key not in pages or key in lost)
        self._known = {key: item.version for key, item in pages.items()}
        self.refused = {key: why for key, why in self.refused.items() if key in pages}
        self.marked = {key for key, item in pages.items() if item.marked}
        self._version = version
        self._whole = False
        self._missing = 0
        self._lists += 1
        self._phase = "synced"
        self._problem = ""
        self._rejected = 0
        return Delta(self._readable(new), gone)

    def opened(self) -> None:
        """Take note that a watch has begun."""
        self._watches += 1
        self._heard = False
        self._problem = ""

    def happened(self, events: Iterable[Event]) -> Delta:
        """Take what a watch says. After a `Failed`, `ask` is no longer this watch."""
        latest: dict[Key, Item | None] = {}
        before: dict[Key, bool] = {}
        for event in events:
            if isinstance(event, Failed):
                self.failed(event.code, event.message)
                break
            self._events += 1
            self._heard = True
            match event:
                case Changed(item):
                    before.setdefault(item.key, self._is_in_force(item.key))
                    self._version = item.version
                    (self.marked.add if item.marked else self.marked.discard)(item.key)
                    latest[item.key] = item
                    self._known[item.key] = item.version
                case Deleted(key, version):
                    before.setdefault(key, True)
                    self._version = version
                    self.marked.discard(key)
                    latest[key] = None
                    self._known.pop(key, None)
                    self.refused.pop(key, None)
                case Bookmark(version):
                    self._version = version
        else:
            self._failures = self._rejected = 0
            self._problem = ""
        lost = (key for key, item in latest.items() if item is None or (item.resource is None and before[key]))
        gone = tuple(self._ref(key) for key in lost)
        return Delta(self._readable(item for item in latest.values() if item is not None), gone)

    def ended(self) -> None:
        """Take note that the watch is over or was cut; it goes on from where it was."""
        if not self._heard:
            # A server that ends every watch at once must not be asked in a circle.
            self._wait_out(None)
        self._heard = False

    def silent(self) -> None:
        """Take note that the watch said nothing for too long; another connection may work."""
        self._heard = False

    def failed(self, code: int, message: str, retry_after: float | None = None) -> Delta:
        """Take a failure: an HTTP status, or 0 when the server was not reached."""
        watching = bool(self._version)
        if code == GONE:
            # Once more at once would be in a circle when a server forgets faster than it lists.
            self._relist(whole=bool(self._token))
            self._wait_out(retry_after)
            return Delta()
        if code == NOT_FOUND:
            return self._not_here()
        self._problem = f"{code} {message}" if code else message
        self._rejected += watching and code not in {0, 401, 403, 429}
        if self._rejected >= 3:
            # Such as a version from the time before the server's data was restored: it will never come.
            self._relist(whole=False)
        if not watching:
            self._relist(whole=self._whole)
        self._wait_out(retry_after)
        return Delta()

    def _not_here(self) -> Delta:
        if self._version:
            self._relist(whole=False)
            return Delta()
        self._relist(whole=False)
        self._missing += 1
        self._served = (self._served + 1) % self._places
        if self._missing < self._places:
            return Delta()
        self._missing = 0
        gone = tuple(self._ref(key) for key in self._known)
        self._known = {}
        self.refused = {}
        self.marked = set()
        self._phase = "absent"
        self._problem = ""
        self._failures = 0
        self._waiting = self._patience.absent * (0.5 + self._jitter() / 2)
        return Delta((), gone)

    def _relist(self, *, whole: bool) -> None:
        """Forget where we were, not what we know."""
        self._version = ""
        self._pages = {}
        self._token = ""
        self._whole = whole
        self._rejected = 0

    def _wait_out(self, retry_after: float | None) -> None:
        longest = min(self._patience.first * 2.0**self._failures, self._patience.longest)
        self._failures = min(self._failures + 1, 30)
        self._waiting = max(retry_after or 0.0, longest * (0.5 + self._jitter() / 2))

    def _readable(self, items: Iterable[Item]) -> tuple[HasMetadata, ...]:
        found: list[HasMetadata] = []
        for item in items:
            if item.resource is None:
                self.refused[item.key] = item.diagnostics
            else:
                self.refused.pop(item.key, None)
                found.append(item.resource)
        return tuple(found)

    def _is_in_force(self, key: Key) -> bool:
        return key in self._known and key not in self.refused

    def _ref(self, key: Key) -> Ref:
        return Ref(kind=self._kind, namespace=key[0], name=key[1])
