"""What is written down about a request or a connection."""

from typing import Literal

from pillion.ir.model.key import BackendKey
from pillion.value import Value


class FileLog(Value):
    """Lines into a file."""

    path: str
    encoding: Literal["text", "json"] = "text"
    format: str = ""
    """A text format, or a JSON object of formats; empty is the mesh's own."""
    omit_empty: bool = False


class OtelLog(Value):
    """Records over OpenTelemetry."""

    backend: BackendKey
    authority: str
    name: str
    text: str = ""
    labels: str = ""
    """A JSON object of formats."""
    filter_state: tuple[str, ...] = ()


class GrpcLog(Value):
    """Records over Envoy's access log service."""

    backend: BackendKey
    authority: str = ""
    name: str = ""
    tcp: bool = False
    request_headers: tuple[str, ...] = ()
    response_headers: tuple[str, ...] = ()
    response_trailers: tuple[str, ...] = ()
    filter_state: tuple[str, ...] = ()


Sink = FileLog | OtelLog | GrpcLog


class AccessLog(Value):
    """A sink and the condition under which something is written to it."""

    sink: Sink
    expression: str = ""
    """A CEL expression that must hold; empty for always."""
    only_no_route: bool = False
    """Only connections that no chain took (listeners)."""
