"""The brick of the house: immutable values, and the diagnostics that stand in for exceptions.

Everything the core passes on is a `Value`: frozen, keyword-only, hashed once. Equal values may stand for one another,
so a memo keyed on its input can never be stale. A user's mistake is never an exception: the core returns
`(value, diagnostics)`.
"""

from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from operator import is_
from typing import Any, Generic, Literal, TypeVar, cast, dataclass_transform, final, overload

import msgspec

V = TypeVar("V")
D = TypeVar("D")


class _KeywordOnly(msgspec.StructMeta):
    """Makes every class keyword-only: msgspec inherits all its options but that one."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> "_KeywordOnly":
        options.setdefault("kw_only", True)
        return super().__new__(mcs, name, bases, namespace, **options)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class Value(msgspec.Struct, frozen=True, cache_hash=True, metaclass=_KeywordOnly):
    """A frozen value. Its fields are values too: tuples and `FrozenMap`s, never lists or dicts."""


@final
class FrozenMap(Mapping[str, V], Generic[V]):
    """An immutable mapping from strings, kept in the order of its keys, so that equal maps are equal bytes.

    `1`, `1.0` and `True` are three values here: JSON tells them apart, and so must whoever looks for a change.
    """

    __slots__ = ("_exact", "_hash", "_items")

    def __init__(self, items: Mapping[str, V] | None = None) -> None:
        self._items: dict[str, V] = {key: items[key] for key in sorted(items)} if items else {}
        self._hash: int | None = None
        self._exact: bool | None = None
        """Whether `==` of the values is all that there is to ask; found out when it matters."""

    def __getitem__(self, key: str) -> V:
        return self._items[key]

    @overload
    def get(self, key: str, default: None = None, /) -> V | None: ...
    @overload
    def get(self, key: str, default: V, /) -> V: ...
    @overload
    def get(self, key: str, default: D, /) -> V | D: ...
    def get(self, key: str, default: V | D | None = None, /) -> V | D | None:
        """Return the value of `key`, or `default`."""
        return self._items.get(key, default)

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def keys(self) -> KeysView[str]:
        """Give the keys, sorted."""
        return self._items.keys()

    def values(self) -> ValuesView[V]:
        """Give the values, in the order of their keys."""
        return self._items.values()

    def items(self) -> ItemsView[str, V]:
        """Give the pairs, in the order of their keys."""
        return self._items.items()

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(tuple(self._items.items()))
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, FrozenMap):
            return False
        it = cast("FrozenMap[V]", other)
        if self._items != it._items:
            return False
        if self._exact or it._exact:
            return True
        ours, theirs = self._items.values(), it._items.values()
        self._exact = _INEXACT.isdisjoint(map(type, ours))
        return self._exact or all(map(is_, ours, theirs)) or all(map(_alike, ours, theirs))

    def __repr__(self) -> str:
        return f"FrozenMap({self._items!r})"

    def covers(self, selector: "FrozenMap[V]") -> bool:
        """Return whether every pair of `selector` stands in this map too (an empty selector selects everything)."""
        return all(self._items.get(key) == value for key, value in selector.items())


_INEXACT = frozenset({bool, int, float, tuple})
"""Types whose `==` does not tell numbers of different types apart, at once or somewhere inside."""


def _alike(one: object, other: object) -> bool:
    """Return whether two equal values are of the same types, too; maps and `Value`s see to themselves."""
    if one is other:
        return True
    kind = type(one)
    if kind is tuple:
        return all(map(_alike, cast("tuple[object, ...]", one), cast("tuple[object, ...]", other)))
    return kind is type(other) or kind not in _INEXACT


Labels = FrozenMap[str]
NO_LABELS: Labels = FrozenMap()

Severity = Literal["error", "warning", "info"]
Path = tuple[str | int, ...]


class Origin(Value):
    """Where a document came from. A line is found from `(text, document, path)` only when somebody asks."""

    file: str = ""
    """The path as the user wrote it, `-` for standard input, or a name such as `apply#3` for what came by a socket."""
    document: int = 0
    """The index of the YAML document in that file, from 0."""
    item: int | None = None
    """The index in `items` when the document is a List."""


class Where(Value):
    """What a diagnostic is about."""

    origin: Origin | None = None
    resource: str = ""
    """`Sidecar prod-us1/default`, or empty."""
    path: Path = ()
    """The field: `("spec", "egress", 0, "hosts", 1)`."""
    line: int | None = None
    """From 1; filled in by whoever holds the text (`resources.lines.locate`)."""
    column: int | None = None

    @property
    def field(self) -> str:
        """The field as people write it: `spec.egress[0].hosts[1]`."""
        text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        return text.removeprefix(".")

    def __str__(self) -> str:
        place = self.origin.file if self.origin else ""
        if place and self.line:
            place = f"{place}:{self.line}"
        return ": ".join(part for part in (place, self.resource, self.field) if part)


class Diagnostic(Value):
    """One thing to tell the user: what is wrong, where, and what to do about it."""

    code: str
    """A stable word such as `unknown-field`; documented, never reused."""
    severity: Severity
    message: str
    """One sentence without a full stop; what is, then what was expected."""
    where: Where = Where()
    hint: str = ""
    """The remedy, as an imperative: `did you mean workloadSelector?`"""

    def __str__(self) -> str:
        place = str(self.where)
        head = f"{place}: " if place else ""
        return f"{head}{self.severity}: {self.message} [{self.code}]" + (f"; {self.hint}" if self.hint else "")


Diagnostics = tuple[Diagnostic, ...]


def has_errors(diagnostics: Diagnostics) -> bool:
    """Return whether one of them is an error."""
    return any(diagnostic.severity == "error" for diagnostic in diagnostics)
