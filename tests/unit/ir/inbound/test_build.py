import pytest

from pillion.ir.inbound.build import lower_inbound
from pillion.ir.memo import Memo
from pillion.ir.traits import InboundTraits
from pillion.mesh.workload import ServiceTarget, Workload
from pillion.resources.istio.security import PeerAuthentication
from pillion.resources.istio.sidecar import Sidecar
from pillion.value import Labels
from support.scopes import resource, scope, service

WEB = service("web", {80: "HTTP"})
TARGETS = (ServiceTarget(service=WEB, port=WEB.ports[0], target_port=8080),)
WORKLOAD = Workload(name="web-0", namespace="shop")


def test_the_parts_fit() -> None:
    inbound, wrong = lower_inbound(scope([WEB]), WORKLOAD, TARGETS, InboundTraits())
    assert wrong == ()
    backends = {each.key for each in inbound.backends}
    own = {key for each in inbound.listeners for key in each.targets if key.kind != "black-hole"}
    assert own == backends


def test_replicas_share_it() -> None:
    memo = Memo()
    first, _ = lower_inbound(scope([WEB]), WORKLOAD, TARGETS, InboundTraits(), memo)
    other = Workload(name="web-1", namespace="shop", addresses=("10.0.0.2",))
    assert lower_inbound(scope([WEB]), other, TARGETS, InboundTraits(), memo)[0] is first


def test_what_is_refused_without_a_certificate_is_told() -> None:
    strict = resource("PeerAuthentication", {"mtls": {"mode": "STRICT"}})
    assert isinstance(strict, PeerAuthentication)
    _, wrong = lower_inbound(scope([WEB], peers=[strict]), WORKLOAD, TARGETS, InboundTraits(certificates=False))
    assert [(each.code, each.severity) for each in wrong] == [("strict-without-certificate", "error")]
    assert "calls to port 8080, all other ports are refused" in wrong[0].message
    assert str(wrong[0].where) == "PeerAuthentication shop/x: spec.mtls.mode"
    _, fallback = lower_inbound(scope([WEB]), WORKLOAD, TARGETS, InboundTraits(certificates=False))
    assert [each.code for each in fallback] == ["plain-text-fallback"]


def test_each_policy_that_closes_ports_is_told_with_the_ports_that_it_closes() -> None:
    api = service("api", {81: "HTTP"})
    both = (*TARGETS, ServiceTarget(service=api, port=api.ports[0], target_port=9090))
    strict = {"mode": "STRICT"}
    every = resource("PeerAuthentication", {"mtls": strict}, "every")
    levels = {"9090": strict, "8080": {"mode": "DISABLE"}}
    own = resource("PeerAuthentication", {"selector": {"matchLabels": {"app": "web"}}, "portLevelMtls": levels}, "own")
    assert isinstance(every, PeerAuthentication)
    assert isinstance(own, PeerAuthentication)
    web = Workload(name="web-0", namespace="shop", labels=Labels({"app": "web"}))
    _, wrong = lower_inbound(scope([WEB, api], peers=[every, own]), web, both, InboundTraits(certificates=False))
    assert [(str(each.where), each.message.partition(": ")[2]) for each in wrong] == [
        ("PeerAuthentication shop/every: spec.mtls.mode", "calls to all other ports are refused"),
        ("PeerAuthentication shop/own: spec.portLevelMtls.9090.mode", "calls to port 9090 are refused"),
    ]


@pytest.mark.parametrize("endpoint", ["nonsense", "99999999999h", "127.0.0.1:70000", "127.0.0.1:²", "127.0.0.1:-1"])
def test_an_ingress_that_leads_nowhere_is_told_and_the_others_stand(endpoint: str) -> None:
    ingress = [
        {"port": {"number": number, "name": "http", "protocol": "HTTP"}, "defaultEndpoint": place}
        for number, place in ((80, endpoint), (81, "127.0.0.1:8081"))
    ]
    sidecar = resource("Sidecar", {"ingress": ingress})
    assert isinstance(sidecar, Sidecar)
    inbound, wrong = lower_inbound(scope([WEB], sidecar=sidecar), WORKLOAD, TARGETS, InboundTraits())
    assert [(each.code, each.where.field) for each in wrong] == [("invalid-address", "spec.ingress[0].defaultEndpoint")]
    backends = {each.key for each in inbound.backends}
    assert {key.port for key in backends} == {0, 81}
    assert {key for each in inbound.listeners for key in each.targets if key.kind != "black-hole"} == backends
