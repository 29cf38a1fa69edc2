from pillion.ir.model.key import BLACK_HOLE, DYNAMIC_DNS, PASSTHROUGH, BackendKey
from pillion.ir.model.route import DirectResponse
from pillion.ir.outbound.unknown import catch_all_host, egress_backend
from pillion.scope.model import OutboundPolicy

EGRESS = OutboundPolicy(egress_host="out.example", egress_port=443, egress_subset="v1")


def _host(policy: OutboundPolicy):
    return catch_all_host(policy, attempt_count=True, forwarded_host=False)


def test_where_connections_go() -> None:
    assert egress_backend(OutboundPolicy()) == PASSTHROUGH
    assert egress_backend(OutboundPolicy(mode="REGISTRY_ONLY")) == BLACK_HOLE
    assert egress_backend(EGRESS) == BackendKey(port=443, subset="v1", host="out.example")


def test_what_a_caller_of_an_unknown_host_meets() -> None:
    blocked = _host(OutboundPolicy(mode="REGISTRY_ONLY"))
    assert (blocked.name, blocked.routes[0].action) == ("block_all", DirectResponse(status=502))
    assert _host(OutboundPolicy()).name == "allow_any"
    assert _host(OutboundPolicy()).routes[0].targets == (PASSTHROUGH,)
    assert _host(OutboundPolicy(mode="ALLOW_ANY_DYNAMIC_DNS")).routes[0].targets == (DYNAMIC_DNS,)
    assert _host(EGRESS).routes[0].targets == (egress_backend(EGRESS),)
