import pytest

from pillion.inject.gotemplate.re2.pattern import compile_pattern, quote_meta


def no_count(_count):
    return None


@pytest.mark.parametrize(
    ("expression", "text", "spans"),
    [
        ("a+?", "baa", (1, 2)),
        ("(a|ab)(c|bcd)", "abcd", (0, 4, 0, 1, 1, 4)),
        ("(x)?y", "y", (0, 1, -1, -1)),
        (r"\bé", "é", None),
        ("(?i)K", "\u212a", (0, 1)),
        ("(?m)^b$", "a\nb", (2, 3)),
    ],
)
def test_the_leftmost_match_is_found(expression, text, spans):
    assert compile_pattern(expression).search(text, 0, no_count) == spans


def test_a_pattern_that_ruins_others_takes_linear_time():
    steps = []
    pattern = compile_pattern("(a+)+$")
    assert pattern.search("a" * 2000 + "b", 0, steps.append) is None
    assert sum(steps) < 2001 * 20


def test_what_is_quoted_matches_itself():
    text = r"a.b*[c]{1}^$\|()+?"
    assert compile_pattern(quote_meta(text)).search(text, 0, no_count) == (0, len(text))
