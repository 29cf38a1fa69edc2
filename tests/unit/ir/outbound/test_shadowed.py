from typing import Any

from pillion.ir.memo import Memo
from pillion.ir.outbound.build import lower_outbound
from pillion.ir.traits import OutboundTraits
from pillion.mesh.service import Service
from pillion.resources.istio.virtual_service import VirtualService
from pillion.value import Diagnostics, Where
from support.scopes import scope, service, virtual_service

WEB = service("web", {80: "HTTP", 81: "HTTP"})
OTHER = service("other", {82: "HTTP"}, "10.96.0.2")
ROUTE = {"route": [{"destination": {"host": WEB.hostname, "port": {"number": 80}}}]}
STREAM = {"match": [{"sniHosts": [WEB.hostname]}], **ROUTE}


def _rule(name: str, *hosts: str, **spec: Any) -> VirtualService:
    return virtual_service({"hosts": list(hosts or [WEB.hostname]), "http": [ROUTE], **spec}, name)


def _told(*rules: VirtualService, services: tuple[Service, ...] = (WEB, OTHER)) -> Diagnostics:
    return lower_outbound(scope(services, virtual_services=rules), OutboundTraits())[1]


def _names(*rules: VirtualService) -> list[str]:
    assert {each.code for each in _told(*rules)} <= {"virtual-service-shadowed"}
    return [each.where.resource.removeprefix("VirtualService shop/") for each in _told(*rules)]


def test_it_is_told_with_the_one_that_counts() -> None:
    (told,) = _told(_rule("a"), _rule("b"))
    assert (told.code, told.severity) == ("virtual-service-shadowed", "warning")
    assert told.where == Where(resource="VirtualService shop/b", path=("spec", "hosts"))
    assert told.message.startswith("all its hosts are taken by shop/a, which comes first")


def test_several_may_take_its_hosts() -> None:
    beside = service("beside", {80: "HTTP", 81: "HTTP"}, "10.96.0.3")
    rules = _rule("a"), _rule("b", beside.hostname), _rule("c", WEB.hostname, beside.hostname)
    (told,) = _told(*rules, services=(WEB, beside))
    assert told.message.startswith("all its hosts are taken by shop/a and shop/b, which come first")


def test_one_with_a_host_of_its_own_counts() -> None:
    assert _names(_rule("a"), _rule("b", WEB.hostname, OTHER.hostname)) == []
    assert _names(_rule("a"), _rule("b", WEB.hostname, "a.example")) == []


def test_one_that_counts_on_a_port_counts() -> None:
    first = _rule("a", http=[{"match": [{"port": 80}], **ROUTE}])
    assert _names(first, _rule("b")) == []
    assert _names(_rule("b"), first) == ["a"]


def test_one_that_is_alone_on_a_port_counts() -> None:
    first = _rule("a", WEB.hostname, OTHER.hostname, http=[{"match": [{"port": 80}, {"port": 81}], **ROUTE}])
    assert _names(first, _rule("b", WEB.hostname, OTHER.hostname)) == []
    only_streams = _rule("a", WEB.hostname, OTHER.hostname, http=[], tls=[STREAM])
    assert _names(only_streams, _rule("b")) == []


def test_one_that_may_count_for_streams_is_not_told() -> None:
    assert _names(_rule("a"), _rule("b", tls=[STREAM])) == []


def test_a_wildcard_and_an_exact_host_are_apart() -> None:
    assert _names(_rule("a", "*.example"), _rule("b", "a.example"), _rule("c", "*.example")) == ["c"]


def test_it_changes_nothing_that_a_proxy_is_told() -> None:
    memo = Memo()
    alone, _ = lower_outbound(scope([WEB], virtual_services=[_rule("a")]), OutboundTraits(), memo)
    beside, _ = lower_outbound(scope([WEB], virtual_services=[_rule("a"), _rule("b")]), OutboundTraits(), memo)
    assert beside == alone
