"""The functions that Istio adds to Go's templates and sprig's, under Istio's names.

Each does what its namesake in Istio's injector does; where that logs and goes on (text that is no JSON), this goes
on too. `env` reads a mapping that the caller gives, never this process's environment.
"""

from collections.abc import Mapping
from typing import Any, cast

from pillion.inject import mesh
from pillion.inject.gotemplate.functions import Function
from pillion.inject.gotemplate.golang.printing import sprint
from pillion.inject.gotemplate.golang.values import ANY, Pointer, StringMap, is_nil
from pillion.inject.gotemplate.limits import Meter
from pillion.inject.schema.encode import go_json, go_map_json, read_json
from pillion.inject.schema.types import Json, items, section
from pillion.inject.schema.view import GoDuration, MessageView, NilMessage, StructView, plain
from pillion.inject.text import write_text

_STRINGS = "map[string]string"


def _format_duration(value: Any) -> str:
    return go_duration(value.nanoseconds) if isinstance(value, GoDuration) else "0s"


def go_duration(nanoseconds: int) -> str:
    """Write a duration as Go prints it: `1m30s`, `1.5ms`, `0s`."""
    sign, left = ("-" if nanoseconds < 0 else ""), abs(nanoseconds)
    if left < 10**9:
        unit = next(
            (name, size) for name, size in (("ms", 10**6), ("µs", 10**3), ("ns", 1)) if left >= size or size == 1
        )
        return f"{sign}{_decimal(left, unit[1])}{unit[0]}" if left else "0s"
    minutes, rest = divmod(left, 60 * 10**9)
    hours, minutes = divmod(minutes, 60)
    text = f"{_decimal(rest, 10**9)}s"
    if hours or minutes:
        text = f"{minutes}m{text}"
    return f"{sign}{hours}h{text}" if hours else f"{sign}{text}"


def _decimal(value: int, unit: int) -> str:
    whole, rest = divmod(value, unit)
    digits = str(rest).zfill(len(str(unit)) - 1).rstrip("0") if rest else ""
    return f"{whole}.{digits}" if digits else str(whole)


def _isset(found: Mapping[str, str], key: str) -> bool:
    return key in found


def _directory(path: str) -> str:
    return path[: path.rfind("/") + 1]


def _contains(needle: str, haystack: str) -> bool:
    return needle in haystack


def _printed(meter: Meter, value: Any) -> str:
    return value if type(value) is str else sprint(meter, value)


def exclude_inbound_port(meter: Meter, port: Any, excluded: str) -> str:
    """Return a list of ports with one more, unless it has it or the port is 0 or empty."""
    text = _printed(meter, port).strip()
    if text in {"", "0"}:
        return excluded
    ports = excluded.split(",")
    if text in ports:
        return excluded
    return ",".join([*filter(None, (each.strip() for each in ports)), text])


def _value_or_default(value: Any, default: Any) -> Any:
    return default if value is None or (isinstance(value, str) and not value) else value


def _to_json(found: Mapping[str, str]) -> str:
    return go_map_json(dict(found)) if not is_nil(found) else "{}"


def _from_json(text: str) -> Any:
    value = read_json(text)
    return value if value is not None or text.strip() == "null" else "{}"


def indent(spaces: int, text: str) -> str:
    """Return text with every line but the first indented."""
    return text.replace("\n", "\n" + " " * spaces)


def annotation(meter: Meter, metadata: Any, name: str, default: Any) -> str:
    """Return an annotation of the pod's metadata, or the default as Go prints it."""
    found = metadata.Annotations
    return found[name] if name in found else _printed(meter, default)


def append_multus_network(existing: str, network: str) -> str:
    """Return the value of a Multus annotation, plain or JSON, with one more network, unless it has it."""
    if not existing:
        return network
    end = existing.rfind("]")
    if end == -1:
        known = [each.strip() for each in existing.split(",")]
        return existing if network in known else f"{existing}, {network}"
    networks = read_json(existing)
    if not isinstance(networks, list):
        return existing
    namespace, _, name = network.rpartition("/")
    for each in cast(list[Any], networks):
        known = cast(Json, each) if isinstance(each, dict) else {}
        if known.get("name") == name and (known.get("namespace") or "") == namespace:
            return existing
    added = f'{{"name": "{name}"' + (f', "namespace": "{namespace}"' if namespace else "") + "}"
    return f"{existing[:end]}, {added}{existing[end:]}"


def ports_of(container: Json) -> list[str]:
    """Return a container's TCP ports."""
    ports = items(container, "ports")
    return [str(port.get("containerPort", 0)) for port in ports if port.get("protocol") not in {"UDP", "SCTP"}]


def _include_inbound_ports(containers: Any) -> str:
    return ",".join(port for container in plain(containers) for port in ports_of(container))


def _application_ports(containers: Any) -> str:
    others = (container for container in plain(containers) if container.get("name") != "istio-proxy")
    return ",".join(port for container in others for port in ports_of(container))


def _same(text: str) -> str:
    return text


def _struct_to_json(value: Any) -> str:
    if is_nil(value) or isinstance(value, NilMessage):
        return "{}"
    found = plain(value)
    return go_json(found) if isinstance(value, StructView | MessageView | Pointer) else go_map_json(found)


def proto_to_json(value: Any) -> str:
    """Return a message as protobuf's JSON; a ProxyConfig without what is the default."""
    if not isinstance(value, MessageView):
        return "{}"
    document = value.json()
    if value.go_type.endswith(".ProxyConfig"):
        document = mesh.clean_proxy_config(document)
    return go_json(document)


