from pillion.envoy.render import inbound_parts, outbound_parts, render_assignment
from pillion.envoy.rendered import ASSIGNMENT
from pillion.ir.inbound.build import lower_inbound
from pillion.ir.memo import Memo
from pillion.ir.model.assignment import Assignment
from pillion.ir.model.key import BackendKey
from pillion.ir.outbound.build import lower_outbound
from pillion.ir.traits import InboundTraits, OutboundTraits
from pillion.mesh.workload import ServiceTarget, Workload
from support.scopes import scope, service, virtual_service

WEB, DB = service("web", {80: "HTTP"}), service("db", {5432: "TCP"}, "10.96.0.2")


def test_everything_is_rendered_by_its_name() -> None:
    outbound, _ = lower_outbound(scope([WEB, DB]), OutboundTraits())
    found = [each.name for part in outbound_parts(outbound, Memo()) for each in part]
    assert "outbound|80||web.shop.svc.cluster.local" in found
    assert {"BlackHoleCluster", "PassthroughCluster", "0.0.0.0_80", "10.96.0.2_5432", "virtualOutbound", "80"} <= set(
        found
    )
    target = ServiceTarget(service=WEB, port=WEB.ports[0], target_port=8080)
    inbound, _ = lower_inbound(scope([WEB]), Workload(name="w", namespace="shop"), (target,), InboundTraits())
    assert [each.name for part in inbound_parts(inbound, Memo()) for each in part] == [
        "inbound|8080||", "InboundPassthroughCluster", "virtualInbound",
    ]  # fmt: skip


def test_a_changed_route_renders_its_table_alone() -> None:
    memo = Memo()
    first, _ = lower_outbound(scope([WEB, DB]), OutboundTraits(), memo)
    before = outbound_parts(first, memo)
    timed = virtual_service(
        {"hosts": [WEB.hostname], "http": [{"timeout": "3s", "route": [{"destination": {"host": WEB.hostname}}]}]}
    )
    second, _ = lower_outbound(scope([WEB, DB], virtual_services=[timed]), OutboundTraits(), memo)
    after = outbound_parts(second, memo)
    assert after[0] is before[0]
    assert after[1] is before[1]
    assert after[2] != before[2]


def test_members_of_a_cluster() -> None:
    found = render_assignment(Assignment(backend=BackendKey(port=80, host="a")))
    assert (found.type_url, found.name, found.needs) == (ASSIGNMENT, "outbound|80||a", ())
