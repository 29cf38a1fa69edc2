"""What the pod says about its application: its probes, and where it serves metrics.

The injector rewrites each probe to `/app-health/CONTAINER/readyz|livez|startupz` on the status port, and puts the
original ones into ISTIO_KUBE_APP_PROBERS.
"""

import json
from typing import cast

import msgspec

from pillion.value import Diagnostic, Diagnostics, FrozenMap, Value, Where

VARIABLE = "ISTIO_KUBE_APP_PROBERS"


class Header(Value, rename="camel"):
    """A header that the probe sends."""

    name: str
    value: str = ""


class HttpGet(Value, rename="camel"):
    """Any status from 200 to 399 is health."""

    port: int
    path: str = "/"
    host: str = ""
    scheme: str = "HTTP"
    http_headers: tuple[Header, ...] = ()


class TcpSocket(Value, rename="camel"):
    """A connection is health."""

    port: int
    host: str = ""


class Grpc(Value, rename="camel"):
    """The health service's word is health."""

    port: int
    service: str = ""


class Probe(Value, rename="camel"):
    """One probe; exactly one of the three is set."""

    http_get: HttpGet | None = None
    tcp_socket: TcpSocket | None = None
    grpc: Grpc | None = None
    timeout_seconds: int = 1


def decode(text: str) -> tuple[FrozenMap[Probe], Diagnostics]:
    """Read ISTIO_KUBE_APP_PROBERS: path on the status port -> probe."""
    try:
        value: object = json.loads(text) if text else {}
        probes = msgspec.convert(value, dict[str, Probe], strict=False)
    except (ValueError, msgspec.ValidationError) as error:
        where = Where(resource=VARIABLE)
        return FrozenMap(), (Diagnostic(code="invalid-probers", severity="error", message=str(error), where=where),)
    return FrozenMap(probes), ()


class Scrape(Value):
    """Where the application serves its own metrics."""

    port: int
    path: str = "/metrics"


def decode_scrape(text: str) -> Scrape | None:
    """Read ISTIO_PROMETHEUS_ANNOTATIONS (`{"scrape": "true", "path": ..., "port": ...}`); None if not to be scraped."""
    try:
        value: object = json.loads(text) if text else None
    except ValueError:
        return None
    if not isinstance(value, dict):
        return None
    given = cast(dict[str, object], value)
    port = str(given.get("port") or "80")
    if str(given.get("scrape", "")).lower() == "false" or not port.isdecimal():
        return None
    return Scrape(port=int(port), path=str(given.get("path") or "/metrics"))
