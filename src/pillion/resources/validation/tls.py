"""TLS settings: of servers (Gateways, Sidecar ingress) and of clients (DestinationRules)."""

from pillion.resources.istio.destination_rule import ClientTLSSettings
from pillion.resources.istio.gateway import ServerTLSSettings, TLSCertificate
from pillion.resources.validation.report import Report

CIPHERS = frozenset({
    "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA", "ECDHE-RSA-AES256-SHA",
    "AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-SHA", "AES256-SHA", "DES-CBC3-SHA",
})  # fmt: skip
"""What Envoy's BoringSSL knows."""
CONFIG_MAP = "configmap://"

_SERVES = frozenset({"SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"})
_PASSES = frozenset({"PASSTHROUGH", "AUTO_PASSTHROUGH"})


def is_cipher(name: str) -> bool:
    """Return whether BoringSSL knows a cipher; words with an operator (`+`, `-`) in front are let through."""
    return name in {"", "ALL"} or not name[0].isalnum() or name in CIPHERS


def check_server_tls(tls: ServerTLSSettings | None, report: Report) -> None:
    """Check how a server ends TLS."""
    if tls is None:
        return
    _check_ciphers(tls, report)
    if tls.mode == "ISTIO_MUTUAL":
        _check_mesh_tls(tls, report)
        return
    if tls.mode in _PASSES and (tls.ca_crl or _certificate_fields(tls)):
        report.warn("ignored-field", f"{tls.mode} passes TLS on and uses no certificates")
    by_file = bool(tls.server_certificate and tls.private_key)
    by_name, by_names = bool(tls.credential_name), bool(tls.credential_names)
    if by_file + by_name + by_names + bool(tls.tls_certificates) > 1:
        report.error("oneof-conflict", "certificates come from more than one place")
    if tls.mode in _SERVES and (by_name or by_names):
        return
    if tls.mode in _SERVES:
        _check_certificates(tls, report)
    if tls.ca_crl and by_name:
        report.error("oneof-conflict", "a revocation list belongs into the credential", "caCrl")
    if tls.ca_crl and tls.mode == "SIMPLE":
        report.error("ignored-field", "SIMPLE asks for no client certificate, so nothing can be revoked", "caCrl")


def check_client_tls(namespace: str, tls: ClientTLSSettings | None, report: Report) -> None:
    """Check how a client opens TLS; `namespace` is the resource's."""
    if tls is None:
        return
    _check_config_map(namespace, tls.credential_name, report)
    if tls.insecure_skip_verify:
        by_name = tls.mode == "SIMPLE" and bool(tls.credential_name)
        if tls.mode in {"SIMPLE", "MUTUAL"} and (tls.ca_certificates or by_name or tls.subject_alt_names):
            report.error(
                "oneof-conflict", "what verifies a server is set, and verification is off", "insecureSkipVerify"
            )
    if tls.mode in {"SIMPLE", "MUTUAL"} and tls.credential_name:
        if tls.client_certificate or tls.ca_certificates or tls.private_key or tls.ca_crl:
            report.error("oneof-conflict", "certificates by file and by credentialName", "credentialName")
        return
    if tls.mode == "MUTUAL":
        for field, value in (("clientCertificate", tls.client_certificate), ("privateKey", tls.private_key)):
            if not value:
                report.error("required", f"MUTUAL needs {field}", field)


def _check_ciphers(tls: ServerTLSSettings, report: Report) -> None:
    if tls.min_protocol_version in {"TLSV1_0", "TLSV1_1"} and not tls.cipher_suites:
        report.warn("insecure-tls", f"no default cipher suits {tls.min_protocol_version}", "minProtocolVersion")
    unknown = sorted({name for name in tls.cipher_suites if not is_cipher(name)})
    if unknown:
        report.warn("unknown-cipher", f"unknown cipher suites are ignored: {', '.join(unknown)}", "cipherSuites")
    known = [name for name in tls.cipher_suites if is_cipher(name)]
    if len(known) != len(set(known)):
        report.warn("duplicate", "cipher suites are named twice", "cipherSuites")


def _certificate_fields(tls: ServerTLSSettings) -> list[str]:
    fields = {
        "serverCertificate": tls.server_certificate,
        "privateKey": tls.private_key,
        "caCertificates": tls.ca_certificates,
        "tlsCertificates": tls.tls_certificates,
        "credentialName": tls.credential_name,
        "credentialNames": tls.credential_names,
    }
    return [name for name, value in fields.items() if value]


def _check_mesh_tls(tls: ServerTLSSettings, report: Report) -> None:
    for field in _certificate_fields(tls):
        report.error("oneof-conflict", "ISTIO_MUTUAL brings its own certificates", field)


def _check_certificates(tls: ServerTLSSettings, report: Report) -> None:
    if tls.mode != "SIMPLE" and not tls.ca_certificates:
        report.error("required", f"{tls.mode} needs the CA of its clients", "caCertificates")
    if len(tls.tls_certificates) > 2:
        report.warn("too-many", "two server certificates at most (one RSA, one ECDSA)", "tlsCertificates")
    own = TLSCertificate(server_certificate=tls.server_certificate, private_key=tls.private_key)
    for certificate in tls.tls_certificates or (own,):
        if not certificate.server_certificate:
            report.error("required", f"{tls.mode} needs a server certificate", "serverCertificate")
        if not certificate.private_key:
            report.error("required", f"{tls.mode} needs a private key", "privateKey")


def _check_config_map(namespace: str, name: str, report: Report) -> None:
    if not name.startswith(CONFIG_MAP):
        return
    home, slash, rest = name.removeprefix(CONFIG_MAP).partition("/")
    if not slash or not home or not rest or home != namespace:
        report.error("invalid-name", f"is {name!r}, expected {CONFIG_MAP}{namespace}/NAME", "credentialName")
