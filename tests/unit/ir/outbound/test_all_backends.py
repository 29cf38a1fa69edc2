from pillion.ir.memo import Memo
from pillion.ir.outbound.all_backends import all_backends, backend_slice, rules_in_force
from pillion.ir.outbound.backends import service_backends
from pillion.ir.traits import OutboundTraits
from pillion.scope.model import OutboundPolicy
from pillion.value import FrozenMap
from support.scopes import rule, scope, service

WEB, DB = service("web", {80: "HTTP"}), service("db", {5432: "TCP"})


def test_they_are_sorted_and_complete() -> None:
    backends, _ = all_backends(backend_slice(scope([WEB, DB]), OutboundTraits(), Memo()), Memo())
    keys = [each.key for each in backends]
    assert keys == sorted(keys)
    assert {key.kind for key in keys} == {"outbound", "passthrough", "black-hole"}


def test_one_changed_service_is_one_recomputed() -> None:
    memo = Memo()
    all_backends(backend_slice(scope([WEB, DB]), OutboundTraits(), Memo()), memo)
    before = memo.misses
    changed = service("db", {5433: "TCP"})
    all_backends(backend_slice(scope([WEB, changed]), OutboundTraits(), Memo()), memo)
    assert memo.misses == before + 1
    assert service_backends.__name__ == "service_backends"


def test_mutual_tls_without_a_certificate_reaches_nobody() -> None:
    wanted = rule({"host": DB.hostname, "trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}})
    cut = backend_slice(scope([DB], rules=[wanted]), OutboundTraits(certificates=False), Memo())
    backends, wrong = all_backends(cut, Memo())
    closed = next(each for each in backends if each.key.host == DB.hostname)
    assert (closed.discovery, closed.terms) == ("static", None)
    assert [each.severity for each in wrong] == ["error"]


def test_unknown_names_may_be_resolved() -> None:
    cut = backend_slice(scope([], policy=OutboundPolicy(mode="ALLOW_ANY_DYNAMIC_DNS")), OutboundTraits(), Memo())
    backends, _ = all_backends(cut, Memo())
    assert "dynamic-dns" in {each.key.kind for each in backends}


def test_a_rule_for_some_callers_counts_for_them_alone() -> None:
    selective = rule({"host": "a", "workloadSelector": {"matchLabels": {"app": "web"}}})
    made = scope([WEB], rules=[selective])
    assert "a" in rules_in_force(made, FrozenMap({"app": "web"}))
    assert rules_in_force(made, FrozenMap()) == FrozenMap()
