"""The containers of a pod, by name."""

from collections.abc import Iterable
from typing import Any, Literal

from pillion.inject.schema.types import Json, items, section

PROXY = "istio-proxy"
VALIDATION = "istio-validation"
INIT = "istio-init"
CORE_DUMP = "enable-core-dump"


def listed(pod: Json, group: str) -> list[Json]:
    """Return the maps of a list of the pod's spec; an absent list is empty."""
    return items(section(pod, "spec"), group)


def everything(pod: Json) -> list[Json]:
    """Return the init containers, then the containers."""
    return listed(pod, "initContainers") + listed(pod, "containers")


def named(name: str, containers: Iterable[Json]) -> Json | None:
    """Return the first container of this name."""
    return next((container for container in containers if container.get("name") == name), None)


def find(name: str, pod: Json) -> Json | None:
    """Return the container of this name: one of the containers, else one of the init containers."""
    return named(name, listed(pod, "containers")) or named(name, listed(pod, "initContainers"))


def with_spec(pod: Json, **fields: Any) -> Json:
    """Return the pod with some fields of its spec set."""
    return pod | {"spec": section(pod, "spec") | fields}


def replace(pod: Json, old: Json, new: Json) -> Json:
    """Return the pod with one container, the very object `old`, replaced."""
    for group in ("containers", "initContainers"):
        containers = listed(pod, group)
        if any(container is old for container in containers):
            return with_spec(pod, **{group: [new if container is old else container for container in containers]})
    return pod


def annotations(pod: Json) -> dict[str, str]:
    """Return the pod's annotations."""
    return section(pod, "metadata", "annotations")


def labels(pod: Json) -> dict[str, str]:
    """Return the pod's labels."""
    return section(pod, "metadata", "labels")


def with_metadata(pod: Json, **fields: Any) -> Json:
    """Return the pod with some fields of its metadata set."""
    return pod | {"metadata": section(pod, "metadata") | fields}


def with_annotations(pod: Json, added: dict[str, str]) -> Json:
    """Return the pod with these annotations added."""
    return with_metadata(pod, annotations=annotations(pod) | added) if added else pod


def with_environment(pod: Json, container: Json, environment: list[Json]) -> Json:
    """Return the pod with the environment of one container replaced."""
    return replace(pod, container, container | {"env": environment})


def move(containers: list[Json], name: str, place: Literal["first", "last", "away"]) -> list[Json]:
    """Return the list with the container of this name moved, or taken away."""
    others = [container for container in containers if container.get("name") != name]
    match = [container for container in containers if container.get("name") == name][-1:]
    if place == "away" or not match:
        return others
    return match + others if place == "first" else others + match


def ordered(pod: Json, *, hold: bool) -> Json:
    """Put the proxy where it must start: last, or first if the application waits for it.

    As a native sidecar it comes right after the rules (init, proxy, the user's); else the rules come after the user's
    init containers, so that those still reach the network, and a validation comes before them, so that it blocks
    them.
    """
    containers = move(listed(pod, "containers"), PROXY, "first" if hold else "last")
    init = listed(pod, "initContainers")
    if named(PROXY, init) is not None:
        for name in (CORE_DUMP, PROXY, VALIDATION, INIT):
            init = move(init, name, "first")
    else:
        init = move(init, VALIDATION, "first")
        init = move(init, INIT, "last")
        init = move(init, CORE_DUMP, "last")
    pod = with_spec(pod, containers=containers)
    return with_spec(pod, initContainers=init) if init else pod
