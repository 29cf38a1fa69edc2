from typing import Any

from pillion.ir.policy.peer import namespace_mode, peer_modes
from pillion.resources.istio.security import PeerAuthentication
from pillion.value import FrozenMap
from support.scopes import resource

ROOT = "istio-system"


def _policy(spec: dict[str, Any], namespace: str = "shop", created: str = "") -> PeerAuthentication:
    found = resource("PeerAuthentication", spec, f"p{created}", namespace, created)
    assert isinstance(found, PeerAuthentication)
    return found


MESH = _policy({"mtls": {"mode": "STRICT"}}, ROOT)
OWN = _policy({"mtls": {"mode": "DISABLE"}})
WEB = _policy({"selector": {"matchLabels": {"app": "web"}}, "portLevelMtls": {80: {"mode": "STRICT"}, 81: {}}})


def test_levels() -> None:
    web, other = FrozenMap({"app": "web"}), FrozenMap({"app": "other"})
    assert peer_modes((), "shop", web, ROOT).mode == "PERMISSIVE"
    assert peer_modes((MESH,), "shop", web, ROOT).mode == "STRICT"
    assert peer_modes((MESH, OWN), "shop", web, ROOT).mode == "DISABLE"
    assert peer_modes((MESH, OWN), "elsewhere", web, ROOT).mode == "STRICT"
    modes = peer_modes((MESH, OWN, WEB), "shop", web, ROOT)
    assert (modes.for_port(80), modes.for_port(81), modes.for_port(82)) == ("STRICT", "DISABLE", "DISABLE")
    assert peer_modes((MESH, OWN, WEB), "shop", other, ROOT).ports == ()


def test_the_line_that_decides_is_known() -> None:
    web, other = FrozenMap({"app": "web"}), FrozenMap({"app": "other"})
    assert str(peer_modes((), "shop", web, ROOT).where(80)) == "spec.mtls.mode"
    assert str(peer_modes((MESH,), "shop", web, ROOT).where(80)) == "PeerAuthentication istio-system/p: spec.mtls.mode"
    modes = peer_modes((MESH, OWN, WEB), "shop", web, ROOT)
    assert str(modes.where(80)) == "PeerAuthentication shop/p: spec.portLevelMtls.80.mode"
    assert str(modes.where(81)) == "PeerAuthentication shop/p: spec.mtls.mode"
    unset = _policy({"mtls": {"mode": "UNSET"}}, created="2024-01-01T00:00:00Z")
    assert peer_modes((MESH, unset), "shop", other, ROOT).policy == "PeerAuthentication istio-system/p"


def test_the_oldest_of_a_level_counts() -> None:
    older = _policy({"mtls": {"mode": "STRICT"}}, created="2024-01-01T00:00:00Z")
    newer = _policy({"mtls": {"mode": "DISABLE"}}, created="2024-01-02T00:00:00Z")
    assert peer_modes((newer, older), "shop", FrozenMap(), ROOT).mode == "STRICT"
    assert namespace_mode((newer, older), "shop", ROOT) == "STRICT"


def test_what_a_client_expects_of_a_namespace() -> None:
    assert namespace_mode((), "shop", ROOT) == "PERMISSIVE"
    assert namespace_mode((MESH, WEB), "shop", ROOT) == "STRICT"
    assert namespace_mode((MESH, OWN), "shop", ROOT) == "DISABLE"
    assert namespace_mode((MESH, _policy({"mtls": {"mode": "UNSET"}})), "shop", ROOT) == "STRICT"
