"""Lengths of time as Istio's resources write them: Go's `1h30m`, `100ms`, and protobuf's `1.5s`."""

import re

from pillion.value import Value

_UNITS = {"ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_WHOLE = re.compile(r"[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+", re.ASCII)
LONGEST = 2**63 - 1
"""Go counts nanoseconds in 64 bits: 292 years."""


class Duration(Value, order=True):
    """A length of time, exact to the nanosecond."""

    nanoseconds: int = 0

    @property
    def seconds(self) -> float:
        """The length in seconds."""
        return self.nanoseconds / 10**9

    def __str__(self) -> str:
        """As protobuf writes it: `1.500s`, `86400s`."""
        sign = "-" if self.nanoseconds < 0 else ""
        whole, rest = divmod(abs(self.nanoseconds), 10**9)
        if not rest:
            return f"{sign}{whole}s"
        fraction = f"{rest:09d}"
        while fraction.endswith("000"):
            fraction = fraction[:-3]
        return f"{sign}{whole}.{fraction}s"


ZERO = Duration()


def parse_duration(text: str) -> Duration | None:
    """Read a duration as Go's `time.ParseDuration` does; `None` when it is none, or longer than Go can count."""
    if text in {"0", "+0", "-0"}:
        return ZERO
    if not _WHOLE.fullmatch(text):
        return None
    total = 0
    for number, unit in _PART.findall(text):
        whole, _, fraction = number.partition(".")
        fraction = fraction[:18]
        if len(whole.lstrip("0")) > 19:
            return None
        total += int(whole.lstrip("0") or "0") * _UNITS[unit]
        total += int(fraction or "0") * _UNITS[unit] // 10 ** len(fraction)
    if total > LONGEST:
        return None
    return Duration(nanoseconds=-total if text.startswith("-") else total)
