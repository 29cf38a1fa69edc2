import pytest

from pillion.inject.gotemplate.re2.nodes import can_be_empty
from pillion.inject.gotemplate.re2.syntax import parse


@pytest.mark.parametrize(
    ("expression", "empty"), [("a", False), ("a*", True), ("a|", True), ("(a?)(b?)", True), ("a?b", False), ("^", True)]
)
def test_an_expression_may_match_nothing(expression, empty):
    assert can_be_empty(parse(expression).tree) is empty
