"""Go's time.Duration: nanoseconds that print as `1h2m3.5s`."""

import re
from typing import ClassVar, final

from pillion.inject.gotemplate.golang.quote import quote
from pillion.inject.gotemplate.golang.values import Int64

SECOND = 10**9
_UNITS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": SECOND,
    "m": 60 * SECOND,
    "h": 3600 * SECOND,
}
_PART = re.compile(r"([0-9]*)(?:(\.)([0-9]*))?([^0-9.]*)")
_LONGEST = 200


class DurationError(Exception):
    """The text is no duration; the message is Go's."""


@final
class Duration(Int64):
    """A span of time in nanoseconds."""

    go_type: ClassVar[str] = "time.Duration"

    def String(self) -> str:  # noqa: N802 - Go's name
        """Return it as Go prints it."""
        return format_duration(int(self))

    def Seconds(self) -> float:  # noqa: N802 - Go's name
        """Return it in seconds."""
        return int(self) / SECOND

    def Minutes(self) -> float:  # noqa: N802 - Go's name
        """Return it in minutes."""
        return int(self) / (60 * SECOND)

    def Hours(self) -> float:  # noqa: N802 - Go's name
        """Return it in hours."""
        return int(self) / (3600 * SECOND)


def format_duration(nanoseconds: int) -> str:
    """Write a duration: `0s`, `1.5ms`, `1h2m3s`."""
    if nanoseconds == 0:
        return "0s"
    sign, left = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    for unit, size in (("ns", 1), ("µs", 10**3), ("ms", 10**6)):
        if left < SECOND and left < size * 1000:
            return f"{sign}{_decimal(left, size)}{unit}"
    hours, left = divmod(left, 3600 * SECOND)
    minutes, left = divmod(left, 60 * SECOND)
    head = f"{hours}h" if hours else ""
    head += f"{minutes}m" if hours or minutes else ""
    return f"{sign}{head}{_decimal(left, SECOND)}s"


def _decimal(value: int, size: int) -> str:
    whole, fraction = divmod(value, size)
    digits = str(fraction).rjust(len(str(size)) - 1, "0").rstrip("0") if fraction else ""
    return f"{whole}.{digits}" if digits else str(whole)


def parse_duration(text: str) -> Duration:
    """Read a duration such as `-1.5h`; raises DurationError."""
    body = text[1:] if text[:1] in {"+", "-"} else text
    if body == "0":
        return Duration(0)
    if not body or len(body) > _LONGEST:
        raise DurationError(f"time: invalid duration {quote(text)}")
    total, at = 0, 0
    while at < len(body):
        match = _PART.match(body, at)
        if match is None or not (match[1] or match[3]):
            raise DurationError(f"time: invalid duration {quote(text)}")
        total += _part(match, text)
        at = match.end()
    if total >= 1 << 63 and not (total == 1 << 63 and text[0] == "-"):
        raise DurationError(f"time: invalid duration {quote(text)}")
    return Duration(-total if text[0] == "-" else total)


def _part(match: re.Match[str], text: str) -> int:
    whole, _, fraction, unit = match.groups()
    if not unit:
        raise DurationError(f"time: missing unit in duration {quote(text)}")
    if unit not in _UNITS:
        raise DurationError(f"time: unknown unit {quote(unit)} in duration {quote(text)}")
    size = _UNITS[unit]
    return int(whole or 0) * size + int(fraction or 0) * size // 10 ** len(fraction or "")
