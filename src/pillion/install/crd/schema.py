"""A resource's type as the schema that an API server holds documents to (OpenAPI v3, structural).

The schema says what `resources.schema` and `resources.admission` say: types, enums, needs, sizes, patterns,
which fields exclude each other, and which may be null.
"""

import types
from functools import cache
from itertools import combinations
from typing import Annotated, Any, Literal, cast, get_args, get_origin, get_type_hints

import msgspec

from pillion.install.crd.cel import ENDLESS, KEYS, OF_FIELDS, OF_ITEMS, OF_OBJECTS, TELLS_TIME, Rule
from pillion.resources.admission.limits import LIMITS, PORT, REQUIRED, Limit
from pillion.resources.duration import Duration
from pillion.resources.frozen import FrozenJson
from pillion.resources.istio.workload import PortSelector
from pillion.value import FrozenMap

Schema = dict[str, Any]

NEEDED: dict[type, tuple[str, ...]] = {PortSelector: ("number",)}
"""Fields that must be there where they tell the items of a list apart."""
_ANYTHING: Schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_SCALARS: dict[Any, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    Duration: {"type": "string"},
}


def schema_of(resource: type[msgspec.Struct]) -> Schema:
    """Write the schema of a kind: `spec` by its type; `status` may hold anything."""
    spec = dict(_of_field(resource, "spec", get_type_hints(resource, include_extras=True)["spec"]))
    schema: Schema = {"type": "object", "properties": {"spec": spec, "status": dict(_ANYTHING)}}
    if needed := REQUIRED.get(resource):
        schema["required"] = list(needed)
    return schema


@cache
def _of_struct(cls: type[msgspec.Struct]) -> Schema:
    hints = get_type_hints(cls, include_extras=True)
    spelt = dict(zip(cls.__struct_fields__, cls.__struct_encode_fields__, strict=True))
    names = {spelt[name]: hints[name] for name in spelt} | {name: hints[name] for name in getattr(cls, "ALIASES", ())}
    alternatives = {spelt[name] for group in getattr(cls, "ONEOFS", ()) for name in group}
    properties = {name: _of_field(cls, name, hint) for name, hint in names.items()}
    for name, hint in names.items():
        # A wrapper that is one of several alternatives is chosen by being there at all.
        if _is_wrapper(hint) and name not in alternatives:
            properties[name]["nullable"] = True
    schema: Schema = {"type": "object", "properties": properties}
    if cls is PortSelector:
        properties["number"] = _limited(properties["number"], PORT)
    if needed := NEEDED.get(cls, REQUIRED.get(cls)):
        schema["required"] = list(needed)
    if apart := _excluded(tuple(tuple(spelt[name] for name in group) for group in getattr(cls, "ONEOFS", ()))):
        schema["not"] = {"anyOf": apart}
    return _ruled(schema, OF_OBJECTS.get(cls, ()))


def _of_field(cls: type[msgspec.Struct], name: str, hint: Any) -> Schema:
    schema = _limited(_of_type(hint), LIMITS.get(cls, {}).get(name))
    rules = OF_FIELDS.get((cls, name), ())
    if _bare(hint) is Duration and (cls, name) not in ENDLESS:
        rules = (*rules, TELLS_TIME)
    schema = _ruled(schema, rules)
    inner = "items" if "items" in schema else "additionalProperties"
    if item_rules := OF_ITEMS.get((cls, name)):
        schema[inner] = _ruled(schema[inner], item_rules)
    if key := KEYS.get((cls, name)):
        schema |= {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [key]}
    return schema


def _of_type(hint: Any) -> Schema:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _of_annotated(arguments)
    if hint == FrozenJson:
        return dict(_ANYTHING)
    if origin is types.UnionType or type(None) in arguments:
        return _of_type(_bare(hint))
    if origin is Literal:
        return {"type": "string", "enum": [choice for choice in arguments if choice]}
    if origin is tuple:
        return {"type": "array", "items": _of_type(arguments[0])}
    if origin is FrozenMap:
        return {"type": "object", "additionalProperties": _of_type(arguments[0])}
    if hint in _SCALARS:
        return dict(_SCALARS[hint])
    return dict(_of_struct(cast(type[msgspec.Struct], hint)))


def _of_annotated(arguments: tuple[Any, ...]) -> Schema:
    schema = _of_type(arguments[0])
    if isinstance(arguments[1], msgspec.Meta):
        schema |= {"minimum": arguments[1].ge, "maximum": arguments[1].le}
    return schema


def _limited(schema: Schema, limit: Limit | None) -> Schema:
    if limit is None:
        return schema
    sizes = {"string": "Length", "array": "Items", "object": "Properties"}
    size = sizes.get(str(schema.get("type")))
    found: Schema = {"minimum": limit.at_least, "maximum": limit.at_most, "pattern": limit.pattern and _whole(limit)}
    if size is not None:
        found |= {f"min{size}": limit.shortest or None, f"max{size}": limit.longest}
    made = schema | {key: value for key, value in found.items() if value not in {None, ""}}
    inner = "items" if made.get("type") == "array" else "additionalProperties"
    if limit.each is not None and inner in made:
        made[inner] = _limited(made[inner], limit.each)
    return made


def _whole(limit: Limit) -> str:
    return f"^(?:{limit.pattern})$"


def _ruled(schema: Schema, rules: tuple[Rule, ...]) -> Schema:
    if not rules:
        return schema
    written = [{"rule": rule.expression, "message": rule.message} for rule in rules]
    return schema | {"x-kubernetes-validations": [*schema.get("x-kubernetes-validations", ()), *written]}


def _excluded(groups: tuple[tuple[str, ...], ...]) -> list[Schema]:
    """Name the pairs of fields that do not go together."""
    return [{"required": list(pair)} for group in groups for pair in combinations(group, 2)]


def _bare(hint: Any) -> Any:
    """Take `None` off a type."""
    members = [member for member in get_args(hint) if member is not type(None)]
    return members[0] if type(None) in get_args(hint) and len(members) == 1 else hint


def _is_wrapper(hint: Any) -> bool:
    """Return whether a field is a number or a boolean for which null stands for absent."""
    bare = _bare(hint)
    if bare is hint:
        return False
    inner = get_args(bare)[0] if get_origin(bare) is Annotated else bare
    return inner in {bool, int, float}