def to_yaml(value: Any) -> str:
    """Return a value as YAML, keys sorted, as Istio's `toYaml` does: with a newline at the end."""
    return write_text(plain(value))


def _to_json_map(*maps: Mapping[str, str]) -> str:
    return go_map_json(dict(_merge_maps(*maps)))


def _omit(found: Mapping[str, str], *keys: str) -> StringMap:
    return StringMap({key: value for key, value in found.items() if key not in keys})


def _strdict(*words: str) -> StringMap:
    values = [*words[1::2], ""]
    return StringMap(dict(zip(words[::2], values, strict=False)))


def _merge_maps(*maps: Mapping[str, str]) -> StringMap:
    merged: dict[str, str] = {}
    for each in maps:
        merged |= each
    return StringMap(merged, nil=not maps)


def omit_nil(value: Any) -> Any:
    """Return a value without nulls, and without the maps and lists that are empty for want of them."""
    if isinstance(value, dict):
        document = cast(Json, value)
        found = {key: omit_nil(item) for key, item in document.items()}
        if all(found[key] is item for key, item in document.items() if item is not None) and None not in found.values():
            return document
        return {key: item for key, item in found.items() if item is not None} or None
    if isinstance(value, list):
        before = cast(list[Any], value)
        after = [omit_nil(item) for item in before]
        if all(new is old and new is not None for new, old in zip(after, before, strict=True)):
            return before
        return [item for item in after if item is not None] or None
    return value


def otel_attributes(
    config: Json, annotations: Mapping[str, str], labels: Mapping[str, str], place: str, pods: Any
) -> str:
    """Return OTEL_RESOURCE_ATTRIBUTES of a pod, if a tracing provider of the mesh asks for semantic conventions."""
    asked = "OTEL_SEMANTIC_CONVENTIONS"
    providers = items(config, "extensionProviders")
    if all(section(each, "opentelemetry").get("serviceAttributeEnrichment") != asked for each in providers):
        return ""
    containers: list[Json] = plain(pods) or []
    prefix = "resource.opentelemetry.io/service."
    instance = f"{place}.$(POD_NAME).{containers[0].get('name', '')}" if containers else ""
    version = labels.get("app.kubernetes.io/version", "") or _image_version(containers)
    if labels.get("app.kubernetes.io/version") == "":
        version = ""
    found = {"namespace": place, "version": version, "instance.id": instance}
    chosen = {key: annotations.get(prefix + key) or value for key, value in found.items()}
    return ",".join(f"service.{key}={value}" for key, value in chosen.items() if value)


def _image_version(containers: list[Json]) -> str:
    if len(containers) != 1:
        return ""
    name, at, digest = str(containers[0].get("image", "")).partition("@")
    last = name.rsplit("/", 1)[-1]
    tag = last.rsplit(":", 1)[1] if ":" in last else ""
    return f"{tag}@{digest}" if tag and at else (digest or tag)


def _otel(config: Any, annotations: Any, labels: Any, place: str, containers: Any) -> str:
    document = config.document if isinstance(config, MessageView) else {}
    return otel_attributes(document, annotations, labels, place, containers)


def environment_function(environment: Mapping[str, str]) -> Function:
    """Return `env` for an environment; an empty variable counts as none."""

    def env(name: str, default: str) -> str:
        return environment.get(name) or default

    return Function(env, "func(string, string) string")


FUNCTIONS: dict[str, Function] = {
    "annotation": Function(annotation, f"func(v1.ObjectMeta, string, {ANY}) string", metered=True),
    "appendMultusNetwork": Function(append_multus_network, "func(string, string) string"),
    "applicationPorts": Function(_application_ports, "func([]v1.Container) string"),
    "contains": Function(_contains, "func(string, string) bool"),
    "directory": Function(_directory, "func(string) string"),
    "env": environment_function({}),
    "excludeInboundPort": Function(exclude_inbound_port, f"func({ANY}, string) string", metered=True),
    "excludeInterfaces": Function(_same, "func(string) string"),
    "formatDuration": Function(_format_duration, "func(*durationpb.Duration) string"),
    "fromJSON": Function(_from_json, f"func(string) {ANY}"),
    "includeInboundPorts": Function(_include_inbound_ports, "func([]v1.Container) string"),
    "indent": Function(indent, "func(int, string) string"),
    "isset": Function(_isset, f"func({_STRINGS}, string) bool"),
    "kubevirtInterfaces": Function(_same, "func(string) string"),
    "mergeMaps": Function(_merge_maps, f"func(...{_STRINGS}) {_STRINGS}"),
    "omit": Function(_omit, f"func({_STRINGS}, ...string) {_STRINGS}"),
    "omitNil": Function(omit_nil, f"func({ANY}) {ANY}"),
    "otelResourceAttributes": Function(_otel, f"func({ANY}, {_STRINGS}, {_STRINGS}, string, []v1.Container) string"),
    "protoToJSON": Function(proto_to_json, f"func({ANY}) string"),
    "strdict": Function(_strdict, f"func(...string) {_STRINGS}"),
    "structToJSON": Function(_struct_to_json, f"func({ANY}) string"),
    "toJSON": Function(_to_json, f"func({_STRINGS}) string"),
    "toJsonMap": Function(_to_json_map, f"func(...{_STRINGS}) string"),
    "toLower": Function(str.lower, "func(string) string"),
    "toYaml": Function(to_yaml, f"func({ANY}) string"),
    "valueOrDefault": Function(_value_or_default, f"func({ANY}, {ANY}) {ANY}"),
}
