"""The patches of one context at work on one resource, and what they do to a list in which order counts."""

from collections.abc import Callable, Iterable, Iterator, MutableSequence
from typing import TypeVar, final

from google.protobuf.message import Message

from pillion.envoy.patch.model import Context, Patch
from pillion.envoy.patch.types import PATCHED
from pillion.value import Diagnostic

M = TypeVar("M", bound=Message)


@final
class Edits:
    """The patches of one context, and a note of those that did something and of those that could not."""

    def __init__(self, patches: Iterable[Patch], context: Context) -> None:
        self._patches = [patch for patch in patches if patch.context in {"ANY", context}]
        self.touched: dict[Patch, None] = {}
        self.told: list[Diagnostic] = []

    def of(self, apply_to: str) -> Iterator[Patch]:
        """Yield the patches of a kind, in order."""
        return (patch for patch in self._patches if patch.apply_to == apply_to)

    def touch(self, patch: Patch) -> None:
        """Note that a patch does something here."""
        self.touched[patch] = None

    def refuse(self, patch: Patch, message: str) -> None:
        """Tell that a patch does not fit what it found."""
        self.told.append(
            Diagnostic(
                code="patch-misfit", severity="error", message=f"{message}; it stays as it is", where=patch.where
            )
        )


def value_of(patch: Patch) -> Message:
    """Return a patch's value as a message of its own."""
    return PATCHED[patch.apply_to].FromString(patch.value or b"")


def edit(items: MutableSequence[M], patch: Patch, chosen: Callable[[M], bool] | None) -> bool:
    """Add, insert, replace or remove in a list; return whether that did something.

    `chosen` finds the item that the patch names, None when it names none: then an insertion goes to the beginning or
    the end, and nothing is replaced or removed.
    """
    match patch.operation:
        case "ADD":
            return _insert(items, len(items), patch)
        case "INSERT_FIRST":
            return _insert(items, 0, patch)
        case "INSERT_BEFORE" | "INSERT_AFTER" if chosen is None:
            return _insert(items, 0 if patch.operation == "INSERT_BEFORE" else len(items), patch)
        case "INSERT_BEFORE" | "INSERT_AFTER" if chosen is not None:
            place = _place(items, chosen)
            return place is not None and _insert(items, place + (patch.operation == "INSERT_AFTER"), patch)
        case "REPLACE" if chosen is not None:
            place = _place(items, chosen)
            if place is not None:
                del items[place]
                _insert(items, place, patch)
            return place is not None
        case "REMOVE" if chosen is not None:
            return remove(items, chosen)
        case _:
            return False


def remove(items: MutableSequence[M], is_gone: Callable[[M], bool]) -> bool:
    """Take away all items of a kind; return whether there were some."""
    before = len(items)
    for place in reversed(range(before)):
        if is_gone(items[place]):
            del items[place]
    return len(items) < before


def _insert(items: MutableSequence[M], place: int, patch: Patch) -> bool:
    items.insert(place, value_of(patch))  # pyright: ignore[reportArgumentType] (a patch's value is what its list holds)
    return True


def _place(items: MutableSequence[M], chosen: Callable[[M], bool]) -> int | None:
    return next((place for place, item in enumerate(items) if chosen(item)), None)
