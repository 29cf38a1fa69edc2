import pytest

from pillion.inject.gotemplate.errors import FunctionError
from pillion.inject.gotemplate.golang.json import decode, encode
from pillion.inject.gotemplate.golang.values import Slice, StringMap
from pillion.inject.gotemplate.limits import Limits, Meter


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [1.0, None]}, '{"a":[1,null],"b":1}'),
        ("<&>\u2028", '"\\u003c\\u0026\\u003e\\u2028"'),
        (StringMap(nil=True), "null"),
        (Slice("string", nil=True), "null"),
        (b"hi", '"aGk="'),
        (1e21, "1e+21"),
    ],
)
def test_json_is_written_as_go_writes_it(value, text):
    assert encode(Meter(Limits()), value) == text


def test_a_number_that_json_cannot_hold_is_refused():
    with pytest.raises(FunctionError, match="unsupported value: NaN"):
        encode(Meter(Limits()), float("nan"))


@pytest.mark.parametrize(
    ("text", "message"),
    [("[1", "unexpected end of JSON input"), ("x", "invalid character 'x' looking for beginning of value")],
)
def test_what_is_no_json_is_refused(text, message):
    with pytest.raises(FunctionError, match=message):
        decode(text)
