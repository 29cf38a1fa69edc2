"""sprig's dates. The engine has no clock and knows no zones but UTC: who wants more brings them, with `functions`."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from pillion.inject.gotemplate.errors import FunctionError
from pillion.inject.gotemplate.functions import Function
from pillion.inject.gotemplate.golang.durations import (
    SECOND,
    Duration,
    DurationError,
    format_duration,
    parse_duration,
)
from pillion.inject.gotemplate.golang.times import (
    ZERO,
    Time,
    TimeError,
    format_time,
    from_unix,
    parse_time,
    shifted,
    unix,
)
from pillion.inject.gotemplate.golang.values import Int32, Int64, dereference
from pillion.inject.gotemplate.sprig.numbers import atoi

Clock = Callable[[], datetime]
Zones = Callable[[str], tzinfo | None]
"""Returns the zone of a name such as `Europe/Vienna`; None when there is none."""

_HTML = "2006-01-02"
_AGES = (("y", 365 * 86400), ("mo", 30 * 86400), ("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def no_clock() -> datetime:
    """Refuse to say what time it is."""
    raise FunctionError("the time is not available here")


def no_zones(_name: str) -> tzinfo | None:
    """Know no zones but UTC."""
    return None


class _Dates:
    def __init__(self, clock: Clock, zones: Zones, local: tzinfo) -> None:
        self.clock: Clock = clock
        self.zones: Zones = zones
        self.local: tzinfo = local

    def now(self) -> Time:
        return Time(self.clock().astimezone(self.local))

    def moment(self, value: Any) -> datetime:
        target = dereference(value)
        if isinstance(target, Time):
            return target.at
        if type(target) in {int, Int64, Int32}:
            return _checked(lambda: from_unix(target))
        return self.clock()

    def zone(self, name: str) -> tzinfo:
        if name == "Local":
            return self.local
        return UTC if name in {"", "UTC"} else self.zones(name) or UTC

    def date(self, layout: str, value: Any) -> str:
        return self.date_in_zone(layout, value, "Local")

    def date_in_zone(self, layout: str, value: Any, zone: str) -> str:
        at = self.moment(value)
        return _checked(lambda: format_time(at.astimezone(self.zone(zone)), layout))

    def html_date(self, value: Any) -> str:
        return self.date_in_zone(_HTML, value, "Local")

    def html_date_in_zone(self, value: Any, zone: str) -> str:
        return self.date_in_zone(_HTML, value, zone)

    def ago(self, value: Any) -> str:
        age = self.clock() - self.moment(value)
        return format_duration(round(age / timedelta(seconds=1)) * SECOND)

    def must_to_date(self, layout: str, text: str) -> Time:
        return Time(_checked(lambda: parse_time(layout, text, self.local)))

    def to_date(self, layout: str, text: str) -> Time:
        try:
            return self.must_to_date(layout, text)
        except FunctionError:
            return Time(ZERO)

    def duration_round(self, value: Any) -> str:
        nanoseconds = 0
        if isinstance(value, str):
            try:
                nanoseconds = int(parse_duration(value))
            except DurationError:
                nanoseconds = 0
        elif isinstance(value, Time):
            nanoseconds = int((self.clock() - value.at) / timedelta(microseconds=1)) * 1000
        elif type(value) is Int64:
            nanoseconds = int(value)
        for unit, seconds in _AGES:
            if abs(nanoseconds) > seconds * SECOND:
                return f"{abs(nanoseconds) // (seconds * SECOND)}{unit}"
        return "0s"


def _checked(make: Callable[[], Any]) -> Any:
    try:
        return make()
    except (TimeError, OverflowError) as error:
        raise FunctionError(str(error)) from None


def must_modify(text: str, value: Time) -> Time:
    """Return a time some duration later; raises FunctionError for what is no duration."""
    try:
        by = parse_duration(text)
    except DurationError as error:
        raise FunctionError(str(error)) from None
    return Time(_checked(lambda: shifted(value.at, by)))


def modify(text: str, value: Time) -> Time:
    """Return a time some duration later; the same time for what is no duration."""
    try:
        return must_modify(text, value)
    except FunctionError:
        return value


def duration(value: Any) -> str:
    """Write a number of seconds as a duration."""
    seconds = atoi(value) if isinstance(value, str) else int(value) if type(value) is Int64 else 0
    return Duration(seconds * SECOND).String()


def unix_epoch(value: Time) -> str:
    """Write the seconds since 1970."""
    return str(unix(value.at))


_ANY = "interface {}"
_TIME = "time.Time"


def functions(clock: Clock = no_clock, zones: Zones = no_zones, local: tzinfo = UTC) -> Mapping[str, Function]:
    """Return sprig's date functions for a clock (giving aware datetimes), time zones and a local zone."""
    dates = _Dates(clock, zones, local)
    in_zone = Function(dates.date_in_zone, f"func(string, {_ANY}, string) string")
    changed = Function(modify, f"func(string, {_TIME}) {_TIME}")
    must_change = Function(must_modify, f"func(string, {_TIME}) {_TIME}")
    return {
        "now": Function(dates.now, f"func() {_TIME}"),
        "ago": Function(dates.ago, f"func({_ANY}) string"),
        "date": Function(dates.date, f"func(string, {_ANY}) string"),
        "dateInZone": in_zone,
        "date_in_zone": in_zone,
        "dateModify": changed,
        "date_modify": changed,
        "mustDateModify": must_change,
        "must_date_modify": must_change,
        "duration": Function(duration, f"func({_ANY}) string"),
        "durationRound": Function(dates.duration_round, f"func({_ANY}) string"),
        "htmlDate": Function(dates.html_date, f"func({_ANY}) string"),
        "htmlDateInZone": Function(dates.html_date_in_zone, f"func({_ANY}, string) string"),
        "toDate": Function(dates.to_date, f"func(string, string) {_TIME}"),
        "mustToDate": Function(dates.must_to_date, f"func(string, string) {_TIME}"),
        "unixEpoch": Function(unix_epoch, f"func({_TIME}) string"),
    }


FUNCTIONS: Mapping[str, Function] = functions()
"""The date functions without a clock: `now` and `ago` refuse."""
