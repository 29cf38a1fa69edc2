from pillion.ir.model.key import UNKNOWN_SERVICE, BackendKey
from pillion.ir.outbound.destinations import backend_of, origin_of, sends_to
from pillion.resources.istio.virtual_service import Destination, PortSelector
from support.scopes import service, virtual_service

WEB = service("web", {80: "HTTP"})
MANY = service("many", {80: "HTTP", 81: "HTTP"})


def test_the_port_is_the_destinations_the_only_one_or_the_listeners() -> None:
    named = Destination(host="web", port=PortSelector(number=9), subset="v1")
    assert backend_of(named, WEB, 1) == BackendKey(port=9, subset="v1", host="web")
    assert backend_of(Destination(host="web"), WEB, 1).port == 80
    assert backend_of(Destination(host="many"), MANY, 1).port == 1
    assert backend_of(Destination(host="x"), None, 1).port == 1


def test_another_name_leads_to_the_real_one() -> None:
    alias = service("alias", {80: "HTTP"}, external_name="real.example")
    assert backend_of(Destination(host="alias"), alias, 80).host == "real.example"


def test_no_host_is_no_service() -> None:
    assert backend_of(None, None, 80) == UNKNOWN_SERVICE
    assert origin_of("a", "b") == "a/b"


def test_what_a_rule_sends_to() -> None:
    lane = {"destination": {"host": "web", "subset": "v1", "port": {"number": 80}}}
    rule = virtual_service(
        {
            "hosts": ["web"],
            "http": [{"route": [lane], "mirror": {"host": "shadow"}, "mirrors": [{"destination": {"host": "second"}}]}],
            "tcp": [{"route": [{"destination": {"host": "db"}}]}],
            "tls": [{"match": [{"sniHosts": ["web"]}], "route": [{"destination": {"host": "safe"}}]}],
        }
    )
    assert sends_to(rule, BackendKey(port=80, subset="v1", host="web"))
    assert not sends_to(rule, BackendKey(port=81, subset="v1", host="web"))
    assert not sends_to(rule, BackendKey(port=80, host="web"))
    assert all(sends_to(rule, BackendKey(port=9, host=host)) for host in ("shadow", "second", "db", "safe"))
