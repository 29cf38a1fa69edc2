from typing import Any

from envoy.config.core.v3 import base_pb2
from envoy.extensions.transport_sockets.proxy_protocol.v3 import upstream_proxy_protocol_pb2
from envoy.extensions.transport_sockets.tls.v3 import tls_pb2
from google.protobuf import json_format

from pillion.envoy import tls
from pillion.ir.model.key import BackendKey
from pillion.ir.model.tls import ClientTls, ServerTls


def _context(socket: base_pb2.TransportSocket, kind: type) -> dict[str, Any]:
    made = kind()
    assert socket.typed_config.Unpack(made)
    return json_format.MessageToDict(made)


def test_the_meshs_client() -> None:
    found = _context(
        tls.client_socket(ClientTls(mode="mesh", sni_key=BackendKey(port=80, host="a"), sans=("spiffe://x",))),
        tls_pb2.UpstreamTlsContext,
    )
    assert found["sni"] == "outbound_.80_._.a"
    common = found["commonTlsContext"]
    assert common["tlsCertificateSdsSecretConfigs"][0]["name"] == "default"
    combined = common["combinedValidationContext"]
    assert combined["validationContextSdsSecretConfig"]["name"] == "ROOTCA"
    assert combined["defaultValidationContext"]["matchSubjectAltNames"] == [{"exact": "spiffe://x"}]


def test_certificates_in_files_and_by_credential() -> None:
    files = ClientTls(mode="mutual", certificate="/c", key="/k", ca="/ca", crl="/crl")
    common = _context(tls.client_socket(files), tls_pb2.UpstreamTlsContext)["commonTlsContext"]
    assert common["tlsCertificateSdsSecretConfigs"][0]["name"] == "file-cert:/c~/k"
    combined = common["combinedValidationContext"]
    assert combined["validationContextSdsSecretConfig"]["name"] == "file-root:/ca"
    assert combined["defaultValidationContext"]["crl"] == {"filename": "/crl"}
    credential = ClientTls(mode="mutual", credential="c")
    common = _context(tls.client_socket(credential), tls_pb2.UpstreamTlsContext)["commonTlsContext"]
    assert common["tlsCertificateSdsSecretConfigs"][0]["name"] == "kubernetes://c"


def test_who_does_not_want_to_know() -> None:
    for settings in (
        ClientTls(mode="simple", skip_verify=True),
        ClientTls(mode="simple", credential="c", skip_verify=True),
    ):
        common = _context(tls.client_socket(settings), tls_pb2.UpstreamTlsContext)["commonTlsContext"]
        assert common["validationContext"] == {}


def test_servers() -> None:
    mesh = _context(tls.server_socket(ServerTls(trust_domains=("a", "b"))), tls_pb2.DownstreamTlsContext)
    assert mesh["requireClientCertificate"]
    names = mesh["commonTlsContext"]["combinedValidationContext"]["defaultValidationContext"]["matchSubjectAltNames"]
    assert names == [{"prefix": "spiffe://a/"}, {"prefix": "spiffe://b/"}]
    simple = _context(
        tls.server_socket(ServerTls(mode="simple", certificate="/c", key="/k")), tls_pb2.DownstreamTlsContext
    )
    assert not simple["requireClientCertificate"]
    assert "combinedValidationContext" not in simple["commonTlsContext"]
    mutual = _context(
        tls.server_socket(ServerTls(mode="mutual", credential="c", sans=("x",))), tls_pb2.DownstreamTlsContext
    )
    combined = mutual["commonTlsContext"]["combinedValidationContext"]
    assert combined["validationContextSdsSecretConfig"]["name"] == "kubernetes://c-cacert"


def test_a_server_may_be_told_about_the_caller_first() -> None:
    socket = tls.with_proxy_protocol(tls.raw_socket(), "V2")
    found = _context(socket, upstream_proxy_protocol_pb2.ProxyProtocolUpstreamTransport)
    assert found["config"] == {"version": "V2"}
    assert found["transportSocket"]["name"] == "envoy.transport_sockets.raw_buffer"
