from pillion.ir.model.route import HashCookie, HashHeader, HashQuery, HashSource
from pillion.ir.outbound.routing.hashing import for_destination, for_port, hash_key
from pillion.resources.istio.destination_rule import ConsistentHashLB, HTTPCookie
from pillion.resources.istio.virtual_service import Destination, PortSelector
from support.scopes import rule


def _sticky(name: str) -> dict[str, object]:
    return {"loadBalancer": {"consistentHash": {"httpHeaderName": name}}}


RULE = rule(
    {
        "host": "web",
        "trafficPolicy": _sticky("all") | {"portLevelSettings": [{"port": {"number": 81}} | _sticky("port")]},
        "subsets": [
            {"name": "v1", "trafficPolicy": _sticky("subset")},
            {"name": "v2", "trafficPolicy": {"portLevelSettings": [{"port": {"number": 81}} | _sticky("both")]}},
        ],
    }
).rule.spec


def _header(subset: str, port: int = 0) -> str | None:
    selector = PortSelector(number=port) if port else None
    found = for_destination(RULE, Destination(host="web", subset=subset, port=selector))
    return found.http_header_name if found else None


def test_the_most_precise_setting_counts() -> None:
    assert _header("") == "all"
    assert _header("", 81) == "port"
    assert _header("v1", 81) == "subset"
    assert _header("v2", 81) == "both"
    assert for_destination(None, Destination(host="web")) is None


def test_a_port_of_a_service() -> None:
    for port, name in ((80, "all"), (81, "port")):
        found = for_port(RULE, port)
        assert found is not None
        assert found.http_header_name == name
    assert for_port(None, 80) is None


def test_kinds() -> None:
    assert hash_key(None) is None
    assert hash_key(ConsistentHashLB(http_header_name="x")) == HashHeader(name="x")
    assert hash_key(ConsistentHashLB(http_cookie=HTTPCookie(name="c", path="/"))) == HashCookie(name="c", path="/")
    assert hash_key(ConsistentHashLB(use_source_ip=True)) == HashSource(source_ip=True)
    assert hash_key(ConsistentHashLB(http_query_parameter_name="q")) == HashQuery(name="q")
    assert hash_key(ConsistentHashLB()) is None
