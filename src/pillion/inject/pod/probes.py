"""Kubelet's probes, answered by the agent: outside the mesh the kubelet cannot reach an application behind mTLS.

A probe of an application container by HTTP, TCP or gRPC (and a lifecycle hook by HTTP or TCP) becomes an HTTP
request to the agent's port and a path of its own; what it was goes into the environment of the proxy, as
`ISTIO_KUBE_APP_PROBERS`.
"""

from typing import Any, NamedTuple, cast

from pillion.inject.pod.containers import PROXY, annotations, everything, find, listed, with_environment, with_spec
from pillion.inject.schema.encode import encoded, go_json, go_map_json, read_json
from pillion.inject.schema.types import Json, items, section, table

VARIABLE = "ISTIO_KUBE_APP_PROBERS"
STATUS = "sidecar.istio.io/status"
_SETTING = "sidecar.istio.io/rewriteAppHTTPProbers"
_PORT = "status.sidecar.istio.io/port"

_PROBES = {"readinessProbe": "readyz", "livenessProbe": "livez", "startupProbe": "startupz"}
_HOOKS = {"preStop": "prestopz", "postStart": "poststartz"}
_ACTIONS = {"httpGet": "HTTPGetAction", "tcpSocket": "TCPSocketAction", "grpc": "GRPCAction"}
_PROBE_ACTIONS = ("httpGet", "tcpSocket", "grpc")
_HOOK_ACTIONS = ("httpGet", "tcpSocket")

TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


def wanted(found: dict[str, str], *, by_default: bool) -> bool:
    """Return whether probes are rewritten: the annotation says so, or else the settings do."""
    value = found.get(_SETTING)
    return value in TRUE if value in TRUE | FALSE else by_default


def rewritten(pod: Json, status_port: int, *, by_default: bool) -> Json:
    """Return the pod with its probes sent to the agent, if there is one to send them to."""
    proxy = find(PROXY, pod)
    found = annotations(pod)
    if proxy is None or not wanted(found, by_default=by_default):
        return pod
    probers = dump(pod, status_port)
    if probers:
        environment = merge_or_append(items(proxy, "env"), probers, merge=STATUS in found)
        pod = with_environment(pod, proxy, environment)
    return _redirected(pod, _agent_port(found, status_port))


def _agent_port(found: dict[str, str], default: int) -> int:
    text = found.get(_PORT, str(default)).strip()
    return int(text) if text.isascii() and text.isdigit() else 0


def dump(pod: Json, status_port: int) -> str:
    """Return the probes to remember, as JSON by the path of each; empty when there are none.

    A named port becomes its number; a probe of a name that no port has is left out, as is one that is rewritten
    already.
    """
    probers: Json = {}
    for container in everything(pod):
        if container.get("name") == PROXY:
            continue
        ports = {port["name"]: port.get("containerPort", 0) for port in items(container, "ports") if port.get("name")}
        for field, path in _PROBES.items():
            _remember(probers, container, container.get(field), path, _Ports(ports, status_port, _PROBE_ACTIONS))
        for field, path in _HOOKS.items():
            hook = section(container, "lifecycle").get(field)
            _remember(probers, container, hook, path, _Ports(ports, status_port, _HOOK_ACTIONS))
    return go_json(dict(sorted(probers.items()))) if probers else ""


class _Ports(NamedTuple):
    """What a probe is read with: the container's named ports, the agent's port, the actions that count."""

    named: dict[str, int]
    status: int
    actions: tuple[str, ...]


def _path(container: Json, action: str) -> str:
    root = "app-lifecycle" if action in _HOOKS.values() else "app-health"
    return f"/{root}/{container.get('name', '')}/{action}"


def _remember(probers: Json, container: Json, probe: Any, path: str, ports: _Ports) -> None:
    prober = _prober(probe, ports)
    if prober is not None:
        probers[_path(container, path)] = prober


def _prober(probe: Any, ports: _Ports) -> Json | None:
    if not isinstance(probe, dict):
        return None
    document = cast(Json, probe)
    action = next((name for name in ports.actions if isinstance(document.get(name), dict)), None)
    if action is None:
        return None
    body = section(document, action)
    if action != "grpc":
        port = body.get("port", 0)
        if isinstance(port, str):
            if port not in ports.named:
                return None
            body = body | {"port": ports.named[port]}
        elif port == ports.status:
            return None
    kubernetes = table("kubernetes")
    prober: Json = {action: encoded(kubernetes, body, kubernetes.structs[_ACTIONS[action]])}
    if document.get("timeoutSeconds") and "exec" not in document:
        prober["timeoutSeconds"] = document["timeoutSeconds"]
    return prober


def merge_or_append(environment: list[Json], probers: str, *, merge: bool) -> list[Json]:
    """Return the environment with the probers; a pod that was injected before keeps those that it remembers."""
    added: Json = {"name": VARIABLE, "value": probers}
    if not merge:
        return [*environment, added]
    for index, variable in enumerate(environment):
        if variable.get("name") == VARIABLE:
            known = read_json(variable.get("value", ""))
            if not isinstance(known, dict):
                return environment
            text = go_map_json(cast(Json, read_json(probers)) | cast(Json, known))
            return [*environment[:index], {"name": VARIABLE, "value": text}, *environment[index + 1 :]]
    return [*environment, added]


def _redirected(pod: Json, port: int) -> Json:
    for group in ("containers", "initContainers"):
        before = listed(pod, group)
        after = [item if item.get("name") == PROXY else redirect(item, port) for item in before]
        if any(new is not old for new, old in zip(after, before, strict=True)):
            pod = with_spec(pod, **{group: after})
    return pod


def redirect(container: Json, port: int) -> Json:
    """Return a container whose probes ask the agent on this port."""
    changed: Json = {}
    for field, path in _PROBES.items():
        probe = _asks_agent(container.get(field), _path(container, path), port, _PROBE_ACTIONS)
        if probe is not None:
            changed[field] = probe
    lifecycle = section(container, "lifecycle")
    hooks: Json = {}
    for field, path in _HOOKS.items():
        hook = _asks_agent(lifecycle.get(field), _path(container, path), port, _HOOK_ACTIONS)
        if hook is not None:
            hooks[field] = hook
    if hooks:
        changed["lifecycle"] = lifecycle | hooks
    return container | changed if changed else container


def _asks_agent(probe: Any, path: str, port: int, actions: tuple[str, ...]) -> Json | None:
    if not isinstance(probe, dict):
        return None
    document = cast(Json, probe)
    action = next((name for name in actions if isinstance(document.get(name), dict)), None)
    if action is None:
        return None
    request = section(document, "httpGet") if action == "httpGet" else {}
    request = request | {"path": path, "port": port}
    if request.get("scheme") == "HTTPS":
        request["scheme"] = "HTTP"
    return {key: value for key, value in document.items() if key != action} | {"httpGet": request}
