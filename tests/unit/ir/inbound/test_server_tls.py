import msgspec

from pillion.ir.inbound.server_tls import CIPHERS, mesh_tls, own_tls
from pillion.resources.istio.gateway import ServerTLSSettings
from pillion.resources.istio.mesh_config import TLSConfig
from support.inbound import inputs_of
from support.scopes import CONFIG, SETTINGS


def test_the_meshs() -> None:
    http, tcp = (mesh_tls(inputs_of(), http=http) for http in (True, False))
    assert (http.alpn[0], tcp.alpn[0]) == ("h2", "istio-peer-exchange")
    assert (http.trust_domains, http.cipher_suites, http.minimum) == (("cluster.local",), CIPHERS, "1.2")


def test_the_mesh_may_be_stricter() -> None:
    strict = TLSConfig(min_protocol_version="TLSV1_3", cipher_suites=("a",))
    settings = msgspec.structs.replace(
        SETTINGS, config=msgspec.structs.replace(CONFIG, mesh_mtls=strict, trust_domain_aliases=("b",))
    )
    found = mesh_tls(inputs_of(settings=settings), http=True)
    assert (found.minimum, found.cipher_suites, found.trust_domains) == ("1.3", ("a",), ("cluster.local", "b"))


def test_a_sidecars_own() -> None:
    settings = ServerTLSSettings(mode="MUTUAL", server_certificate="/c", private_key="/k", ca_certificates="/ca")
    found = own_tls(settings, CONFIG)
    assert (found.mode, found.certificate, found.key, found.ca) == ("mutual", "/c", "/k", "/ca")
