import pytest

from pillion.inject.gotemplate.golang.quote import can_backquote, quote, quote_character, unquote, unquote_character


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("a", '"a"'),
        ('a"\n', '"a\\"\\n"'),
        ("é", '"é"'),
        ("\u200b", '"\\u200b"'),
        ("\udcff", '"\\xff"'),
        ("\0", '"\\x00"'),
    ],
)
def test_a_string_is_quoted(text, quoted):
    assert quote(text) == quoted
    assert unquote(quoted) == text


def test_quoting_can_keep_to_ascii():
    assert quote("é😀", ascii_only=True) == '"\\u00e9\\U0001f600"'
    assert quote_character(0x1F600) == "'😀'"


@pytest.mark.parametrize("literal", ['"\\400"', '"\\\'"', '"\\ud800"', '"\\q"'])
def test_a_wrong_escape_is_refused(literal):
    assert unquote(literal) is None


def test_a_raw_string_is_as_it_is():
    assert unquote("`a\\n\r`") == "a\\n"


def test_a_character_constant_has_a_code():
    assert unquote_character("'a'") == (97, "'")
    assert unquote_character("'\\n'") == (10, "'")
    assert unquote_character("''")[0] is None


def test_backquotes_hold_one_line():
    assert can_backquote('a"\t')
    assert not can_backquote("a`")
    assert not can_backquote("a\n")
