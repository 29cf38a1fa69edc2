import pytest

from pillion.resources.duration import Duration, parse_duration


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("1s", 10**9),
        ("1.5s", 1_500_000_000),
        ("100ms", 10**8),
        ("1h30m", 5400 * 10**9),
        ("24h", 86400 * 10**9),
        ("-1s", -(10**9)),
        ("+1s", 10**9),
        (".5s", 5 * 10**8),
        ("1us", 1000),
        ("1µs", 1000),
        ("1ns", 1),
        ("0", 0),
        ("1h1m1s1ms1us1ns", 3_661_001_001_001),
        pytest.param("0" * 5000 + "1s", 10**9, id="leading zeros"),
        pytest.param("1." + "5" * 5000 + "s", 1_555_555_555, id="long fraction"),
    ],
)
def test_reads_what_go_reads(text: str, nanoseconds: int) -> None:
    assert parse_duration(text) == Duration(nanoseconds=nanoseconds)


@pytest.mark.parametrize(
    "text", ["", "1", "s", "1 s", "1d", "1s ", "--1s", "1.s5", "300000h9999999h", "1e3s", "\u0661s"]
)
def test_refuses_what_go_refuses(text: str) -> None:
    assert parse_duration(text) is None


@pytest.mark.parametrize("digits", [20, 5000])
def test_refuses_more_than_go_can_count_however_long_it_is(digits: int) -> None:
    assert parse_duration("9" * digits + "ns") is None


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [(0, "0s"), (10**9, "1s"), (1_500_000_000, "1.500s"), (-(10**8), "-0.100s"), (1, "0.000000001s")],
)
def test_writes_as_protobuf_writes(nanoseconds: int, text: str) -> None:
    assert str(Duration(nanoseconds=nanoseconds)) == text


def test_counts_in_seconds_and_orders_by_length() -> None:
    assert Duration(nanoseconds=1_500_000_000).seconds == 1.5
    assert Duration(nanoseconds=1) < Duration(nanoseconds=2)
