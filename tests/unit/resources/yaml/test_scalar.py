import pytest

from pillion.resources.yaml.scalar import INT, ScalarError, go_float, is_text, resolve, resolve_key


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e3", 1000),
        ("0o17", 15),
        ("017", 15),
        ("08", 8),
        ("0x1F", 31),
        ("-0b1", -1),
        ("1_000", 1000),
        ("yes", True),
        ("n", False),
        ("~", None),
        ("", None),
        ("2026-01-01", "2026-01-01"),
        ("12:30:45", "12:30:45"),
        ("1e1000", "1e1000"),
        (".5", 0.5),
        ("18446744073709551615", 2**64 - 1),
        ("-9223372036854775809", -(2.0**63)),
        ("nan", "nan"),
    ],
)
def test_reads_plain_scalars_as_go(text: str, value: object) -> None:
    resolved = resolve(text)
    assert resolved == value
    assert type(resolved) is type(value)


@pytest.mark.parametrize("text", [".inf", "-.inf", ".nan"])
def test_json_has_no_infinity(text: str) -> None:
    with pytest.raises(ScalarError):
        resolve(text)


def test_tags() -> None:
    assert resolve("3", INT) == 3
    assert resolve("12", "tag:yaml.org,2002:str") == "12"
    assert resolve("x", "!mine") == "x"
    assert resolve("aGk=", "tag:yaml.org,2002:binary") == "hi"
    with pytest.raises(ScalarError):
        resolve("yes", INT)


@pytest.mark.parametrize(
    ("text", "key"), [("1", "1"), ("on", "true"), ("1.5", "1.5"), ("1e6", "1e+06"), (".inf", ".inf"), ("a", "a")]
)
def test_keys_are_texts(text: str, key: str) -> None:
    assert resolve_key(text) == key


def test_null_is_no_key() -> None:
    with pytest.raises(ScalarError):
        resolve_key("~")


@pytest.mark.parametrize("text", ["a", "e3", "10.0.0.0/8", "=", "1e1000", "inf"])
def test_texts_that_need_no_quotes(text: str) -> None:
    assert is_text(text)


@pytest.mark.parametrize("text", ["", "1e3", "y", "0o17", "08", "+.5", "2026-01-01", "12:30:45", "~", ".inf"])
def test_texts_that_do(text: str) -> None:
    assert not is_text(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "0.5"), (1e6, "1e+06"), (1.5e-7, "1.5e-07"), (123456.5, "123456.5"), (-2.5e21, "-2.5e+21")],
)
def test_floats_as_go_spells_them(value: float, text: str) -> None:
    assert go_float(value) == text
