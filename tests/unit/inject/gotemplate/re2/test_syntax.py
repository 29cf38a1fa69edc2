import pytest

from pillion.inject.gotemplate.re2.syntax import RegexError, parse


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("(", "missing closing ): `(`"),
        ("[a", "missing closing ]: `[a`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("*", "missing argument to repetition operator: `*`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("(" * 100 + ")" * 100, "expression nests too deeply"),
    ],
)
def test_what_go_refuses_is_refused(expression, message):
    with pytest.raises(RegexError) as caught:
        parse(expression)
    assert message in str(caught.value)


def test_groups_have_names():
    assert parse("(a)(?P<n>b)(?:c)").names == ("", "n")
