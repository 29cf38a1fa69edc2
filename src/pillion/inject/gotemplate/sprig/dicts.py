"""sprig's functions on maps. Those that change their map (`set`, `unset`, `merge`) say so to the engine."""

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

from pillion.inject.gotemplate.errors import FunctionError
from pillion.inject.gotemplate.functions import Function
from pillion.inject.gotemplate.golang.values import NilMap, Slice, StringMap, kind, sorted_keys, type_name
from pillion.inject.gotemplate.limits import Meter
from pillion.inject.gotemplate.sprig.values import is_empty, string_of

Dict = MutableMapping[str, Any]


def make(meter: Meter, *pairs: Any) -> dict[str, Any]:
    """Make a map of keys and values in turn; a last key alone has an empty string."""
    found: dict[str, Any] = {}
    for index in range(0, len(pairs), 2):
        found[string_of(meter, pairs[index])] = pairs[index + 1] if index + 1 < len(pairs) else ""
    return found


def get(items: Dict, key: str) -> Any:
    """Return a value; an empty string for a missing key."""
    return items.get(key, "")


def put(items: Dict, key: str, value: Any) -> Dict:
    """Change the value of a key."""
    items[key] = value
    return items


def unset(items: Dict, key: str) -> Dict:
    """Remove a key."""
    items.pop(key, None)
    return items


def has_key(items: Dict, key: str) -> bool:
    """Return whether a map has a key."""
    return key in items


def pluck(key: str, *maps: Dict) -> list[Any]:
    """Return the values of one key in several maps."""
    return [items[key] for items in maps if key in items]


def keys(*maps: Dict) -> list[str]:
    """Return the keys of maps; in order, where Go's order is random."""
    return [key for items in maps for key in sorted_keys(items)]


def values(items: Dict) -> list[Any]:
    """Return the values of a map, in the order of its keys."""
    return [items[key] for key in sorted_keys(items)]


def pick(items: Dict, *wanted: str) -> dict[str, Any]:
    """Return a map of some of the keys."""
    return {key: items[key] for key in wanted if key in items}


def omit(items: Dict, *unwanted: str) -> dict[str, Any]:
    """Return a map without some of the keys."""
    return {key: value for key, value in items.items() if key not in unwanted}


def dig(*path: Any) -> Any:
    """Return the value at a path of keys, or the default: `dig "a" "b" DEFAULT MAP`."""
    if len(path) < 3:
        raise FunctionError("dig needs at least three arguments")
    *names, default, items = path
    for name in names:
        if kind(items) != "map":
            given = "nil" if items is None else type_name(items)
            raise FunctionError(f"interface conversion: interface {{}} is {given}, not map[string]interface {{}}")
        if not isinstance(name, str):
            given = "nil" if name is None else type_name(name)
            raise FunctionError(f"interface conversion: interface {{}} is {given}, not string")
        if name not in items:
            return default
        items = items[name]
    return items


def merge(meter: Meter, target: Dict, *sources: Dict) -> Dict:
    """Add to a map what others have; what it has stays."""
    return _merged(meter, target, sources, overwrite=False)


def merge_overwrite(meter: Meter, target: Dict, *sources: Dict) -> Dict:
    """Add to a map what others have, the last winning."""
    return _merged(meter, target, sources, overwrite=True)


def _merged(meter: Meter, target: Dict, sources: Sequence[Dict], *, overwrite: bool) -> Dict:
    if isinstance(target, NilMap):
        target = {}
    for source in sources:
        _merge(meter, target, source, overwrite=overwrite)
    return target


def _merge(meter: Meter, target: Dict, source: Mapping[str, Any], *, overwrite: bool) -> None:
    for key in list(source):
        meter.step()
        value, present = source[key], target.get(key)
        if value is None:
            if overwrite:
                target[key] = None
        elif kind(value) == "map" and kind(present) == "map" and present:
            if present is not value:
                _merge(meter, present, value, overwrite=overwrite)
        elif overwrite or is_empty(present):
            target[key] = value


def deep_copy(meter: Meter, value: Any) -> Any:
    """Return a copy of a value, all the way down."""
    if value is None:
        raise FunctionError("reflect: call of reflect.Value.Type on zero Value")
    return _copied(meter, value)


def _copied(meter: Meter, value: Any) -> Any:
    meter.step()
    match kind(value):
        case "map" if not isinstance(value, StringMap):
            return {key: _copied(meter, value[key]) for key in value}
        case "map":
            return StringMap(value, nil=value.nil)
        case "slice" if not isinstance(value, (Slice, bytes)):
            return [_copied(meter, element) for element in value]
        case _:
            return value


_MAP = "map[string]interface {}"
_MERGE = f"func({_MAP}, ...{_MAP}) interface {{}}"

FUNCTIONS: Mapping[str, Function] = {
    "dict": Function(make, f"func(...interface {{}}) {_MAP}", metered=True),
    "get": Function(get, f"func({_MAP}, string) interface {{}}"),
    "set": Function(put, f"func({_MAP}, string, interface {{}}) {_MAP}", mutates=True),
    "unset": Function(unset, f"func({_MAP}, string) {_MAP}", mutates=True),
    "hasKey": Function(has_key, f"func({_MAP}, string) bool"),
    "pluck": Function(pluck, f"func(string, ...{_MAP}) []interface {{}}"),
    "keys": Function(keys, f"func(...{_MAP}) []string"),
    "values": Function(values, f"func({_MAP}) []interface {{}}"),
    "pick": Function(pick, f"func({_MAP}, ...string) {_MAP}"),
    "omit": Function(omit, f"func({_MAP}, ...string) {_MAP}"),
    "dig": Function(dig, "func(...interface {}) interface {}"),
    "merge": Function(merge, _MERGE, metered=True, mutates=True),
    "mustMerge": Function(merge, _MERGE, metered=True, mutates=True),
    "mergeOverwrite": Function(merge_overwrite, _MERGE, metered=True, mutates=True),
    "mustMergeOverwrite": Function(merge_overwrite, _MERGE, metered=True, mutates=True),
    "deepCopy": Function(deep_copy, "func(interface {}) interface {}", metered=True),
    "mustDeepCopy": Function(deep_copy, "func(interface {}) interface {}", metered=True),
}
