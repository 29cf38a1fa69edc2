"""sprig's functions for JSON."""

from collections.abc import Callable, Mapping
from typing import Any

from pillion.inject.gotemplate.errors import FunctionError
from pillion.inject.gotemplate.functions import Function
from pillion.inject.gotemplate.golang.json import decode, encode
from pillion.inject.gotemplate.limits import Meter


def to_json(meter: Meter, value: Any) -> str:
    """Write JSON."""
    return encode(meter, value)


def to_pretty_json(meter: Meter, value: Any) -> str:
    """Write JSON over several lines."""
    return encode(meter, value, indent="  ")


def to_raw_json(meter: Meter, value: Any) -> str:
    """Write JSON without escaping what is special in HTML."""
    return encode(meter, value, escape_html=False)


def _lenient(write: Callable[[Meter, Any], str]) -> Callable[[Meter, Any], str]:
    def run(meter: Meter, value: Any) -> str:
        try:
            return write(meter, value)
        except FunctionError:
            return ""

    return run


def from_json(text: str) -> Any:
    """Read JSON; nil for what is none."""
    try:
        return decode(text)
    except FunctionError:
        return None


_WRITE = "func(interface {}) string"
_READ = "func(string) interface {}"

FUNCTIONS: Mapping[str, Function] = {
    "toJson": Function(_lenient(to_json), _WRITE, metered=True),
    "toPrettyJson": Function(_lenient(to_pretty_json), _WRITE, metered=True),
    "toRawJson": Function(to_raw_json, _WRITE, metered=True),
    "mustToJson": Function(to_json, _WRITE, metered=True),
    "mustToPrettyJson": Function(to_pretty_json, _WRITE, metered=True),
    "mustToRawJson": Function(to_raw_json, _WRITE, metered=True),
    "fromJson": Function(from_json, _READ),
    "mustFromJson": Function(decode, _READ),
}
