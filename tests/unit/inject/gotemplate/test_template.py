import pytest

from pillion.inject.gotemplate.errors import TemplateError
from pillion.inject.gotemplate.limits import Limits
from pillion.inject.gotemplate.sprig.library import FUNCTIONS
from pillion.inject.gotemplate.template import parse, parse_set


def render(text, data=None, **functions):
    return parse("t", text, {**FUNCTIONS, **functions}).render(data)


@pytest.mark.parametrize(
    ("text", "data", "output"),
    [
        ("a{{.}}b", 1_000_000.0, "a1e+06b"),
        ("{{.port}}", {"port": 15021.0}, "15021"),
        ("x {{- 1 -}} y", None, "x1y"),
        ("{{range $i, $e := .}}{{$i}}={{$e}} {{else}}none{{end}}", ["a", "b"], "0=a 1=b "),
        ("{{range $i, $e := .}}{{else}}{{$e}}{{end}}", [], "[]"),
        ("{{range 3}}{{if eq . 1}}{{continue}}{{end}}{{.}}{{end}}", None, "02"),
        ("{{with .a}}{{.b}}{{else with $.c}}{{.}}{{end}}", {"a": None, "c": 2}, "2"),
        ('{{define "x"}}[{{.}}]{{end}}{{template "x" 1}}{{template "x"}}', None, "[1][<no value>]"),
        ('{{block "b" .a}}<{{.}}>{{end}}', {"a": "v"}, "<v>"),
        ("{{/* nothing */}}{{.a.b.c}}", {"a": {}}, "<no value>"),
    ],
)
def test_renders_as_go_does(text, data, output):
    assert render(text, data) == output


def test_an_error_says_where_and_in_which_words():
    with pytest.raises(TemplateError) as caught:
        parse("inject", "one\n  é{{ .a.b.c }}").render({"a": {"b": "text"}})
    error = caught.value
    message = 'executing "inject" at <.a.b.c>: can\'t evaluate field c in type interface {}'
    assert str(error) == f"template: inject:2:9: {message}"
    assert (error.template, error.line, error.column) == ("inject", 2, 9)


def test_a_parse_error_knows_its_line():
    with pytest.raises(TemplateError) as caught:
        parse("inject", "a\n{{if .x}}\n{{end}}{{end}}")
    assert str(caught.value) == "template: inject:3: unexpected {{end}}"
    assert (caught.value.line, caught.value.column) == (3, None)


def test_texts_of_a_set_see_one_another_and_later_ones_win():
    template = parse_set(
        {"main": '{{template "a"}}{{template "b"}}', "x": '{{define "a"}}1{{end}}{{define "b"}}2{{end}}'}
    )
    assert template.render(None) == "12"
    assert template.with_text("y", '{{define "a"}}3{{end}}').render(None) == "32"
    assert template.render(None) == "12"
    other = template.lookup("b")
    assert other is not None
    assert other.render(None) == "2"
    assert template.lookup("nope") is None
    assert template.names == ("a", "b", "main", "x")


def test_functions_may_be_plain_callables_checked_by_their_annotations():
    def double(text: str, count: int = 2) -> str:
        return text * count

    assert render('{{double "a"}}{{"b" | double "x" 3 | printf "%s"}}'.replace('"b" | ', ""), double=double) == "aaxxx"
    with pytest.raises(TemplateError, match="expected string; found 1"):
        render("{{double 1}}", double=double)
    with pytest.raises(TemplateError, match="wrong number of args for double: want 2 got 0"):
        render("{{double}}", double=double)


def test_other_functions_can_stand_behind_the_names():
    template = parse("t", "{{name}}", {"name": lambda: "one"})
    assert template.with_functions({"name": lambda: "two"}).render(None) == "two"
    assert template.render(None) == "one"


def test_missing_keys_can_be_errors():
    with pytest.raises(TemplateError, match='map has no entry for key "a"'):
        parse("t", "{{.a}}").with_missing_key("error").render({})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{{define "r"}}{{template "r"}}{{end}}{{template "r"}}', "exceeded maximum template depth"),
        ("{{range 1000000000}}{{end}}", "exceeded maximum number of steps"),
        ('{{range 100}}{{"0123456789"}}{{end}}', "exceeded maximum output size"),
        ('{{repeat 1000000000 "x"}}', "exceeded maximum string size"),
        ('{{$x := "ab"}}{{range 99}}{{$x = print $x $x}}{{end}}', "exceeded maximum string size"),
        ("{{$x := list 1}}{{range 99}}{{$x = concat $x $x}}{{end}}", "exceeded maximum number of"),
        ("{{$x := list 1}}{{range 99}}{{$x = list $x $x}}{{end}}{{$x}}", "exceeded maximum"),
        ("{{until 1000000000}}", "exceeded maximum number of elements"),
    ],
)
def test_a_hostile_template_ends(text, message):
    limits = Limits(output=500, steps=10_000, elements=1000)
    with pytest.raises(TemplateError, match=message):
        parse("t", text, FUNCTIONS).render(None, limits)
