"""Gateway: what a load balancer at the edge listens for."""

from typing import Literal

from pillion.resources.meta import Metadata
from pillion.resources.number import Unsigned
from pillion.value import NO_LABELS, Labels, Value

TLSMode = Literal["PASSTHROUGH", "SIMPLE", "MUTUAL", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL"]
TLSProtocol = Literal["TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3"]


class Port(Value, rename="camel"):
    """A port of a Gateway's server."""

    number: Unsigned = 0
    protocol: str = ""
    name: str = ""
    target_port: Unsigned = 0


class TLSCertificate(Value, rename="camel"):
    """A certificate and its key, by file."""

    server_certificate: str = ""
    private_key: str = ""
    ca_certificates: str = ""


class ServerTLSSettings(Value, rename="camel"):
    """How TLS ends at a server: certificates, client proof, versions."""

    https_redirect: bool = False
    mode: TLSMode = "PASSTHROUGH"
    server_certificate: str = ""
    private_key: str = ""
    ca_certificates: str = ""
    ca_crl: str = ""
    credential_name: str = ""
    credential_names: tuple[str, ...] = ()
    ca_cert_credential_name: str = ""
    tls_certificates: tuple[TLSCertificate, ...] = ()
    subject_alt_names: tuple[str, ...] = ()
    verify_certificate_spki: tuple[str, ...] = ()
    verify_certificate_hash: tuple[str, ...] = ()
    min_protocol_version: TLSProtocol = "TLS_AUTO"
    max_protocol_version: TLSProtocol = "TLS_AUTO"
    cipher_suites: tuple[str, ...] = ()
    insecure_skip_verify: bool | None = None
    ecdh_curves: tuple[str, ...] = ()


class Server(Value, rename="camel"):
    """A listener of a Gateway and the hosts it serves."""

    port: Port | None = None
    bind: str = ""
    hosts: tuple[str, ...] = ()
    tls: ServerTLSSettings | None = None
    default_endpoint: str = ""
    name: str = ""


class GatewaySpec(Value, rename="camel"):
    """The body of a Gateway."""

    servers: tuple[Server, ...] = ()
    selector: Labels = NO_LABELS


class Gateway(Value, rename="camel"):
    """A Gateway: listeners of an edge proxy."""

    metadata: Metadata = Metadata()
    spec: GatewaySpec = GatewaySpec()
