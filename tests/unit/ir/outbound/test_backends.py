from typing import Any

import pytest

from pillion.ir.model.backend import Backend
from pillion.ir.model.key import BLACK_HOLE, DYNAMIC_DNS, PASSTHROUGH
from pillion.ir.outbound.backends import BackendInputs, base_backends, dynamic_backend, refuse, service_backends
from pillion.mesh.destination_rules import ConsolidatedRule
from pillion.mesh.service import Resolution, Service
from support.scopes import CONFIG, entry, member, rule, service

WEB = service("web", {80: "HTTP", 53: "UDP"}, accounts=("spiffe://a",))


def _backends(of: Service, found: ConsolidatedRule | None = None, **more: Any) -> dict[str, Backend]:
    backends, _ = service_backends(
        BackendInputs(service=of, rule=found, config=CONFIG, server_mode="PERMISSIVE", **more)
    )
    return {each.key.subset: each for each in backends}


def test_one_for_each_port_but_udp() -> None:
    (backend,) = _backends(WEB).values()
    assert (backend.key.port, backend.discovery, backend.connect_timeout) == (80, "eds", 10 * 10**9)
    assert backend.terms is not None
    assert (backend.terms.port_name, backend.terms.mtls) == ("HTTP-80", None)
    assert backend.tls.automatic


@pytest.mark.parametrize(
    ("resolution", "discovery"), [("EDS", "eds"), ("DNS", "strict-dns"), ("DNS_ROUND_ROBIN", "logical-dns"),
                                  ("PASSTHROUGH", "original-destination")]
)  # fmt: skip
def test_how_members_are_found(resolution: Resolution, discovery: str) -> None:
    outside = entry("a.example", {80: "HTTP"}, resolution=resolution, members=(member("a.example", 80, "HTTP-80"),))
    backend = _backends(outside)[""]
    assert backend.discovery == discovery
    assert bool(backend.members) == (backend.dns is not None)
    assert backend.tls.mode == "none"


def test_names_that_nobody_has_are_not_resolved() -> None:
    assert _backends(entry("*.example", {80: "HTTP"}, resolution="DNS")) == {}
    assert _backends(service("alias", {80: "HTTP"}, resolution="ALIAS")) == {}


def test_wildcards_are_resolved_for_whoever_asks() -> None:
    wild = entry("*.example", {80: "HTTP", 81: "TCP"}, resolution="DYNAMIC_DNS")
    backend = _backends(wild)[""]
    assert (backend.discovery, backend.balancing.algorithm) == ("dynamic", "provided")
    assert backend.dns is not None
    assert backend.dns.cache == "*.example-dfp-dns-cache"


def test_subsets() -> None:
    policy = {"loadBalancer": {"simple": "RANDOM"}, "tls": {"mode": "DISABLE"}}
    subsets = [
        {"name": "v1", "labels": {"version": "v1"}},
        {"name": "v2", "labels": {"version": "v2"}, "trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}},
    ]
    found = _backends(WEB, rule({"host": WEB.hostname, "trafficPolicy": policy, "subsets": subsets}))
    assert set(found) == {"", "v1", "v2"}
    assert found["v1"].balancing.algorithm == "random"
    assert found["v1"].terms is not None
    assert found["v2"].terms is not None
    assert (found["v1"].terms.mtls, found["v2"].terms.mtls) == (False, True)
    assert dict(found["v2"].terms.labels) == {"version": "v2"}
    assert found["v2"].tls.sni_key == found["v2"].key
    assert found[""].rule == "shop/x"


def test_passthrough_goes_where_the_caller_wanted() -> None:
    through = rule({"host": WEB.hostname, "trafficPolicy": {"loadBalancer": {"simple": "PASSTHROUGH"}}})
    backend = _backends(WEB, through)[""]
    assert (backend.discovery, backend.balancing.algorithm, backend.tls.mode) == (
        "original-destination", "provided", "none",
    )  # fmt: skip


def test_headless_members_must_all_take_mutual_tls() -> None:
    def headless(*taking: bool) -> Service:
        members = tuple(member(f"10.1.0.{i}", 80, "HTTP-80", mtls=mtls) for i, mtls in enumerate(taking))
        return service("db", {80: "HTTP"}, "", resolution="PASSTHROUGH", members=members)

    assert _backends(headless(True, True))[""].tls.mode == "mesh"
    assert not _backends(headless(True, True))[""].tls.automatic
    assert _backends(headless(True, False))[""].tls.mode == "none"
    assert _backends(headless())[""].tls.mode == "none"


def test_a_certificate_that_is_wanted_and_not_there_is_told() -> None:
    wanted = rule({"host": WEB.hostname, "trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}})
    inputs = BackendInputs(service=WEB, rule=wanted, config=CONFIG, server_mode="PERMISSIVE", certificates=False)
    backends, wrong = service_backends(inputs)
    assert [each.code for each in wrong] == ["no-workload-certificate"]
    closed = refuse(backends[0])
    assert (closed.discovery, closed.members, closed.tls.mode) == ("static", (), "none")


def test_the_backends_that_every_proxy_has() -> None:
    black_hole, passthrough = base_backends(CONFIG, False)
    assert (black_hole.key, passthrough.key) == (BLACK_HOLE, PASSTHROUGH)
    assert passthrough.http is not None
    assert passthrough.http.version == "downstream"
    dynamic = dynamic_backend(CONFIG, "v4", capture=True, preserve_case=False)
    assert dynamic.key == DYNAMIC_DNS
    assert dynamic.dns is not None
    assert dynamic.dns.resolver == "127.0.0.1:15053"
