import pytest

from pillion.resources.istio.destination_rule import ClientTLSSettings
from pillion.resources.istio.gateway import ServerTLSSettings, TLSCertificate
from pillion.resources.validation.report import Report
from pillion.resources.validation.tls import check_client_tls, check_server_tls, is_cipher


@pytest.mark.parametrize(
    ("tls", "found"),
    [
        (ServerTLSSettings(), []),
        (ServerTLSSettings(mode="SIMPLE", server_certificate="a", private_key="b"), []),
        (ServerTLSSettings(mode="MUTUAL", credential_name="a"), []),
        (ServerTLSSettings(mode="SIMPLE", server_certificate="a"), ["error required privateKey"]),
        (
            ServerTLSSettings(mode="MUTUAL", server_certificate="a", private_key="b"),
            ["error required caCertificates"],
        ),
        (ServerTLSSettings(mode="PASSTHROUGH", ca_certificates="a"), ["warning ignored-field "]),
        (ServerTLSSettings(mode="ISTIO_MUTUAL", private_key="a"), ["error oneof-conflict privateKey"]),
        (
            ServerTLSSettings(mode="SIMPLE", credential_name="a", credential_names=("b",)),
            ["error oneof-conflict "],
        ),
        (
            ServerTLSSettings(mode="SIMPLE", server_certificate="a", private_key="b", ca_crl="c"),
            ["error ignored-field caCrl"],
        ),
        (
            ServerTLSSettings(mode="SIMPLE", tls_certificates=(TLSCertificate(server_certificate="a"),)),
            ["error required privateKey"],
        ),
        (
            ServerTLSSettings(cipher_suites=("x", "AES128-SHA", "AES128-SHA")),
            ["warning unknown-cipher cipherSuites", "warning duplicate cipherSuites"],
        ),
        (ServerTLSSettings(min_protocol_version="TLSV1_0"), ["warning insecure-tls minProtocolVersion"]),
    ],
)
def test_servers(tls: ServerTLSSettings, found: list[str]) -> None:
    report = Report()
    check_server_tls(tls, report)
    assert [f"{one.severity} {one.code} {one.where.field}" for one in report.diagnostics] == found


@pytest.mark.parametrize(
    ("tls", "found"),
    [
        (ClientTLSSettings(mode="ISTIO_MUTUAL"), []),
        (ClientTLSSettings(mode="MUTUAL"), ["required clientCertificate", "required privateKey"]),
        (ClientTLSSettings(mode="SIMPLE", credential_name="a", ca_crl="b"), ["oneof-conflict credentialName"]),
        (
            ClientTLSSettings(mode="SIMPLE", ca_certificates="a", insecure_skip_verify=True),
            ["oneof-conflict insecureSkipVerify"],
        ),
        (ClientTLSSettings(mode="SIMPLE", credential_name="configmap://shop/x"), []),
        (ClientTLSSettings(mode="SIMPLE", credential_name="configmap://other/x"), ["invalid-name credentialName"]),
    ],
)
def test_clients(tls: ClientTLSSettings, found: list[str]) -> None:
    report = Report()
    check_client_tls("shop", tls, report)
    assert [f"{one.code} {one.where.field}" for one in report.diagnostics] == found


def test_ciphers() -> None:
    assert is_cipher("ECDHE-RSA-AES128-GCM-SHA256")
    assert is_cipher("-ALL")
    assert is_cipher("")
    assert not is_cipher("ROT13")
