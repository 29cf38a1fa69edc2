import pytest

from pillion.inject.gotemplate.functions import AssignError, Function, assign, constant, function_of, zero
from pillion.inject.gotemplate.golang.values import Int64, Pointer, Slice, StringMap, is_nil
from pillion.inject.gotemplate.syntax import nodes


def test_a_signature_says_what_a_function_takes():
    function = Function(print, "func(string, ...interface {}) []string")
    assert (function.parameters, function.variadic, function.result) == (("string", "interface {}"), True, "[]string")
    assert function.complaint("f", 0, 0) == "wrong number of args for f: want at least 1 got 0"
    assert function.complaint("f", 3, 2) is None


def test_a_plain_callable_is_described_by_its_annotations():
    def join(items: list[str], separator: str = ",", *rest: int) -> str:
        return separator.join(items)

    assert function_of(join).signature == "func(interface {}, string, ...int) string"


@pytest.mark.parametrize(
    ("value", "parameter"),
    [("a", "string"), (1, "int"), (Int64(1), "int64"), ([1], "[]interface {}"), ({}, "map[string]interface {}")],
)
def test_what_fits_passes(value, parameter):
    assert assign(value, parameter) is value


@pytest.mark.parametrize(
    ("value", "parameter", "message"),
    [
        (1, "string", "wrong type for value; expected string; got int"),
        (Int64(1), "int", "wrong type for value; expected int; got int64"),
        (True, "int", "wrong type for value; expected int; got bool"),
        (StringMap(), "map[string]interface {}", "got map[string]string"),
        (None, "string", "invalid value; expected string"),
        (Pointer(None, "string"), "string", "dereference of nil pointer of type string"),
    ],
)
def test_what_does_not_fit_is_refused(value, parameter, message):
    with pytest.raises(AssignError) as caught:
        assign(value, parameter)
    assert message in str(caught.value)


def test_a_pointer_is_followed():
    assert assign(Pointer("x", "string"), "string") == "x"


@pytest.mark.parametrize("parameter", ["map[string]string", "map[string]interface {}", "[]string", "interface {}"])
def test_nil_is_a_value_of_some_types(parameter):
    assert is_nil(zero(parameter))


def test_a_literal_takes_the_type_that_is_asked_for():
    number = nodes.Number(0, "3", 3, 3, 3.0)
    assert type(constant(number, "int64")) is Int64
    assert constant(number, "float64") == 3.0
    with pytest.raises(AssignError, match="expected string; found 3"):
        constant(number, "string")


def test_a_result_gets_its_declared_type():
    assert isinstance(Slice("string", ["a"]), list)
