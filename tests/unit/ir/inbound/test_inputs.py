from pillion.ir.inbound.inputs import inbound_inputs
from pillion.ir.traits import InboundTraits
from pillion.mesh.workload import ServiceTarget, Workload
from pillion.resources.istio.sidecar import Sidecar
from pillion.value import FrozenMap
from support.scopes import resource, rule, scope, service

WEB = service("web", {80: "HTTP"})
TARGETS = (ServiceTarget(service=WEB, port=WEB.ports[0], target_port=8080),)


def test_replicas_have_equal_inputs() -> None:
    made = scope([WEB])
    one, two = (
        inbound_inputs(made, Workload(name=name, namespace="shop", addresses=(address,)), TARGETS, InboundTraits())
        for name, address in (("web-0", "10.0.0.1"), ("web-1", "10.0.0.2"))
    )
    assert one == two


def test_what_a_sidecar_says_about_servers() -> None:
    pool = {"http": {"http1MaxPendingRequests": 1}}
    sidecar = resource("Sidecar", {
        "inboundConnectionPool": pool,
        "ingress": [{"port": {"number": 9080, "protocol": "HTTP", "name": "a"},
                     "connectionPool": {"tcp": {"maxConnections": 5}}}],
    }, "default")  # fmt: skip
    assert isinstance(sidecar, Sidecar)
    selective = rule({"host": WEB.hostname, "workloadSelector": {"matchLabels": {"app": "web"}}})
    made = scope([WEB], sidecar=sidecar, rules=[selective, rule({"host": WEB.hostname}, "all")])
    workload = Workload(name="web-0", namespace="shop", labels=FrozenMap({"app": "web"}))
    inputs = inbound_inputs(made, workload, TARGETS, InboundTraits())
    assert inputs.sidecar == "default.shop"
    own, other = inputs.pool_for(9080), inputs.pool_for(9999)
    assert own is not None
    assert own.tcp is not None
    assert other is not None
    assert other.http is not None
    assert inputs.rules[WEB.hostname].rule.metadata.name == "all"
