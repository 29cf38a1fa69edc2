import pytest

from pillion.inject.gotemplate.golang.numbers import format_float, parse_float, parse_int64, parse_integer


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e6, "1e+06"),
        (123456.0, "123456"),
        (1e-5, "1e-05"),
        (0.0001, "0.0001"),
        (-0.0, "-0"),
        (1.5, "1.5"),
        (float("inf"), "+Inf"),
        (float("nan"), "NaN"),
        (1e21, "1e+21"),
        (123456789.5, "1.234567895e+08"),
    ],
)
def test_a_float_is_written_shortly(value, text):
    assert format_float(value) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0x1F", 31),
        ("0b11", 3),
        ("0o17", 15),
        ("017", 15),
        ("1_000", 1000),
        ("-5", -5),
        ("08", None),
        ("1__0", None),
        ("", None),
        ("x", None),
        ("_1", None),
    ],
)
def test_an_integer_is_read_in_every_base(text, value):
    assert parse_integer(text) == value


def test_an_integer_has_64_bits():
    assert parse_int64("9223372036854775807") == 2**63 - 1
    assert parse_int64("9223372036854775808") is None


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e3", 1000.0), (".5", 0.5), ("5.", 5.0), ("0x1p4", 16.0), ("1e999", None), ("0x1.8", None), ("1_0.5", 10.5)],
)
def test_a_float_is_read(text, value):
    assert parse_float(text) == value
