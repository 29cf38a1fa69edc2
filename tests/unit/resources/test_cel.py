import pytest

from pillion.resources.cel import problem_of


@pytest.mark.parametrize(
    "expression",
    [
        "connection.mtls && request.url_path.contains('v1beta3')",
        "response.code >= 400 || (!a && b)",
        "[1, 2u, 0x3].exists(x, x > 1)",
        '{"a": 1}["a"] in b ? -c : d',
        "google.Any{value: b'x'}",
        "has(a.b) // why",
        "'''a'b'''",
    ],
)
def test_expressions(expression: str) -> None:
    assert problem_of(expression) is None


@pytest.mark.parametrize(
    "expression", ["", ")++++", "a +", "1 2", "a.", "f(", "x{", "a ? b", "if", "'a", "a & b", "a.true"]
)
def test_what_is_none(expression: str) -> None:
    assert problem_of(expression)
