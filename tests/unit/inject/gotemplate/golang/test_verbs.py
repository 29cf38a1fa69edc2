import pytest

from pillion.inject.gotemplate.golang.verbs import Directive, write_float, write_integer, write_string


@pytest.mark.parametrize(
    ("directive", "value", "verb", "text"),
    [
        (Directive(width=5), 42, "d", "   42"),
        (Directive(width=5, zero=True), -42, "d", "-0042"),
        (Directive(sharp=True), 255, "x", "0xff"),
        (Directive(plus=True, precision=4), 7, "d", "+0007"),
        (Directive(), 7, "z", None),
        (Directive(), 65, "c", "A"),
    ],
)
def test_an_integer_is_written(directive, value, verb, text):
    assert write_integer(directive, value, verb) == text


def test_a_string_is_cut_and_padded():
    assert write_string(Directive(width=4, precision=2, minus=True), "héllo", "s") == "hé  "
    assert write_string(Directive(), "hé", "X") == "68C3A9"


def test_a_float_is_written():
    assert write_float(Directive(width=8, precision=2, zero=True), -3.14159, "f") == "-0003.14"
    assert write_float(Directive(), 0.1, "x") == "0x1.999999999999ap-04"
