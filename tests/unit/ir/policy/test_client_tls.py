from typing import Any

import msgspec

from pillion.ir.model.key import BackendKey
from pillion.ir.model.tls import PLAIN, ClientTls
from pillion.ir.policy.client_tls import ClientTlsInputs, MutualMode, client_tls
from pillion.resources.istio.destination_rule import ClientTLSSettings
from support.scopes import CONFIG, entry, rule, service

KEY = BackendKey(port=80, host="web")
WEB = service("web", {80: "HTTP"}, accounts=("spiffe://b", "spiffe://a"))
OUTSIDE = entry("out.example", {443: "TLS"}, accounts=("out.example",))


def _tls(
    settings: dict[str, Any] | None = None, mode: MutualMode = "PERMISSIVE", of: Any = WEB, **more: Any
) -> ClientTls:
    declared: ClientTLSSettings | None = None
    if settings is not None:
        policy = rule({"host": "a", "trafficPolicy": {"tls": settings}}).rule.spec.traffic_policy
        declared = policy.tls if policy else None
    return client_tls(ClientTlsInputs(key=KEY, settings=declared, server_mode=mode, **more), of, CONFIG)


def test_the_mesh_is_automatic() -> None:
    found = _tls()
    assert (found.mode, found.automatic, found.sni_key, found.sans) == ("mesh", True, KEY, ("spiffe://a", "spiffe://b"))


def test_servers_that_do_not_take_it_are_spoken_to_in_plain_text() -> None:
    assert _tls(mode="DISABLE") == PLAIN
    assert _tls(mode="UNKNOWN") == PLAIN
    assert _tls(of=OUTSIDE) == PLAIN


def test_without_a_certificate_automatic_falls_back_and_a_rule_does_not() -> None:
    assert _tls(certificates=False) == PLAIN
    assert _tls({"mode": "ISTIO_MUTUAL"}, certificates=False).mode == "mesh"


def test_a_rule_may_turn_it_off_or_set_names() -> None:
    assert _tls({"mode": "DISABLE"}) == PLAIN
    own = _tls({"mode": "ISTIO_MUTUAL", "sni": "x", "subjectAltNames": ["y"]})
    assert (own.automatic, own.sni, own.sni_key, own.sans) == (False, "x", None, ("y",))


def test_simple_tls_checks_the_host_that_was_asked_for() -> None:
    found = _tls({"mode": "SIMPLE"})
    assert (found.mode, found.ca, found.host_sni, found.host_san) == ("simple", "system", True, True)
    named = _tls({"mode": "SIMPLE", "sni": "x"})
    assert (named.host_sni, named.host_san) == (False, False)
    assert not _tls({"mode": "SIMPLE", "insecureSkipVerify": True}).host_san


def test_an_entrys_names_are_whom_it_lets_answer() -> None:
    assert _tls({"mode": "SIMPLE"}, of=OUTSIDE).sans == ("out.example",)


def test_a_credential_needs_a_workload_selector() -> None:
    assert _tls({"mode": "SIMPLE", "credentialName": "c"}) == PLAIN
    assert _tls({"mode": "SIMPLE", "credentialName": "c"}, selected=True).credential == "c"


def test_mutual_needs_a_certificate() -> None:
    assert _tls({"mode": "MUTUAL"}) == PLAIN
    assert _tls({"mode": "MUTUAL", "clientCertificate": "/c", "privateKey": "/k"}).mode == "mutual"


def test_the_mesh_may_turn_it_off() -> None:
    off = msgspec.structs.replace(CONFIG, enable_auto_mtls=False)
    found = client_tls(ClientTlsInputs(key=KEY, settings=None, server_mode="STRICT"), WEB, off)
    assert found == PLAIN


def test_nobody_knows_who_answers_for_a_name_that_the_caller_brings() -> None:
    inside = msgspec.structs.replace(OUTSIDE, external=False)
    for settings in (None, {"mode": "ISTIO_MUTUAL"}, {"mode": "SIMPLE"}):
        assert _tls(settings, of=inside).sans == ("out.example",)
        found = _tls(settings, of=inside, dynamic=True)
        assert (found.sans, found.host_sni, found.host_san) == ((), True, True)
