"""How HTTP connections are treated: headers that the proxy writes, and limits."""

from typing import Literal

from pillion.ir.model.access_log import AccessLog
from pillion.value import Value

ForwardCert = Literal["", "SANITIZE", "FORWARD_ONLY", "APPEND_FORWARD", "SANITIZE_SET", "ALWAYS_FORWARD_ONLY"]


class ClientCertDetails(Value):
    """Which facts of the client's certificate are told to the workload."""

    subject: bool = True
    uri: bool = True
    dns: bool = True
    cert: bool = False
    chain: bool = False


class HttpSettings(Value):
    """How a connection manager treats its connections."""

    access_logs: tuple[AccessLog, ...] = ()
    server_name: str = ""
    pass_server: bool = False
    generate_request_id: bool | None = None
    suppress_debug: bool = False
    forward_cert: ForwardCert = ""
    cert_details: ClientCertDetails | None = None
    forwarded_port: bool = False
    http10: bool = False
    http2: bool = False
    preserve_case: bool = False
    absolute_url: bool = False
    normalize_path: bool = True
    merge_slashes: bool = False
    escaped_slashes: Literal["KEEP_UNCHANGED", "REJECT_REQUEST", "UNESCAPE_AND_REDIRECT", "UNESCAPE_AND_FORWARD"] = (
        "KEEP_UNCHANGED"
    )
    underscores: Literal["", "ALLOW", "REJECT_REQUEST", "DROP_HEADER"] = ""
    idle_timeout: int | None = None
    stream_idle_timeout: int = 0
    max_connection_duration: int | None = None
    max_stream_duration: int | None = None
    request_timeout: int | None = None
    request_headers_timeout: int | None = None
    drain_timeout: int | None = None
    max_concurrent_streams: int | None = None
    stream_window: int | None = None
    connection_window: int | None = None
    grpc_web: bool = False
    continue_100: bool = True
