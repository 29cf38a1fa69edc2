from pillion.ir.outbound.listener_slice import listener_slice
from pillion.ir.traits import OutboundTraits
from support.scopes import resource, rule, scope, service, virtual_service

WEB, DB = service("web", {80: "HTTP"}), service("db", {5432: "TCP"})
HTTP = virtual_service({"hosts": [WEB.hostname], "http": [{"route": [{"destination": {"host": WEB.hostname}}]}]})
TCP = virtual_service({"hosts": [DB.hostname], "tcp": [{"route": [{"destination": {"host": DB.hostname}}]}]})


def test_http_routes_and_rules_change_no_listener() -> None:
    plain = listener_slice(scope([WEB, DB]), OutboundTraits())
    rules = [rule({"host": WEB.hostname, "trafficPolicy": {"loadBalancer": {"simple": "RANDOM"}}})]
    assert listener_slice(scope([WEB, DB], rules=rules, virtual_services=[HTTP]), OutboundTraits()) == plain


def test_tcp_routes_and_rules_do() -> None:
    rules = [rule({"host": DB.hostname, "trafficPolicy": {"connectionPool": {"tcp": {"idleTimeout": "1s"}}}})]
    cut = listener_slice(scope([WEB, DB], rules=rules, virtual_services=[HTTP, TCP]), OutboundTraits())
    assert cut.egress[0].virtual_services == (TCP,)
    assert set(cut.rules) == {DB.hostname}
    assert set(cut.targets) == {DB.hostname}
    assert cut.egress[0].catch_all


def test_another_http_service_of_a_known_port_changes_no_listener() -> None:
    other, grpc = service("other", {80: "HTTP"}, "10.96.0.9"), service("grpc", {80: "GRPC"}, "10.96.0.10")
    plain = listener_slice(scope([WEB, DB]), OutboundTraits())
    assert listener_slice(scope([WEB, DB, other]), OutboundTraits()) == plain
    assert listener_slice(scope([WEB, DB, grpc]), OutboundTraits()) != plain
    assert listener_slice(scope([WEB, DB, service("more", {5432: "TCP"}, "10.96.0.3")]), OutboundTraits()) != plain


def test_the_hosts_of_an_egress_entry_change_no_listener_by_themselves() -> None:
    slices = [
        listener_slice(
            scope([WEB, DB], sidecar=resource("Sidecar", {"egress": [{"hosts": [host]}]}, "default")), OutboundTraits()
        )
        for host in ("*/*", "./*")
    ]
    assert slices[0] == slices[1]
