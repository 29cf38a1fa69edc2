import pytest

from pillion.inject.gotemplate.golang.durations import DurationError, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [("1h2m3.5s", 3723_500_000_000), ("-1.5h", -5400_000_000_000), ("10ms", 10_000_000), ("0", 0), ("1µs", 1000)],
)
def test_a_duration_is_read(text, nanoseconds):
    assert parse_duration(text) == nanoseconds


@pytest.mark.parametrize("text", ["", "1", "x", "1y", "-", "9999999999h"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(DurationError, match="time: "):
        parse_duration(text)


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [(0, "0s"), (1, "1ns"), (1500, "1.5µs"), (2_000_000, "2ms"), (3600 * 10**9, "1h0m0s"), (-61 * 10**9, "-1m1s")],
)
def test_a_duration_is_written(nanoseconds, text):
    assert format_duration(nanoseconds) == text
