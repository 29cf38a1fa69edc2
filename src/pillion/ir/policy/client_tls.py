"""How a client secures its connections: what the rule says, else the mesh's mutual TLS where the server takes it.

Mirrors `cluster_tls.go` (`buildUpstreamTLSSettings`, `constructUpstreamTLS`).
"""

from typing import Literal

from msgspec.structs import replace

from pillion.ir.model.key import BackendKey
from pillion.ir.model.tls import PLAIN, ClientTls
from pillion.mesh.service import Service
from pillion.resources.istio.destination_rule import ClientTLSSettings
from pillion.resources.istio.mesh_config import MeshConfig
from pillion.value import Value

MutualMode = Literal["UNKNOWN", "DISABLE", "PERMISSIVE", "STRICT"]


class ClientTlsInputs(Value):
    """What decides about TLS towards one backend."""

    key: BackendKey
    settings: ClientTLSSettings | None
    """The rule's, for this port and subset."""
    server_mode: MutualMode
    """What peer authentication says about the server's namespace."""
    selected: bool = False
    """Whether the rule has a workloadSelector: only then may it name a credential."""
    http2: bool = False
    dynamic: bool = False
    """Members by DNS for whatever name the caller asked: no name of ours fits as SNI."""
    certificates: bool = True


def client_tls(inputs: ClientTlsInputs, service: Service, config: MeshConfig) -> ClientTls:
    """Return how connections to a backend are secured.

    Without a certificate provider the automatic mutual TLS falls back to plain text; a rule's ISTIO_MUTUAL does not:
    such a backend is `mesh` and stays without a certificate, the caller decides how to refuse.
    """
    settings = inputs.settings
    if settings is not None:
        return _declared(settings, inputs, service, config)
    automatic = config.enable_auto_mtls is not False and not service.external
    if not automatic or inputs.server_mode in {"UNKNOWN", "DISABLE"} or not inputs.certificates:
        return PLAIN
    own = _mesh(inputs, _accounts(inputs, service), "", automatic=True)
    return _checks_host(own, ClientTLSSettings(), inputs) if inputs.dynamic else own


def _accounts(inputs: ClientTlsInputs, service: Service) -> tuple[str, ...]:
    """Return who may answer; for a name that only the caller knows, that is not known either."""
    return () if inputs.dynamic else service.accounts


def _mesh(inputs: ClientTlsInputs, sans: tuple[str, ...], sni: str, *, automatic: bool) -> ClientTls:
    return ClientTls(
        mode="mesh",
        automatic=automatic,
        sni=sni,
        sni_key=None if sni or inputs.dynamic else inputs.key,
        sans=tuple(sorted(sans)),
        alpn=("istio-peer-exchange", "istio", "h2") if inputs.http2 else ("istio-peer-exchange", "istio"),
    )


def _declared(settings: ClientTLSSettings, inputs: ClientTlsInputs, service: Service, config: MeshConfig) -> ClientTls:
    match settings.mode:
        case "DISABLE":
            return PLAIN
        case "ISTIO_MUTUAL":
            own = _mesh(inputs, settings.subject_alt_names or _accounts(inputs, service), settings.sni, automatic=False)
            return _checks_host(own, settings, inputs) if inputs.dynamic else own
        case "SIMPLE" | "MUTUAL":
            return _original(settings, inputs, service, config)


def _original(settings: ClientTLSSettings, inputs: ClientTlsInputs, service: Service, config: MeshConfig) -> ClientTls:
    """Return TLS that the rule's owner set up: to a server outside of the mesh, as a rule."""
    by_secret = bool(settings.credential_name) and not settings.credential_name.startswith("configmap://")
    if by_secret and not inputs.selected:
        return PLAIN
    mutual = settings.mode == "MUTUAL"
    if mutual and not settings.credential_name and not (settings.client_certificate and settings.private_key):
        return PLAIN
    sans = settings.subject_alt_names
    if not sans and service.registry == "External":
        sans = _accounts(inputs, service)
    defaults = config.tls_defaults
    skip = settings.insecure_skip_verify is True
    ca = "" if skip and not settings.credential_name else settings.ca_certificates or "system"
    return _checks_host(
        ClientTls(
            mode="mutual" if mutual else "simple",
            sni=settings.sni,
            sans=tuple(sorted(sans)),
            certificate=settings.client_certificate if mutual else "",
            key=settings.private_key if mutual else "",
            ca="" if settings.credential_name else ca,
            crl=settings.ca_crl,
            credential=settings.credential_name,
            skip_verify=skip,
            alpn=("h2",) if inputs.http2 else (),
            ecdh_curves=defaults.ecdh_curves if defaults else (),
            cipher_suites=defaults.cipher_suites if defaults else (),
        ),
        settings,
        inputs,
    )


def _checks_host(tls: ClientTls, settings: ClientTLSSettings, inputs: ClientTlsInputs) -> ClientTls:
    from_request = not settings.sni
    checked = inputs.dynamic or (from_request and not settings.subject_alt_names)
    skip = settings.insecure_skip_verify is True
    return replace(tls, host_sni=from_request, host_san=checked and not skip)
