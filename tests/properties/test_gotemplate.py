"""Templates of any shape: they render or give a TemplateError, within their limits, and leave their data alone."""

import copy
import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pillion.inject.gotemplate.errors import TemplateError
from pillion.inject.gotemplate.golang.json import decode, encode
from pillion.inject.gotemplate.golang.numbers import format_float, parse_float
from pillion.inject.gotemplate.golang.quote import quote, unquote
from pillion.inject.gotemplate.limits import Limits, Meter
from pillion.inject.gotemplate.re2.pattern import compile_pattern
from pillion.inject.gotemplate.re2.syntax import RegexError
from pillion.inject.gotemplate.sprig.library import FUNCTIONS
from pillion.inject.gotemplate.template import parse

LIMITS = Limits(depth=20, steps=20_000, output=20_000, elements=2_000)
FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PYTHON = re.compile(r"object has no attribute|unsupported operand|positional argument|NoneType|not subscriptable")

DATA = {"s": "text", "i": 3.0, "n": None, "l": ["a", 1.0, None], "m": {"k": {"k": "v"}}, "b": True}
LITERALS = (
    "1",
    "-2",
    "2.5",
    "'x'",
    '"a"',
    '"[a-z]+"',
    '"%v%d%s"',
    "true",
    "nil",
    '"2006-01-02"',
    '"1.2.3"',
    '""',
    '"_é日"',
)
FIELDS = (".", ".s", ".i", ".n", ".l", ".m", ".m.k.k", "$", "$.l", ".missing", "$v")
BUILTINS = ("eq", "lt", "index", "slice", "len", "printf", "print", "and", "or", "not")
values = st.sampled_from((*LITERALS, *FIELDS, "100000", "(list 1 2)", '(dict "a" 1)'))
names = st.sampled_from((*sorted(FUNCTIONS), *BUILTINS))
calls = st.builds(lambda name, arguments: " ".join([name, *arguments]), names, st.lists(values, max_size=4))
pipes = st.lists(calls | values, min_size=1, max_size=3).map(" | ".join)


def _nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    blocks = st.sampled_from(["if", "with", "range", "range $i, $e :="])
    return st.one_of(
        st.builds(lambda word, pipe, body: f"{{{{{word} {pipe}}}}}{body}{{{{end}}}}", blocks, pipes, inner),
        st.builds(lambda body: f'{{{{define "t"}}}}{body}{{{{end}}}}', inner),
        st.lists(inner, max_size=3).map("".join),
    )


leaves = st.one_of(
    pipes.map(lambda pipe: f"{{{{{pipe}}}}}"),
    pipes.map(lambda pipe: f"{{{{- $v = {pipe} -}}}}"),
    st.sampled_from(['{{template "t" .}}', " text\n", "{{break}}", "{{continue}}", "{{else}}", "{{/* c */}}"]),
)
templates = st.recursive(leaves, _nested, max_leaves=12).map(lambda text: "{{$v := 0}}" + text)


def attempt(text: str) -> None:
    data = copy.deepcopy(DATA)
    refusal = ""
    try:
        output = parse("t", text, FUNCTIONS).render(data, LIMITS)
    except TemplateError as error:
        output, refusal = "", str(error)
    assert len(output) <= LIMITS.output
    assert not PYTHON.search(refusal)
    assert data == DATA


@FUZZ
@given(templates)
def test_a_template_renders_or_is_refused(text):
    attempt(text)


@FUZZ
@given(st.text(alphabet="{}.-$\"`'|()/* \nabnil=:,0x1_é", max_size=40))
def test_any_text_parses_or_is_refused(text):
    attempt(text)


@FUZZ
@given(st.text(alphabet="ab.*+?()[]{}|^$\\-12,:PdwQEé", max_size=14), st.text(alphabet="ab1é\n", max_size=30))
def test_any_expression_is_linear(expression, text):
    steps = 0

    def step(count: int) -> None:
        nonlocal steps
        steps += count

    try:
        pattern = compile_pattern(expression)
    except RegexError:
        return
    found = pattern.search(text, 0, step)
    assert steps <= (len(text) + 1) * (len(pattern.code) + 1)
    if found is not None:
        assert 0 <= found[0] <= found[1] <= len(text)


@given(st.text())
def test_quoting_can_be_undone(text):
    assert unquote(quote(text)) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_reads_back_as_it_was_written(value):
    assert parse_float(format_float(value)) == value


texts = st.text(st.characters(codec="utf-8"))
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(json_values)
def test_json_reads_back_as_it_was_written(value):
    assert decode(encode(Meter(Limits()), value)) == value
