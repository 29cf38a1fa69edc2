"""TLS that a proxy terminates: the mesh's mutual TLS, or what a Sidecar's `ingress` sets up.

Mirrors `authn/utils.BuildInboundTLS` and `BuildListenerTLSContext`.
"""

from pillion.ir.inbound.inputs import InboundInputs
from pillion.ir.model.tls import ServerMode, ServerTls, TlsVersion
from pillion.resources.istio.gateway import ServerTLSSettings
from pillion.resources.istio.mesh_config import MeshConfig

HTTP_ALPN = ("h2", "http/1.1")
TCP_ALPN = ("istio-peer-exchange", *HTTP_ALPN)
CIPHERS = (
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
)
_MODES: dict[str, ServerMode] = {
    "SIMPLE": "simple",
    "MUTUAL": "mutual",
    "OPTIONAL_MUTUAL": "optional-mutual",
    "ISTIO_MUTUAL": "mesh",
}
_VERSIONS: dict[str, TlsVersion] = {"TLSV1_0": "1.0", "TLSV1_1": "1.1", "TLSV1_2": "1.2", "TLSV1_3": "1.3"}


def mesh_tls(inputs: InboundInputs, *, http: bool) -> ServerTls:
    """Return the mesh's mutual TLS; over TCP the proxies also agree to exchange metadata."""
    own = inputs.config.mesh_mtls
    return ServerTls(
        mode="mesh",
        alpn=HTTP_ALPN if http else TCP_ALPN,
        trust_domains=inputs.trust_domains,
        cipher_suites=(own.cipher_suites if own else ()) or CIPHERS,
        minimum="1.3" if own and own.min_protocol_version == "TLSV1_3" else "1.2",
    )


def own_tls(settings: ServerTLSSettings, config: MeshConfig) -> ServerTls:
    """Return TLS with certificates that the Sidecar's owner set up."""
    defaults = config.tls_defaults
    return ServerTls(
        mode=_MODES.get(settings.mode, "simple"),
        alpn=HTTP_ALPN,
        sans=settings.subject_alt_names,
        certificate=settings.server_certificate,
        key=settings.private_key,
        ca=settings.ca_certificates,
        crl=settings.ca_crl,
        credential=settings.credential_name,
        cipher_suites=settings.cipher_suites or (defaults.cipher_suites if defaults else ()),
        ecdh_curves=defaults.ecdh_curves if defaults else (),
        minimum=_VERSIONS.get(settings.min_protocol_version, "1.2"),
        maximum=_VERSIONS.get(settings.max_protocol_version, "1.3"),
    )
