import pytest

from pillion.inject.gotemplate.re2.program import assemble
from pillion.inject.gotemplate.re2.syntax import RegexError, parse


def test_a_program_ends_in_a_match():
    code = assemble(parse("a|b*"))
    assert code[-1].operation == "match"
    assert all(0 <= instruction.first <= len(code) for instruction in code)


def test_a_large_program_is_refused():
    with pytest.raises(RegexError, match="expression too large"):
        assemble(parse("(abcdefghijklmnopqrstuvwxyz){999}"))
