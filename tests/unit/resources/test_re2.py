import pytest

from pillion.resources.re2 import problem_of


@pytest.mark.parametrize(
    "expression",
    [
        "", "a*b+?", "^/service/([^/]+)(/.*)$", "(?i)x", "(?P<n>a)|b", "[]a-z]", "[[:alpha:]]", r"\pL\p{Greek}",
        r"\Q(\E", "a{,2}", "x{2,1000}", r"\x{10FFFF}", r"\12", "^*",
    ],
)  # fmt: skip
def test_what_re2_reads(expression: str) -> None:
    assert problem_of(expression) is None


@pytest.mark.parametrize(
    "expression",
    [
        "(?=a)", "(?<!a)b", r"(a)\1", "a++", "a**", "*a", "(", ")", "[", "[z-a]", "[[:foo:]]", "a{1001}",
        "(a{100}){11}", "a{3,2}", "\\", r"\Z", r"\C", r"\x{110000}", "(?P<n>a)(?P<n>b)", "[a" + "\\",
    ],
)  # fmt: skip
def test_what_re2_refuses(expression: str) -> None:
    assert problem_of(expression)


def test_a_tower_of_groups_is_no_crash() -> None:
    assert problem_of("(" * 100_000) == "expression nests too deeply"
