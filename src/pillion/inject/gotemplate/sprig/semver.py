"""sprig's semantic versions: `semver` and `semverCompare`, with the constraints that Helm's users write."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import msgspec

from pillion.inject.gotemplate.errors import FunctionError
from pillion.inject.gotemplate.functions import Function
from pillion.inject.gotemplate.golang.values import Pointer, Uint64, dereference

_SUFFIX = r"(-([0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*))?(\+([0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*))?"
_VERSION = re.compile(r"v?([0-9]+)(\.[0-9]+)?(\.[0-9]+)?" + _SUFFIX + r"\Z")
_PARTIAL = r"v?([0-9|xX*]+)(\.[0-9|xX*]+)?(\.[0-9|xX*]+)?" + _SUFFIX
_BARE = re.sub(r"\((?!\?)", "(?:", _PARTIAL)
_LONGEST_OPERATOR = r"!=|>=|=>|<=|=<|~>|=|>|<|~|\^|"
_SPACE = r"[\t\n\f\r ]*"
_RANGE = re.compile(rf"{_SPACE}({_BARE})[\t\n\f\r ]+-[\t\n\f\r ]+({_BARE}){_SPACE}")
_ONE = re.compile(rf"{_SPACE}({_LONGEST_OPERATOR}){_SPACE}({_PARTIAL}){_SPACE}\Z")
_EACH = re.compile(rf"(?:{_LONGEST_OPERATOR}){_SPACE}(?:{_BARE})")
_SEPARATOR = re.compile(rf"{_SPACE},{_SPACE}|[\t\n\f\r ]+")
_WILD = frozenset("xX*")
_LONGEST = 256
"""Nobody writes longer ones, and the work stays bounded."""


class Version(msgspec.Struct, frozen=True):
    """A semantic version, with the methods that templates call."""

    numbers: tuple[int, int, int]
    pre: str = ""
    metadata: str = ""
    original: str = ""
    go_type: ClassVar[str] = "semver.Version"

    def Major(self) -> Uint64:  # noqa: N802 - Go's name
        """Return the first number."""
        return Uint64(self.numbers[0])

    def Minor(self) -> Uint64:  # noqa: N802 - Go's name
        """Return the second number."""
        return Uint64(self.numbers[1])

    def Patch(self) -> Uint64:  # noqa: N802 - Go's name
        """Return the third number."""
        return Uint64(self.numbers[2])

    def Prerelease(self) -> str:  # noqa: N802 - Go's name
        """Return what follows the hyphen."""
        return self.pre

    def Metadata(self) -> str:  # noqa: N802 - Go's name
        """Return what follows the plus."""
        return self.metadata

    def Original(self) -> str:  # noqa: N802 - Go's name
        """Return the version as it was written."""
        return self.original

    def String(self) -> str:  # noqa: N802 - Go's name
        """Return the version in full."""
        text = ".".join(map(str, self.numbers))
        return text + (f"-{self.pre}" if self.pre else "") + (f"+{self.metadata}" if self.metadata else "")

    def Compare(self, other: Any) -> int:  # noqa: N802 - Go's name
        """Return -1, 0 or 1."""
        return compare(self, _versioned(other))

    def Equal(self, other: Any) -> bool:  # noqa: N802 - Go's name
        """Return whether two versions are the same, metadata aside."""
        return compare(self, _versioned(other)) == 0

    def LessThan(self, other: Any) -> bool:  # noqa: N802 - Go's name
        """Return whether this version comes before the other."""
        return compare(self, _versioned(other)) < 0

    def GreaterThan(self, other: Any) -> bool:  # noqa: N802 - Go's name
        """Return whether this version comes after the other."""
        return compare(self, _versioned(other)) > 0


class Constraint(msgspec.Struct, frozen=True):
    """An operator and a version, parts of which may be left open."""

    operator: str
    version: Version
    given: int
    """How many of the three numbers are given; the others are open."""


def _versioned(value: Any) -> Version:
    target = dereference(value)
    if not isinstance(target, Version):
        raise FunctionError("runtime error: invalid memory address or nil pointer dereference")
    return target


def version(text: str) -> Version:
    """Read a version; raises FunctionError."""
    match = _VERSION.match(text) if len(text) <= _LONGEST else None
    if match is None:
        raise FunctionError("Invalid Semantic Version")
    major, minor, patch, _, pre, _, metadata = match.groups()
    numbers = (int(major), int((minor or ".0")[1:]), int((patch or ".0")[1:]))
    for part in (pre or "").split("."):
        if part.isdigit() and len(part) > 1 and part[0] == "0":
            raise FunctionError("Version segment starts with 0")
    return Version(numbers, pre or "", metadata or "", text)


def compare(first: Version, second: Version) -> int:
    """Return -1, 0 or 1 for the order of two versions."""
    if first.numbers != second.numbers:
        return 1 if first.numbers > second.numbers else -1
    if first.pre == second.pre:
        return 0
    if not first.pre or not second.pre:
        return 1 if not first.pre else -1
    return _compare_identifiers(first.pre.split("."), second.pre.split("."))


def _compare_identifiers(first: Sequence[str], second: Sequence[str]) -> int:
    for one, other in zip(first, second, strict=False):
        if one != other:
            return 1 if _rank(one) > _rank(other) else -1
    return (len(first) > len(second)) - (len(first) < len(second))


def _rank(identifier: str) -> tuple[int, int, str]:
    return (0, int(identifier), "") if identifier.isdigit() else (1, 0, identifier)


def constraints(text: str) -> list[list[Constraint]]:
    """Read alternatives of constraints that hold together; raises FunctionError."""
    if len(text) > _LONGEST:
        raise FunctionError(f"improper constraint: {text[:_LONGEST]}")
    text = _RANGE.sub(lambda match: f">= {match[1]}, <= {match[2]} ", text)
    return [_together(part) for part in text.split("||")]


def _together(text: str) -> list[Constraint]:
    at, found = 0, list[str]()
    stripped = text.strip("\t\n\f\r ")
    while at < len(stripped) or not found:
        match = _EACH.match(stripped, at)
        if match is None or not match[0]:
            raise FunctionError(f"improper constraint: {text}")
        found.append(match[0])
        at = match.end()
        if at < len(stripped):
            separator = _SEPARATOR.match(stripped, at)
            if separator is None:
                raise FunctionError(f"improper constraint: {text}")
            at = separator.end()
    return [_constraint(part, text) for part in found]


def _constraint(text: str, whole: str) -> Constraint:
    match = _ONE.match(text)
    if match is None:
        raise FunctionError(f"improper constraint: {whole}")
    operator, _, *numbers, suffix, _, _, _ = match.groups()
    given: list[str] = []
    for number in numbers:
        digits = (number or "").lstrip(".")
        if not digits or digits in _WILD:
            break
        given.append(digits)
    try:
        padded = ".".join([*given, "0", "0", "0"][:3])
        return Constraint(operator, version(padded + (suffix or "")), len(given))
    except FunctionError:
        raise FunctionError("constraint Parser Error") from None


def _not_equal(found: Version, wanted: Constraint) -> bool:
    if wanted.given == 3:
        return compare(found, wanted.version) != 0
    if found.numbers[: max(1, wanted.given)] != wanted.version.numbers[: max(1, wanted.given)]:
        return True
    return wanted.given == 2 and found.pre != wanted.version.pre


def _greater(found: Version, wanted: Constraint) -> bool:
    if wanted.given in {0, 3}:
        return compare(found, wanted.version) > 0
    return found.numbers[: wanted.given] > wanted.version.numbers[: wanted.given]


def _less_or_equal(found: Version, wanted: Constraint) -> bool:
    if wanted.given == 3:
        return compare(found, wanted.version) <= 0
    if wanted.given == 1:
        return found.numbers[0] <= wanted.version.numbers[0]
    return found.numbers[:2] <= wanted.version.numbers[:2]


def _tilde(found: Version, wanted: Constraint) -> bool:
    if compare(found, wanted.version) < 0:
        return False
    if wanted.version.numbers == (0, 0, 0) and wanted.given in {0, 3}:
        return True
    depth = 1 if wanted.given == 1 else 2
    return found.numbers[:depth] == wanted.version.numbers[:depth]


def _equal(found: Version, wanted: Constraint) -> bool:
    return compare(found, wanted.version) == 0 if wanted.given == 3 else _tilde(found, wanted)


def _caret(found: Version, wanted: Constraint) -> bool:
    if compare(found, wanted.version) < 0:
        return False
    major, minor, _ = wanted.version.numbers
    if major > 0 or wanted.given == 1:
        return found.numbers[0] == major
    if found.numbers[0] > 0:
        return False
    if minor > 0 or wanted.given == 2:
        return found.numbers[1] == minor
    return found.numbers == wanted.version.numbers


_CHECKS: Mapping[str, Callable[[Version, Constraint], bool]] = {
    "": _equal,
    "=": _equal,
    "!=": _not_equal,
    ">": _greater,
    "<": lambda found, wanted: compare(found, wanted.version) < 0,
    ">=": lambda found, wanted: compare(found, wanted.version) >= 0,
    "=>": lambda found, wanted: compare(found, wanted.version) >= 0,
    "<=": _less_or_equal,
    "=<": _less_or_equal,
    "~": _tilde,
    "~>": _tilde,
    "^": _caret,
}


def holds(wanted: Constraint, found: Version) -> bool:
    """Return whether a version satisfies a constraint; a prerelease only satisfies one that names a prerelease."""
    if found.pre and not wanted.version.pre and (wanted.operator != "!=" or wanted.given < 3):
        return False
    return _CHECKS[wanted.operator](found, wanted)


def semver_compare(constraint: str, text: str) -> bool:
    """Return whether a version satisfies constraints; raises FunctionError for what cannot be read."""
    alternatives = constraints(constraint)
    found = version(text)
    return any(all(holds(wanted, found) for wanted in together) for together in alternatives)


def semver(text: str) -> Pointer:
    """Read a version."""
    return Pointer(version(text), "semver.Version")


FUNCTIONS: Mapping[str, Function] = {
    "semver": Function(semver, "func(string) *semver.Version"),
    "semverCompare": Function(semver_compare, "func(string, string) bool"),
}
