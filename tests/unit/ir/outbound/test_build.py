from pillion.ir.memo import Memo
from pillion.ir.model.key import BackendKey, TableKey
from pillion.ir.outbound.build import lower_outbound
from pillion.ir.traits import OutboundTraits
from support.scopes import scope, service, virtual_service

WEB, DB = service("web", {80: "HTTP"}), service("db", {5432: "TCP"}, "10.96.0.2")


def test_the_parts_fit() -> None:
    outbound, wrong = lower_outbound(scope([WEB, DB]), OutboundTraits())
    assert wrong == ()
    assert outbound.missing == frozenset()
    assert [table.key for table in outbound.tables] == [TableKey(port=80)]
    backends = {each.key for each in outbound.backends}
    assert {key for listener in outbound.listeners for key in listener.targets} <= backends
    assert {key for table in outbound.tables for key in table.targets} <= backends


def test_a_destination_that_nobody_has_is_told_and_listed() -> None:
    lost = virtual_service({"hosts": [WEB.hostname], "http": [{"route": [{"destination": {"host": "lost.example"}}]}]})
    outbound, wrong = lower_outbound(scope([WEB], virtual_services=[lost]), OutboundTraits())
    assert outbound.missing == {BackendKey(port=80, host="lost.example")}
    assert [(each.code, str(each.where)) for each in wrong] == [
        ("unknown-destination", "VirtualService shop/x: spec.http[0].route[0].destination.host")
    ]


def test_of_two_rules_the_one_that_names_the_lost_subset_is_told() -> None:
    plain = virtual_service({"hosts": [DB.hostname], "tcp": [{"route": [{"destination": {"host": DB.hostname}}]}]}, "a")
    route = {"destination": {"host": WEB.hostname, "subset": "v3"}}
    lost = virtual_service({"hosts": [WEB.hostname], "http": [{"route": [route]}]}, "b")
    _, wrong = lower_outbound(scope([WEB, DB], virtual_services=[plain, lost]), OutboundTraits())
    assert [str(each.where) for each in wrong] == ["VirtualService shop/b: spec.http[0].route[0].destination.subset"]


def test_of_a_known_host_the_lost_port_is_told() -> None:
    route = {"destination": {"host": WEB.hostname, "port": {"number": 81}}}
    lost = virtual_service({"hosts": [WEB.hostname], "http": [{"route": [route]}]})
    _, wrong = lower_outbound(scope([WEB], virtual_services=[lost]), OutboundTraits())
    assert [each.where.field for each in wrong] == ["spec.http[0].route[0].destination.port"]


def test_equal_input_gives_the_same_object() -> None:
    memo = Memo()
    first, _ = lower_outbound(scope([WEB, DB]), OutboundTraits(), memo)
    assert lower_outbound(scope([WEB, DB]), OutboundTraits(), memo)[0] is first


def test_a_changed_route_leaves_backends_and_listeners() -> None:
    memo = Memo()
    first, _ = lower_outbound(scope([WEB, DB]), OutboundTraits(), memo)
    timed = virtual_service(
        {"hosts": [WEB.hostname], "http": [{"timeout": "3s", "route": [{"destination": {"host": WEB.hostname}}]}]}
    )
    second, _ = lower_outbound(scope([WEB, DB], virtual_services=[timed]), OutboundTraits(), memo)
    assert second.backends is first.backends
    assert second.listeners is first.listeners
    assert second.tables != first.tables
