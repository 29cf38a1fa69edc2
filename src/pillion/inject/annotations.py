"""What a pod's annotations may say: each is checked before a template reads it, as Istio does."""

import ipaddress
import re
from collections.abc import Callable

from pillion.inject import mesh
from pillion.inject.pod.probes import FALSE, TRUE
from pillion.inject.schema.quantity import canonical
from pillion.inject.schema.types import Json
from pillion.inject.text import read_text

_INTERFACE = re.compile(r"[a-zA-Z][a-zA-Z0-9_.\-]*")

_ADDRESS = re.compile(r"unix:/.+|(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_.\-]+):[0-9]{1,5}")

Check = Callable[[str], str | None]
"""Returns what is wrong with a value, or `None`."""


def _port_list(what: str, *, star: bool) -> Check:
    def check(value: str) -> str | None:
        if (star and value == "*") or not value.strip():
            return None
        bad = next((port for port in value.strip().split(",") if not _is_uint(port.strip(), 65535)), None)
        return f"{what} invalid: {bad!r} is no port number" if bad is not None else None

    return check


def _is_uint(text: str, highest: int) -> bool:
    return re.fullmatch(r"[0-9]{1,10}", text) is not None and int(text) <= highest


def _mode(value: str) -> str | None:
    return (
        None
        if value in {"REDIRECT", "TPROXY", "NONE"}
        else f"interceptionMode invalid, use REDIRECT,TPROXY,NONE: {value}"
    )


def _status_port(value: str) -> str | None:
    return None if _is_uint(value.strip(), 65535) else f"excludeInboundPorts invalid: {value!r} is no port number"


def _uint32(value: str) -> str | None:
    return None if _is_uint(value, 2**32 - 1) else f"{value!r} is no non-negative integer"


def _ranges(what: str, *, star: bool) -> Check:
    def check(value: str) -> str | None:
        if not value or (star and value == "*"):
            return None
        bad = next((cidr for cidr in value.split(",") if not _is_cidr(cidr)), None)
        return f"{what} invalid: {bad!r} is no CIDR such as 10.0.0.0/8" if bad is not None else None

    return check


def _is_cidr(text: str) -> bool:
    if not re.fullmatch(r"[0-9a-fA-F:.]+/(0|[1-9][0-9]*)", text):
        return False
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _interfaces(value: str) -> str | None:
    for name in (part.strip() for part in value.split(",")) if value else ():
        if not name:
            return "empty interface name"
        if len(name) > 15:
            return f"interface name {name!r} too long (max 15 chars)"
        if not _INTERFACE.fullmatch(name):
            return f"interface name {name!r} contains invalid characters"
    return None


def _bool(value: str) -> str | None:
    return None if value in TRUE | FALSE else f"{value!r} is neither true nor false"


def _quantity(value: str) -> str | None:
    if any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in value):
        return "value contains control characters"
    return None if canonical(value) is not None else f"{value!r} is no quantity such as 100m or 128Mi"


def _proxy_config(value: str) -> str | None:
    document, problem = read_text(value)
    if problem:
        return f"proxy config invalid: {problem}"
    reading = mesh.read_proxy_config(document or {})
    if reading.problems:
        path, text = reading.problems[0]
        return f"proxy config invalid: {'.'.join(map(str, path))}: {text}"
    return _config_values(mesh.merge_proxy_config(reading.document, mesh.default_proxy_config()))


def _config_values(config: Json) -> str | None:
    for field in ("configPath", "binaryPath", "discoveryAddress"):
        if not config.get(field):
            return f"proxy config invalid: {field} must be set"
    for field in ("proxyAdminPort", "statusPort"):
        if not 1 <= config[field] <= 65535:
            return f"proxy config invalid: {field} {config[field]} is no port number"
    for field in ("discoveryAddress", "statsdUdpAddress"):
        if config.get(field) and not _ADDRESS.fullmatch(config[field]):
            return (
                f"proxy config invalid: {field} {config[field]!r} is no address such as istiod.istio-system.svc:15012"
            )
    return None


CHECKS: dict[str, Check] = {
    "sidecar.istio.io/interceptionMode": _mode,
    "status.sidecar.istio.io/port": _status_port,
    "readiness.status.sidecar.istio.io/initialDelaySeconds": _uint32,
    "readiness.status.sidecar.istio.io/periodSeconds": _uint32,
    "readiness.status.sidecar.istio.io/failureThreshold": _uint32,
    "traffic.sidecar.istio.io/includeOutboundIPRanges": _ranges("includeIPRanges", star=True),
    "traffic.sidecar.istio.io/excludeOutboundIPRanges": _ranges("excludeIPRanges", star=False),
    "traffic.sidecar.istio.io/includeInboundPorts": _port_list("includeInboundPorts", star=True),
    "traffic.sidecar.istio.io/excludeInboundPorts": _port_list("excludeInboundPorts", star=False),
    "traffic.sidecar.istio.io/excludeOutboundPorts": _port_list("excludeOutboundPorts", star=False),
    "traffic.sidecar.istio.io/excludeInterfaces": _interfaces,
    "traffic.sidecar.istio.io/kubevirtInterfaces": _interfaces,
    "istio.io/reroute-virtual-interfaces": _interfaces,
    "prometheus.istio.io/merge-metrics": _bool,
    "proxy.istio.io/config": _proxy_config,
    "sidecar.istio.io/proxyCPU": _quantity,
    "sidecar.istio.io/proxyMemory": _quantity,
    "sidecar.istio.io/proxyCPULimit": _quantity,
    "sidecar.istio.io/proxyMemoryLimit": _quantity,
}


def problems(found: dict[str, str]) -> list[tuple[str, str]]:
    """Return the annotations that cannot be used, each with a sentence that says why."""
    wrong: list[tuple[str, str]] = []
    for name, value in found.items():
        check = CHECKS.get(name)
        problem = check(value) if check and isinstance(value, str) else None  # pyright: ignore[reportUnnecessaryIsInstance]
        if problem:
            wrong.append((name, f"invalid value {value!r} for annotation '{name}': {problem}"))
    return wrong
