"""Go's time.Time: points in time, written and read by a layout that shows how it writes `Mon Jan 2 15:04:05 2006`."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import ClassVar

import msgspec

from pillion.inject.gotemplate.golang.durations import Duration
from pillion.inject.gotemplate.golang.values import Int64, to_bytes

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FIELD = re.compile(
    r"January|Jan|Monday|Mon|MST|2006|15|01|02|03|04|05|06|002|_2006|__2|_2|Z070000|Z07:00:00|Z0700|Z07:00|Z07"
    r"|-070000|-07:00:00|-0700|-07:00|-07|PM|pm|[.,]0+(?![0-9])|[.,]9+(?![0-9])|1|2|3|4|5"
)
_STRING = "2006-01-02 15:04:05.999999999 -0700 MST"


class TimeError(Exception):
    """The text does not fit the layout; the message is Go's."""


class Time(msgspec.Struct, frozen=True):
    """A point in time, with the methods that templates call."""

    at: datetime
    """Aware, to the microsecond."""
    go_type: ClassVar[str] = "time.Time"

    def String(self) -> str:  # noqa: N802 - Go's name
        """Return it as Go prints it."""
        return format_time(self.at, _STRING)

    def Format(self, layout: str) -> str:  # noqa: N802 - Go's name
        """Return it in a layout."""
        return format_time(self.at, layout)

    def Unix(self) -> Int64:  # noqa: N802 - Go's name
        """Return the seconds since 1970."""
        return Int64(unix(self.at))

    def UnixNano(self) -> Int64:  # noqa: N802 - Go's name
        """Return the nanoseconds since 1970."""
        return Int64(unix(self.at) * 10**9 + self.at.microsecond * 1000)

    def UTC(self) -> "Time":  # noqa: N802 - Go's name
        """Return it in UTC."""
        return Time(self.at.astimezone(UTC))

    def Year(self) -> int:  # noqa: N802 - Go's name
        """Return the year."""
        return self.at.year

    def Month(self) -> "Month":  # noqa: N802 - Go's name
        """Return the month."""
        return Month(self.at.month)

    def Day(self) -> int:  # noqa: N802 - Go's name
        """Return the day of the month."""
        return self.at.day

    def Hour(self) -> int:  # noqa: N802 - Go's name
        """Return the hour."""
        return self.at.hour

    def Minute(self) -> int:  # noqa: N802 - Go's name
        """Return the minute."""
        return self.at.minute

    def Second(self) -> int:  # noqa: N802 - Go's name
        """Return the second."""
        return self.at.second

    def YearDay(self) -> int:  # noqa: N802 - Go's name
        """Return the day of the year."""
        return self.at.timetuple().tm_yday

    def IsZero(self) -> bool:  # noqa: N802 - Go's name
        """Return whether it is the beginning of year 1."""
        return self.at == ZERO

    def AddDate(self, years: int, months: int, days: int) -> "Time":  # noqa: N802 - Go's name
        """Return a later (or earlier) day; days that a month has not run over into the next."""
        month = self.at.year * 12 + self.at.month - 1 + years * 12 + months
        first = self.at.replace(year=month // 12, month=month % 12 + 1, day=1)
        return Time(first + timedelta(days=self.at.day - 1 + days))


class Month(int):
    """A month; prints its name."""

    go_type: ClassVar[str] = "time.Month"

    def String(self) -> str:  # noqa: N802 - Go's name
        """Return its name."""
        return MONTHS[self - 1]


ZERO = datetime(1, 1, 1, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def unix(at: datetime) -> int:
    """Return the seconds since 1970, rounded down."""
    return (at - _EPOCH) // timedelta(seconds=1)


def from_unix(seconds: int) -> datetime:
    """Return the point in time so many seconds after 1970; raises TimeError when the calendar has no such day."""
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        raise TimeError("time: year is out of range") from None


def shifted(at: datetime, by: Duration) -> datetime:
    """Return a point in time some duration later; raises TimeError when the calendar has no such day."""
    try:
        return at + timedelta(microseconds=int(by) // 1000)
    except OverflowError:
        raise TimeError("time: year is out of range") from None


def format_time(at: datetime, layout: str) -> str:
    """Write a point in time in a layout."""
    return _FIELD.sub(lambda match: _written(at, match, layout), layout)


def _offset(at: datetime) -> int:
    return int((at.utcoffset() or timedelta()).total_seconds())


def _zone(at: datetime, field: str) -> str:
    offset = _offset(at)
    if field[0] == "Z" and offset == 0:
        return "Z"
    sign, left = ("-", -offset) if offset < 0 else ("+", offset)
    parts = (f"{left // 3600:02d}", f"{left // 60 % 60:02d}", f"{left % 60:02d}")
    colon = ":" if ":" in field else ""
    count = 1 + (len(field.replace(":", "")) - 3) // 2
    return sign + colon.join(parts[:count])


def _abbreviation(at: datetime) -> str:
    name = at.tzname() or "UTC"
    return name if not name.startswith("UTC") or name == "UTC" else _zone(at, "-07:00" if _offset(at) % 3600 else "-07")


_WRITERS: Mapping[str, Callable[[datetime], str]] = {
    "January": lambda at: MONTHS[at.month - 1],
    "Jan": lambda at: MONTHS[at.month - 1][:3],
    "1": lambda at: str(at.month),
    "01": lambda at: f"{at.month:02d}",
    "Monday": lambda at: DAYS[at.weekday()],
    "Mon": lambda at: DAYS[at.weekday()][:3],
    "2": lambda at: str(at.day),
    "_2": lambda at: f"{at.day:2d}",
    "02": lambda at: f"{at.day:02d}",
    "002": lambda at: f"{at.timetuple().tm_yday:03d}",
    "__2": lambda at: f"{at.timetuple().tm_yday:3d}",
    "15": lambda at: f"{at.hour:02d}",
    "3": lambda at: str(at.hour % 12 or 12),
    "03": lambda at: f"{at.hour % 12 or 12:02d}",
    "4": lambda at: str(at.minute),
    "04": lambda at: f"{at.minute:02d}",
    "5": lambda at: str(at.second),
    "05": lambda at: f"{at.second:02d}",
    "2006": lambda at: f"{at.year:04d}",
    "_2006": lambda at: f"_{at.year:04d}",
    "06": lambda at: f"{at.year % 100:02d}",
    "PM": lambda at: "PM" if at.hour >= 12 else "AM",
    "pm": lambda at: "pm" if at.hour >= 12 else "am",
    "MST": _abbreviation,
}


def _written(at: datetime, match: re.Match[str], layout: str) -> str:
    field = match[0]
    writer = _WRITERS.get(field)
    if writer is not None:
        if field == "Jan" and layout[match.end() : match.end() + 1].islower():
            return field
        return writer(at)
    if field[0] in "Z-":
        return _zone(at, field)
    digits = f"{at.microsecond * 1000:09d}"
    if field[1] == "0":
        return field[0] + digits[: len(field) - 1]
    shown = digits[: len(field) - 1].rstrip("0")
    return field[0] + shown if shown else ""


_READERS: Mapping[str, str] = {
    "January": "(?P<month_name>" + "|".join(MONTHS) + ")",
    "Jan": "(?P<month_short>" + "|".join(month[:3] for month in MONTHS) + ")",
    "1": "(?P<month>1[0-2]|[1-9])",
    "01": "(?P<month>[0-9]{2})",
    "Monday": "(?:" + "|".join(DAYS) + ")",
    "Mon": "(?:" + "|".join(day[:3] for day in DAYS) + ")",
    "2": "(?P<day>[0-9]{1,2})",
    "_2": "(?P<day> ?[0-9]{1,2})",
    "02": "(?P<day>[0-9]{2})",
    "15": "(?P<hour>[0-9]{2})",
    "3": "(?P<hour12>[0-9]{1,2})",
    "03": "(?P<hour12>[0-9]{2})",
    "4": "(?P<minute>[0-9]{1,2})",
    "04": "(?P<minute>[0-9]{2})",
    "5": "(?P<second>[0-9]{1,2})(?P<fraction>[.,][0-9]{1,9})?",
    "05": "(?P<second>[0-9]{2})(?P<fraction>[.,][0-9]{1,9})?",
    "2006": "(?P<year>[0-9]{4})",
    "06": "(?P<short_year>[0-9]{2})",
    "PM": "(?P<half>AM|PM)",
    "pm": "(?P<half>am|pm)",
    "MST": "(?P<zone>UTC|[A-Z]{3,5})",
}


def _quoted(text: str) -> str:
    """Quote as Go's package time does: bytes beyond ASCII one by one."""
    shown = (
        f"\\{chr(byte)}" if byte in b'"\\' else chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}"
        for byte in to_bytes(text)
    )
    return '"' + "".join(shown) + '"'


def parse_time(layout: str, text: str, local: tzinfo) -> datetime:
    """Read a point in time in a layout; `local` where the text names no zone. Raises TimeError."""
    pieces = _pieces(layout)
    pattern, at = "", 0
    found: dict[str, str] = {}
    for shown, reader in pieces:
        reader = _once(reader, pattern)
        match = re.compile(pattern + reader).match(text)
        if match is None:
            rest = f"cannot parse {_quoted(text[at:])} as {_quoted(shown)}"
            raise TimeError(f"parsing time {_quoted(text)} as {_quoted(layout)}: {rest}")
        pattern += reader
        at = match.end()
        found = {key: value for key, value in match.groupdict().items() if value is not None}
    if at < len(text):
        raise TimeError(f"parsing time {_quoted(text)}: extra text: {_quoted(text[at:])}")
    try:
        return _read(found, local)
    except ValueError as error:
        what = str(error).split(" ")[0]
        raise TimeError(f"parsing time {_quoted(text)}: {what} out of range") from None


def _once(reader: str, pattern: str) -> str:
    """Let a field that the layout has twice be read twice, the first one counting."""
    return re.sub(r"\?P<(\w+)>", lambda match: "?:" if match[0] in pattern else match[0], reader)


def _pieces(layout: str) -> list[tuple[str, str]]:
    """Return the fields of a layout and the text between them, and what reads each."""
    pieces: list[tuple[str, str]] = []
    at = 0
    for match in _FIELD.finditer(layout):
        pieces.append((layout[at : match.start()], re.escape(layout[at : match.start()])))
        pieces.append((match[0], _reader(match[0])))
        at = match.end()
    return [*pieces, (layout[at:], re.escape(layout[at:]))]


def _reader(field: str) -> str:
    if field in _READERS:
        return _READERS[field]
    if field[0] in "Z-":
        colon = ":" if ":" in field else ""
        numeric = "[+-][0-9]{2}" + f"{colon}[0-9]{{2}}" * ((len(field.replace(":", "")) - 3) // 2)
        return f"(?P<offset>{'Z|' if field[0] == 'Z' else ''}{numeric})"
    return "(?P<fraction>[.,][0-9]{1,9})?" if field[0] in ".," else re.escape(field)


def _read(found: dict[str, str], local: tzinfo) -> datetime:
    year = int(found.get("year", "1" if "short_year" not in found else "0"))
    if "short_year" in found:
        short = int(found["short_year"])
        year = short + (1900 if short >= 69 else 2000)
    month = int(found.get("month", "1"))
    if "month_name" in found:
        month = MONTHS.index(found["month_name"]) + 1
    if "month_short" in found:
        month = next(i for i, name in enumerate(MONTHS, 1) if name.startswith(found["month_short"]))
    hour = int(found.get("hour", found.get("hour12", "0")))
    half = found.get("half", "").upper()
    if half:
        hour = hour % 12 + (12 if half == "PM" else 0)
    microsecond = int(found.get("fraction", ".0")[1:].ljust(9, "0")) // 1000
    day, minute, second = int(found.get("day", "1")), int(found.get("minute", "0")), int(found.get("second", "0"))
    return datetime(year, month, day, hour, minute, second, microsecond, tzinfo=_zone_of(found, local))


def _zone_of(found: dict[str, str], local: tzinfo) -> tzinfo:
    text = found.get("offset", "")
    if text == "Z" or found.get("zone") == "UTC":
        return UTC
    if not text:
        return local
    digits = text[1:].replace(":", "").ljust(6, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]), seconds=int(digits[4:6]))
    return timezone(-offset if text[0] == "-" else offset)
