from datetime import UTC, datetime, timedelta, timezone

import pytest

from pillion.inject.gotemplate.golang.durations import Duration
from pillion.inject.gotemplate.golang.times import Time, TimeError, format_time, from_unix, parse_time, shifted

MOMENT = datetime(2023, 11, 14, 22, 13, 20, 5000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        ("2006-01-02T15:04:05Z07:00", "2023-11-14T22:13:20Z"),
        ("Mon Jan _2 3:04PM 2006", "Tue Nov 14 10:13PM 2023"),
        ("15:04:05.000", "22:13:20.005"),
        ("15:04:05.999", "22:13:20.005"),
        ("-0700 MST 06", "+0000 UTC 23"),
    ],
)
def test_a_time_is_written_in_a_layout(layout, text):
    assert format_time(MOMENT, layout) == text


def test_a_time_is_read_in_a_layout():
    read = parse_time("2006-01-02 15:04 -0700", "2020-02-29 10:00 +0130", UTC)
    assert read == datetime(2020, 2, 29, 10, tzinfo=timezone(timedelta(hours=1, minutes=30)))


@pytest.mark.parametrize(
    ("text", "message"), [("2020-13-01", "month"), ("x", 'cannot parse "x" as "2006"'), ("2020-01-01x", "extra text")]
)
def test_what_does_not_fit_is_refused(text, message):
    with pytest.raises(TimeError, match=message):
        parse_time("2006-01-02", text, UTC)


def test_a_calendar_ends():
    with pytest.raises(TimeError):
        from_unix(10**18)
    with pytest.raises(TimeError):
        shifted(datetime.max.replace(tzinfo=UTC), Duration(10**15))


def test_a_month_runs_over():
    assert Time(datetime(2023, 1, 31, tzinfo=UTC)).AddDate(0, 1, 0).at == datetime(2023, 3, 3, tzinfo=UTC)
    assert Time(MOMENT).Month().String() == "November"
