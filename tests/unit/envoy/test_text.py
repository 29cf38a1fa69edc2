from pillion.envoy.render import outbound_parts, render_assignment
from pillion.envoy.text import to_json
from pillion.ir.memo import Memo
from pillion.ir.model.assignment import Assignment
from pillion.ir.model.key import BackendKey
from pillion.ir.outbound.build import lower_outbound
from pillion.ir.traits import OutboundTraits
from support.scopes import scope, service


def test_resources_by_kind() -> None:
    outbound, _ = lower_outbound(scope([service("web", {80: "HTTP"})]), OutboundTraits())
    members = render_assignment(Assignment(backend=BackendKey(port=80, host="a")))
    found = to_json([*(each for part in outbound_parts(outbound, Memo()) for each in part), members])
    assert [each["name"] for each in found["routes"]] == ["80"]
    assert [each["clusterName"] for each in found["endpoints"]] == ["outbound|80||a"]
    assert len(found["clusters"]) == 3
    assert len(found["listeners"]) == 2
