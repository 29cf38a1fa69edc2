"""A container's environment, and `$(VAR)` in its command, as Kubernetes computes them.

A variable may refer to those before it by `$(NAME)`; `$$` is a dollar sign; an unknown reference stays as written.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from pillion.local.kubelet.spec.pod import Container, EnvVar, FieldRef, Pod, ResourceFieldRef
from pillion.value import FrozenMap, Value

Lookup = Callable[[str, str], Mapping[str, str] | None]
"""(`ConfigMap` or `Secret`, name) -> its keys, or None when there is no such object in the pod's namespace."""

REFERENCE = re.compile(r"\$(\$|\(([^()]*)\))")
SUBSCRIPT = re.compile(r"^(metadata\.(?:labels|annotations))\['(.*)'\]$")
SUFFIXES = {
    "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60,
}  # fmt: skip
NODE_RESOURCES = {"cpu": 1.0, "memory": 2.0**30}


class PodFacts(Value):
    """What is known of a pod only when it runs."""

    node_name: str = ""
    host_ip: str = ""
    pod_ips: tuple[str, ...] = ()
    cpus: float = 1.0
    """What `limits.cpu` is for a container that sets none: all of the machine's."""
    memory: float = 2.0**30
    """The same for `limits.memory`, in bytes."""


class MissingReferenceError(Exception):
    """A ConfigMap, Secret, key or field that does not exist: the container cannot be made yet."""


def expand(text: str, known: Mapping[str, str]) -> str:
    """Replace `$(NAME)` by a known variable and `$$` by `$`."""

    def one(match: re.Match[str]) -> str:
        if match[1] == "$":
            return "$"
        return known.get(match[2], match[0])

    return REFERENCE.sub(one, text)


def environment(
    container: Container, pod: Pod, facts: PodFacts, lookup: Lookup, base: Mapping[str, str]
) -> FrozenMap[str]:
    """Compute a container's variables over those of `base`; raise MissingReferenceError for what is not there."""
    found = dict(base)
    for source in container.env_from:
        for kind, reference in (("ConfigMap", source.config_map_ref), ("Secret", source.secret_ref)):
            if reference:
                data = lookup(kind, reference.name)
                if data is None and not reference.optional:
                    raise MissingReferenceError(f"{kind} {reference.name} not found")
                found |= {source.prefix + key: value for key, value in (data or {}).items()}
    for variable in container.env:
        value = _value_of(variable, container, pod, facts, lookup)
        if value is not None:
            found[variable.name] = expand(value, found) if variable.value_from is None else value
    return FrozenMap(found)


def _value_of(variable: EnvVar, container: Container, pod: Pod, facts: PodFacts, lookup: Lookup) -> str | None:
    source = variable.value_from
    if source is None:
        return variable.value
    if source.field_ref:
        return field_of(source.field_ref, pod, facts)
    if source.resource_field_ref:
        return resource_of(source.resource_field_ref, container, pod, facts)
    for kind, reference in (("ConfigMap", source.config_map_key_ref), ("Secret", source.secret_key_ref)):
        if reference:
            data = lookup(kind, reference.name)
            if data is not None and reference.key in data:
                return data[reference.key]
            if reference.optional:
                return None
            what = f"{kind} {reference.name} not found" if data is None else f"{kind} {reference.name} has no key"
            raise MissingReferenceError(what if data is None else f"{what} {reference.key}")
    return variable.value


def field_of(reference: FieldRef, pod: Pod, facts: PodFacts) -> str:
    """Return a field of the pod; a whole map has one `key="value"` on each line."""
    path = reference.field_path
    maps = {"metadata.labels": pod.metadata.labels, "metadata.annotations": pod.metadata.annotations}
    if subscript := SUBSCRIPT.match(path):
        return maps[subscript[1]].get(subscript[2], "")
    if path in maps:
        return "\n".join(f"{key}={_quoted(value)}" for key, value in maps[path].items())
    fields: dict[str, str] = {
        "metadata.name": pod.metadata.name,
        "metadata.namespace": pod.metadata.namespace,
        "metadata.uid": pod.metadata.uid,
        "spec.nodeName": facts.node_name,
        "spec.serviceAccountName": pod.spec.service_account_name,
        "status.hostIP": facts.host_ip,
        "status.hostIPs": facts.host_ip,
        "status.podIP": facts.pod_ips[0] if facts.pod_ips else "",
        "status.podIPs": ",".join(facts.pod_ips),
    }
    if path not in fields:
        raise MissingReferenceError(f"field {path} is not one that a container may ask for")
    return fields[path]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def resource_of(reference: ResourceFieldRef, container: Container, pod: Pod, facts: PodFacts) -> str:
    """Return a limit or request in units of the divisor, rounded up; without a limit it is the machine's."""
    if reference.container_name and reference.container_name != container.name:
        others = (*pod.spec.containers, *pod.spec.init_containers)
        container = next((one for one in others if one.name == reference.container_name), container)
    which, _, resource = reference.resource.partition(".")
    table = container.resources.limits if which == "limits" else container.resources.requests
    written: Any = table.get(resource)
    machine = {"cpu": facts.cpus, "memory": facts.memory}
    amount = machine.get(resource, 0.0) if which == "limits" else 0.0
    if written is not None:
        amount = quantity(str(written))
    divisor = quantity(str(reference.divisor)) or 1
    return str(math.ceil(round(amount / divisor, 9)))


def quantity(text: str) -> float:
    """Read a Kubernetes quantity: `100m`, `1.5`, `128Mi`, `1e3`; what is none counts as 0."""
    found = re.fullmatch(r"([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([numkKMGTPE]?i?)", text.strip())
    if not found or found[2] not in SUFFIXES:
        return 0.0
    try:
        return float(found[1]) * SUFFIXES[found[2]]
    except ValueError:
        return 0.0
