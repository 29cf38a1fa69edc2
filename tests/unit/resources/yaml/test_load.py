from typing import Any

import pytest

from pillion.resources.yaml.load import load


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1\n---\nb: 2", {"a": 1}),
        ("# c\n", None),
        ("--- a", "a"),
        ("1: a\non: b", {"1": "a", "true": "b"}),
        ("- &a b\n- *a", ["b", "b"]),
        ("&a 1: b\nc: *a", {"1": "b", "c": 1}),
        ("a: &x 1\nb: &x 2\nc: *x", {"a": 1, "b": 2, "c": 2}),
        ("a: &x {b: 1, c: 3}\nd:\n  b: 2\n  <<: *x", {"a": {"b": 1, "c": 3}, "d": {"b": 1, "c": 3}}),
        ("<<: [{a: 1}, {a: 2, b: 1}]", {"a": 1, "b": 1}),
        ('"<<": 1', {"<<": 1}),
        ("!x {a: !y b}", {"a": "b"}),
        ("? a\n: b", {"a": "b"}),
    ],
)
def test_reads_as_go(text: str, value: Any) -> None:
    assert load(text) == (value, ())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("k: {{ .x }}", "invalid map key: a map or list (a template's {{ }} needs quotes)"),
        ("~: 1", "invalid map key: null"),
        ("k: *x", "unknown anchor 'x' referenced"),
        ("a: &a [*a]", "anchor 'a' value contains itself"),
        ("<<: 1", "map merge requires map or sequence of maps as the value"),
        ("k: .inf", ".inf is not a number that JSON can hold"),
        ("[" * 100_000, "is nested too deeply"),
        ("- " * 100_000, "is nested too deeply"),
    ],
)
def test_refuses_what_go_refuses(text: str, message: str) -> None:
    value, (diagnostic,) = load(text)
    assert value is None
    assert diagnostic.message == message
    assert diagnostic.severity == "error"


def test_the_last_of_equal_keys_counts_and_is_told() -> None:
    value, (diagnostic,) = load("a: 1\nb: 2\na: 3")
    assert value == {"a": 3, "b": 2}
    assert (diagnostic.code, diagnostic.severity, diagnostic.where.line) == ("duplicate-key", "warning", 3)


def test_aliases_do_not_explode() -> None:
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 12)]
    _, diagnostics = load("\n".join(["l0: &l0 [x]", *levels]))
    assert [diagnostic.message for diagnostic in diagnostics] == ["document contains excessive aliasing"]


def test_an_alias_is_a_copy() -> None:
    value, _ = load("a: &x [1]\nb: *x")
    value["a"].append(2)
    assert value["b"] == [1]
