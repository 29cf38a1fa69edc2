"""A document against the CRD of its kind."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, Literal, cast, get_args, get_origin, get_type_hints

import msgspec

from pillion.resources.admission.limits import LIMITS, PORT, REQUIRED, Limit
from pillion.resources.admission.rules import OF_FIELDS, OF_OBJECTS, Rule
from pillion.resources.decode import decode
from pillion.resources.duration import Duration, parse_duration
from pillion.resources.istio.destination_rule import HTTPCookie, TCPSettings
from pillion.resources.istio.extension import TrafficSelector, WasmTrafficSelector
from pillion.resources.kinds import KINDS, is_istio_group
from pillion.resources.schema import Findings, find, kind_of
from pillion.value import Diagnostic, Diagnostics, FrozenMap, Origin, Path

_SCALARS = (bool, int, float)
_ENDLESS = {(TCPSettings, "idleTimeout"), (HTTPCookie, "ttl")}
"""Durations that may be nothing at all."""


def admit(document: Mapping[str, Any], origin: Origin | None = None) -> Diagnostics:
    """Say what the API server would refuse of an Istio resource; other kinds are decoded only.

    An unknown field is an error here, as `kubectl apply` has it by default.
    """
    _, found = decode(document, origin)
    api_version, kind = str(document.get("apiVersion")), str(document.get("kind"))
    group = api_version.rpartition("/")[0]
    if not is_istio_group(group) or (group, kind) not in KINDS:
        return found
    findings: Findings = []
    cls = KINDS[group, kind][0]
    _check_object(cls, {"spec": document["spec"]} if "spec" in document else {}, (), findings)
    resource = found[0].where.resource if found else ""
    replace = msgspec.structs.replace
    own = tuple(replace(d, where=replace(d.where, origin=origin, resource=resource)) for d in findings)
    return (*(_stricter(diagnostic) for diagnostic in found), *own)


def _stricter(diagnostic: Diagnostic) -> Diagnostic:
    if diagnostic.code != "unknown-field":
        return diagnostic
    return msgspec.structs.replace(diagnostic, severity="error")


@cache
def _fields_of(cls: type[msgspec.Struct]) -> Mapping[str, Any]:
    hints = get_type_hints(cls, include_extras=True)
    fields = {
        spelt: hints[name] for name, spelt in zip(cls.__struct_fields__, cls.__struct_encode_fields__, strict=True)
    }
    return fields | {name: hints[name] for name in getattr(cls, "ALIASES", ())}


def _check_object(cls: type[msgspec.Struct], fields: Mapping[str, Any], path: Path, findings: Findings) -> None:
    for name in REQUIRED.get(cls, ()):
        if name not in fields:
            find(findings, "required", (*path, name), f"{name} is needed")
    _check_rules(OF_OBJECTS.get(cls, ()), fields, path, findings)
    limits = LIMITS.get(cls, {})
    for name, annotation in _fields_of(cls).items():
        if name not in fields or name == "metadata":
            continue
        value, place = fields[name], (*path, name)
        if value is None:
            if not _is_nullable(cls, annotation):
                find(findings, "wrong-type", place, "is null, expected a value")
            continue
        _check_limit(limits.get(name), value, place, findings)
        _check_value(annotation, value, place, findings)
        _check_rules(OF_FIELDS.get((cls, name), ()), value, place, findings)
        if isinstance(value, str) and _bare(annotation) is Duration and (cls, name) not in _ENDLESS:
            _check_duration(value, place, findings)
    if cls in {WasmTrafficSelector, TrafficSelector}:
        _check_port_numbers(fields, path, findings)


def _check_value(annotation: Any, value: Any, path: Path, findings: Findings) -> None:
    """Go on inside a value, and refuse what JSON allows and a CRD does not: nulls in lists, numbers for enums."""
    bare = _bare(annotation)
    origin, arguments = get_origin(bare), get_args(bare)
    if origin is tuple and isinstance(value, list):
        _check_items(arguments[0], dict(enumerate(cast("list[Any]", value))), path, findings)
    elif origin is FrozenMap and isinstance(value, Mapping):
        _check_items(arguments[0], cast(Mapping[str, Any], value), path, findings)
    elif origin is Literal and not isinstance(value, str):
        find(findings, "wrong-type", path, f"is {kind_of(value)}, expected one of {', '.join(arguments)}")
    elif isinstance(bare, type) and issubclass(bare, msgspec.Struct) and isinstance(value, Mapping):
        _check_object(bare, cast(Mapping[str, Any], value), path, findings)


def _check_items(annotation: Any, items: Mapping[Any, Any], path: Path, findings: Findings) -> None:
    for key, item in items.items():
        if item is None:
            find(findings, "wrong-type", (*path, key), "is null, expected a value")
        else:
            _check_value(annotation, item, (*path, key), findings)


def _check_limit(limit: Limit | None, value: Any, path: Path, findings: Findings) -> None:
    if limit is None:
        return
    if problem := limit.problem(value):
        find(findings, "out-of-range", path, problem)
    if limit.each is not None and isinstance(value, list | dict):
        items = cast("dict[Any, Any]", value if isinstance(value, dict) else dict(enumerate(cast("list[Any]", value))))
        for key, item in items.items():
            _check_limit(limit.each, item, (*path, key), findings)


def _check_rules(rules: tuple[Rule, ...], value: Any, path: Path, findings: Findings) -> None:
    for rule in rules:
        if problem := _tolerant(rule, value):
            find(findings, "rule", path, problem)


def _tolerant(rule: Callable[[Any], str | None], value: Any) -> str | None:
    """Apply a rule to a value that may be of another type than the rule expects, which is told elsewhere."""
    try:
        return rule(value)
    except (TypeError, AttributeError):
        return None


def _check_duration(value: str, path: Path, findings: Findings) -> None:
    duration = parse_duration(value)
    if duration is not None and duration.nanoseconds < 10**6:
        find(findings, "rule", path, f"is {value}, expected at least 1ms")


def _check_port_numbers(fields: Mapping[str, Any], path: Path, findings: Findings) -> None:
    ports = fields.get("ports")
    for index, port in enumerate(cast("list[Any]", ports) if isinstance(ports, list) else []):
        number = cast(Mapping[str, Any], port).get("number") if isinstance(port, Mapping) else None
        if number is None:
            find(findings, "required", (*path, "ports", index, "number"), "number is needed")
        else:
            _check_limit(PORT, number, (*path, "ports", index, "number"), findings)


def _bare(annotation: Any) -> Any:
    """Take `None` and bounds off a type."""
    if type(None) in get_args(annotation):
        members = [member for member in get_args(annotation) if member is not type(None)]
        return _bare(members[0]) if len(members) == 1 else annotation
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _is_nullable(cls: type[msgspec.Struct], annotation: Any) -> bool:
    """Return whether null stands for absent: in wrappers of numbers and booleans, outside of a oneof."""
    if type(None) not in get_args(annotation) or _bare(annotation) not in _SCALARS:
        return False
    grouped = {name for group in getattr(cls, "ONEOFS", ()) for name in group}
    hints = get_type_hints(cls, include_extras=True)
    return not any(hints[name] == annotation for name in grouped)
