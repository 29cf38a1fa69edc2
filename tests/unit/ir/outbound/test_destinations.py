from msgspec.structs import replace

from pillion.ir.model.key import UNKNOWN_SERVICE, BackendKey
from pillion.ir.outbound.destinations import backend_of, origin_of, place_of
from pillion.mesh.rules.virtual_services import merge_delegates
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


def test_what_a_rule_place_of() -> None:
    lane = {"destination": {"host": "web", "subset": "v1", "port": {"number": 80}}}
    rule = virtual_service(
        {
            "hosts": ["web"],
            "http": [{"route": [lane], "mirror": {"host": "shadow"}, "mirrors": [{"destination": {"host": "second"}}]}],
            "tcp": [{"route": [{"destination": {"host": "db"}}]}],
            "tls": [{"match": [{"sniHosts": ["web"]}], "route": [{"destination": {"host": "safe"}}]}],
        }
    )
    found = {
        key: place_of(rule, key)
        for key in (
            BackendKey(port=80, subset="v1", host="web"),
            *(BackendKey(port=9, host=host) for host in ("shadow", "second", "db", "safe")),
        )
    }
    assert {key.host: where and where.field for key, where in found.items()} == {
        "web": "spec.http[0].route[0].destination.host",
        "shadow": "spec.http[0].mirror.host",
        "second": "spec.http[0].mirrors[0].destination.host",
        "db": "spec.tcp[0].route[0].destination.host",
        "safe": "spec.tls[0].route[0].destination.host",
    }
    assert place_of(rule, BackendKey(port=81, subset="v1", host="web")) is None
    assert place_of(rule, BackendKey(port=80, host="web")) is None


def test_what_came_from_a_delegate_is_found_there_and_the_others_where_they_stand() -> None:
    lost = {"destination": {"host": "lost"}}
    root = virtual_service(
        {
            "hosts": ["web"],
            "http": [{"delegate": {"name": "nobody"}}, {"delegate": {"name": "part"}}, {"route": [lost]}],
        },
        "root",
    )
    part = virtual_service({"http": [{"route": [{"destination": {"host": "a"}}]}, {"mirror": {"host": "b"}}]}, "part")
    shared = [replace(each, spec=replace(each.spec, export_to=("*",))) for each in (root, part)]
    merged, _ = merge_delegates(shared[0], {("shop", "part"): shared[1]})
    assert len(merged.spec.http) == 3
    assert [str(place_of(merged, BackendKey(port=80, host=host))) for host in ("a", "b", "lost")] == [
        "VirtualService shop/part: spec.http[0].route[0].destination.host",
        "VirtualService shop/part: spec.http[1].mirror.host",
        "VirtualService shop/root: spec.http[2].route[0].destination.host",
    ]
