import pytest

from pillion.analysis.matchers import Unjudged, compiled, matches_header, matches_query, matches_text
from pillion.envoy.view.matcher import HeaderMatch, How, NumberRange, Present, QueryMatch, StringMatch, Unread


@pytest.mark.parametrize(
    ("how", "text", "fits", "misses"),
    [
        ("exact", "abc", "abc", "abcd"),
        ("prefix", "ab", "abc", "cab"),
        ("suffix", "bc", "abc", "bca"),
        ("contains", "b", "abc", "ac"),
        ("regex", "a.c", "abc", "abcd"),
    ],
)
def test_texts(how: How, text: str, fits: str, misses: str) -> None:
    match = StringMatch(how=how, text=text)
    assert matches_text(match, fits)
    assert not matches_text(match, misses)
    if how != "regex":
        assert not matches_text(match, fits.upper())
        assert matches_text(StringMatch(how=how, text=text, ignore_case=True), fits.upper())


X = StringMatch(how="exact", text="x")


@pytest.mark.parametrize(
    ("match", "value", "expected"),
    [
        (HeaderMatch(name="h", match=X), "x", True),
        (HeaderMatch(name="h", match=X), "y", False),
        (HeaderMatch(name="h", match=X), None, False),
        (HeaderMatch(name="h", match=X, invert=True), "y", True),
        (HeaderMatch(name="h", match=X, invert=True), None, False),
        (HeaderMatch(name="h", match=X, invert=True, missing_is_empty=True), None, True),
        (HeaderMatch(name="h", match=Present()), "", True),
        (HeaderMatch(name="h", match=Present()), None, False),
        (HeaderMatch(name="h", match=Present(wanted=False)), None, True),
        (HeaderMatch(name="h", match=Present(wanted=False)), "x", False),
        (HeaderMatch(name="h", match=Present(), invert=True), None, True),
        (HeaderMatch(name="h", match=Present(wanted=False), missing_is_empty=True), None, False),
        (HeaderMatch(name="h", match=NumberRange(start=1, end=3)), "2", True),
        (HeaderMatch(name="h", match=NumberRange(start=1, end=3)), "3", False),
        (HeaderMatch(name="h", match=NumberRange(start=1, end=3)), "two", False),
    ],
)
def test_headers(match: HeaderMatch, value: str | None, expected: bool) -> None:
    assert matches_header(match, {} if value is None else {"h": value}) == expected


@pytest.mark.parametrize(
    ("match", "path", "expected"),
    [
        (QueryMatch(name="q", match=X), "/?q=x", True),
        (QueryMatch(name="q", match=X), "/?q=y&q=x", False),
        (QueryMatch(name="q", match=X), "/", False),
        (QueryMatch(name="q", match=X), "/?q=%78", False),
        (QueryMatch(name="q"), "/?p=1&q", True),
        (QueryMatch(name="q"), "/?q=", True),
        (QueryMatch(name="q"), "/?p=1", False),
        (QueryMatch(name="q", match=Present(wanted=False)), "/?p=1", True),
    ],
)
def test_queries(match: QueryMatch, path: str, expected: bool) -> None:
    assert matches_query(match, path) == expected


@pytest.mark.parametrize(
    ("expression", "fits", "misses"),
    [
        (r"\Qa.b\E+", "a.bb", "axb"),
        (r"[[:digit:]]+[[:alpha:]]", "12a", "ab"),
        (r"a\z", "a", "ab"),
        (r"\d", "1", "\u0663"),
    ],
)
def test_what_re2_writes_otherwise(expression: str, fits: str, misses: str) -> None:
    assert compiled(expression).fullmatch(fits)
    assert not compiled(expression).fullmatch(misses)


def test_what_cannot_be_judged_says_so() -> None:
    with pytest.raises(Unjudged, match="regular expression"):
        compiled("(")
    with pytest.raises(Unjudged, match="header h: custom"):
        matches_header(HeaderMatch(name="h", match=Unread(kind="custom")), {"h": "x"})
