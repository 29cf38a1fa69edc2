from pillion.ir.model.key import PASSTHROUGH
from pillion.ir.model.listener import Chain, ChainMatch, Tcp, TcpTarget
from pillion.ir.outbound.entries import Entry, match_key, matches_all
from pillion.mesh.service import ServicePort
from pillion.resources.protocol import Protocol


def _chain(match: ChainMatch | None, name: str = "") -> Chain:
    return Chain(name=name, match=match, handler=Tcp(targets=(TcpTarget(backend=PASSTHROUGH),)))


def _entry(protocol: Protocol, *chains: Chain) -> Entry:
    return Entry(binds=("0.0.0.0",), port=ServicePort(number=1), bound=False, protocol=protocol, chains=list(chains))


def test_what_takes_everything() -> None:
    assert matches_all(None)
    assert matches_all(ChainMatch())
    assert matches_all(ChainMatch(server_names=("a", "*")))
    assert not matches_all(ChainMatch(server_names=("a",)))
    assert not matches_all(ChainMatch(prefixes=("10.0.0.0/8",)))


def test_the_first_of_equal_matches_stays() -> None:
    entry = _entry("TCP", _chain(ChainMatch(prefixes=("10.0.0.1",)), "first"))
    entry.join([_chain(ChainMatch(prefixes=("10.0.0.1/32",)), "second"), _chain(None, "third"), _chain(None, "fourth")])
    assert [chain.name for chain in entry.chains] == ["first", "third"]


def test_anywhere_is_no_range() -> None:
    assert match_key(ChainMatch(prefixes=("0.0.0.0/0",))) == match_key(None)
    assert match_key(ChainMatch(prefixes=("nonsense",))) == match_key(None)


def test_protocols_that_keep_to_themselves() -> None:
    assert _entry("TCP").accepts("HTTP")
    assert not _entry("TCP").accepts("MySQL")
    assert not _entry("Mongo").accepts("TCP")
    assert _entry("Mongo").accepts("Mongo")


def test_mixed_protocols_are_detected() -> None:
    entry = _entry("TCP")
    entry.claim("Unsupported", [])
    assert entry.protocol == "Unsupported"
    same = _entry("TCP")
    same.claim("TCP", [])
    assert same.protocol == "TCP"
