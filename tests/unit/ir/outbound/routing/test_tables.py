from pillion.ir.memo import Memo
from pillion.ir.model.key import TableKey
from pillion.ir.model.table import VirtualHost
from pillion.ir.outbound.routing.defaults import Defaults, Naming
from pillion.ir.outbound.routing.hosts import HostInputs
from pillion.ir.outbound.routing.routes import Registry, RouteContext
from pillion.ir.outbound.routing.tables import (
    TableInputs,
    egress_listener_for,
    route_table,
    rules_on,
    services_on,
    sticky_rules,
    sticky_rules_in_force,
)
from pillion.ir.traits import OutboundTraits
from pillion.resources.istio.sidecar import Sidecar
from pillion.value import NO_LABELS, FrozenMap
from support.scopes import entry, resource, rule, scope, service, virtual_service

WEB, MANY = service("web", {80: "HTTP"}), service("many", {80: "HTTP", 81: "HTTP"}, "10.96.0.2")
CATCH_ALL = VirtualHost(name="allow_any", domains=("*",), routes=())


def _inputs(key: TableKey) -> TableInputs:
    hosts = HostInputs(
        context=RouteContext(port=key.port, namespace="shop", labels=NO_LABELS),
        registry=Registry(services=services_on((WEB, MANY), key.port)),
        shared=Defaults(naming=Naming(proxy_domain="shop.svc.cluster.local", traits=OutboundTraits())),
    )
    return TableInputs(key=key, hosts=hosts, catch_all=CATCH_ALL)


def test_a_port_has_all_hosts_and_the_catch_all() -> None:
    table = route_table(_inputs(TableKey(port=80)), Memo())
    assert [host.name for host in table.hosts] == [MANY.hostname, WEB.hostname, "allow_any"]


def test_a_detected_service_has_its_own_under_any_name() -> None:
    table = route_table(_inputs(TableKey(port=80, host=WEB.hostname)), Memo())
    assert [(host.name, host.domains) for host in table.hosts] == [(WEB.hostname, ("*",))]


def test_a_table_that_knows_nobody_has_what_becomes_of_strangers() -> None:
    table = route_table(TableInputs(key=TableKey(socket="http_proxy"), hosts=None, catch_all=CATCH_ALL), Memo())
    assert (table.hosts, table.ignore_port) == ((CATCH_ALL,), True)
    alone = route_table(TableInputs(key=TableKey(port=1, host="a"), hosts=None, catch_all=CATCH_ALL), Memo())
    assert alone.hosts == ()


def test_services_with_a_port_trimmed_to_it() -> None:
    assert {host: len(each.ports) for host, each in services_on((WEB, MANY), 81).items()} == {MANY.hostname: 1}
    assert len(services_on((WEB, MANY), 0)[MANY.hostname].ports) == 2


def test_which_rules_count() -> None:
    route = [{"route": [{"destination": {"host": "a"}}]}]
    exact = virtual_service({"hosts": [MANY.hostname], "http": route}, "exact")
    wild = virtual_service({"hosts": ["*.local"], "http": route}, "wild")
    lost = virtual_service({"hosts": ["a.example"], "http": route}, "lost")
    tcp = virtual_service({"hosts": [MANY.hostname], "tcp": route}, "tcp")
    services = services_on((WEB, MANY), 81)
    assert rules_on((exact, wild, lost, tcp), services, 81) == (exact, wild)
    assert rules_on((exact, wild, lost, tcp), services, 80) == (exact, wild, lost)
    covering = FrozenMap({"*.example": entry("*.example", {81: "HTTP"})})
    assert rules_on((lost,), covering, 81) == (lost,)


def test_the_entry_with_the_port_counts_else_the_catch_all() -> None:
    sidecar = resource("Sidecar", {"egress": [
        {"port": {"number": 80, "protocol": "HTTP", "name": "a"}, "hosts": ["*/*"]},
        {"port": {"protocol": "HTTP", "name": "b"}, "bind": "unix:///s", "hosts": ["*/*"]},
        {"hosts": ["./*"]},
    ]}, "default")  # fmt: skip
    assert isinstance(sidecar, Sidecar)
    made = scope([WEB], sidecar=sidecar)
    for key, index in ((TableKey(port=80), 0), (TableKey(socket="unix:///s"), 1), (TableKey(port=81), 2)):
        found = egress_listener_for(made, key)
        assert found is not None
        assert found.index == index


def test_sticky_rules() -> None:
    sticky = {"loadBalancer": {"consistentHash": {"useSourceIp": True}}}
    rules = [rule({"host": "a", "trafficPolicy": sticky}), rule({"host": "b"}), rule({"host": "c", "subsets": [
        {"name": "v1", "trafficPolicy": {"portLevelSettings": [{"port": {"number": 1}} | sticky]}}]})]  # fmt: skip
    made = scope([WEB], rules=rules)
    hosts = sticky_rules(made.destination_rules)
    assert set(hosts) == {"a", "c"}
    assert set(sticky_rules_in_force(made, hosts, NO_LABELS)) == {"a", "c"}
