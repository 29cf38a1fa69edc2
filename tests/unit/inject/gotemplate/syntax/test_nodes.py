import pytest

from pillion.inject.gotemplate.syntax.nodes import Tree
from pillion.inject.gotemplate.syntax.parser import parse_trees


@pytest.mark.parametrize(
    "text",
    [
        "{{.a.b}}",
        '{{$x := printf "%d" 1 | len}}',
        "{{(index . 1).a}}",
        "{{$.a}}",
        "{{true}}",
        "{{nil}}",
        '{{"a"}}',
        '{{template "t" .}}',
        '{{template "t"}}',
    ],
)
def test_a_node_is_written_as_it_was_read(text):
    (tree,) = parse_trees("t", text, {"printf", "len", "index"}).values()
    assert str(tree.body[0]) == text


def test_a_place_is_a_line_and_a_byte():
    assert Tree("t", "t", "é\nab", []).locate(3) == (2, 1)
    assert Tree("t", "t", "éa", []).locate(1) == (1, 2)
