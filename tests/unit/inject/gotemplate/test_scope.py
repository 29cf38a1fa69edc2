from pillion.inject.gotemplate.scope import Scope
from pillion.inject.gotemplate.syntax import nodes


def scope(text=""):
    return Scope(nodes.Tree("inner", "outer", text, []), {}, "default")


def test_the_innermost_variable_is_found():
    known = scope()
    first, second = known.declare("$x"), known.declare("$x", 7)
    assert known.find("$x") == (second, 7)
    del known.variables[-1:]
    assert known.find("$x") == (first, 0)
    assert known.find("$y") is None
    assert known.slots == 3


def test_an_error_counts_bytes():
    error = scope("a\né{{.x}}").error(nodes.Field(5, ("x",)), "no")
    assert str(error) == 'template: outer:2:4: executing "inner" at <.x>: no'
