"""Every kind of set that we render, through the real binary; and no set refers to what it does not hold."""

from pathlib import Path
from typing import Any

import pytest

from pillion.envoy.rendered import CLUSTER, Rendered
from support.proxies import sidecar, told
from support.validate import refusal

WORLDS = Path(__file__).with_name("worlds")
PEERS = """
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: MODE}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: web, namespace: shop}
spec: {selector: {matchLabels: {app: web}}, portLevelMtls: {8080: {mode: DISABLE}, 1234: {mode: STRICT}}}
"""


def _world(*names: str) -> str:
    return "---\n".join((WORLDS / f"{name}.yaml").read_text() for name in names)


BINARY = Path(pytest.__file__).parents[1] / "envoy" / "_bin" / "envoy"
SERVICES = _world("services")
EVERYTHING = _world("services", "entries", "rules")
WITH_SIDECAR = _world("services", "entries", "rules", "sidecar")
CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "services alone": (SERVICES, {}, {}),
    "every kind of entry": (_world("services", "entries"), {}, {}),
    "all rules": (EVERYTHING, {}, {}),
    "a Sidecar": (WITH_SIDECAR, {}, {}),
    "mutual TLS only": (EVERYTHING + PEERS.replace("MODE", "STRICT"), {}, {}),
    "plain text only": (EVERYTHING + PEERS.replace("MODE", "DISABLE"), {}, {}),
    "unknown names resolved": (EVERYTHING, {}, {"outboundTrafficPolicy": {"mode": "ALLOW_ANY_DYNAMIC_DNS"}}),
    "transparent": (EVERYTHING, {"INTERCEPTION_MODE": "TPROXY"}, {}),
    "no interception": (WITH_SIDECAR, {"INTERCEPTION_MODE": "NONE"}, {}),
    "without certificates": (EVERYTHING, {"CERTIFICATE_PROVIDER": "none"}, {}),
    "refusing without certificates": (
        WITH_SIDECAR + PEERS.replace("MODE", "STRICT"),
        {"CERTIFICATE_PROVIDER": "none"},
        {},
    ),
    "names captured": (EVERYTHING, {"DNS_CAPTURE": "true"}, {}),
    "mesh settings": (
        EVERYTHING,
        {},
        {
            "accessLogFile": "/dev/stdout",
            "accessLogEncoding": "JSON",
            "proxyHttpPort": 15007,
            "h2UpgradePolicy": "UPGRADE",
            "pathNormalization": {"normalization": "DECODE_AND_MERGE_SLASHES"},
            "protocolDetectionTimeout": "5s",
            "inboundTrafficPolicy": {"mode": "LOCALHOST"},
            "localityLbSetting": {"distribute": [{"from": "a/*", "to": {"a/*": 80, "b/*": 20}}]},
            "tcpKeepalive": {"time": "30s"},
            "defaultConfig": {"proxyHeaders": {"server": {"disabled": True}, "preserveHttp1HeaderCase": True}},
        },
    ),
}


def _rendered(case: str) -> tuple[Rendered, ...]:
    text, metadata, mesh = CASES[case]
    return told(text, sidecar("web", "shop", "10.1.0.1", **metadata), mesh)[1]


@pytest.mark.envoy
@pytest.mark.parametrize("case", CASES)
def test_the_real_envoy_takes_it(case: str, tmp_path: Path) -> None:
    assert refusal(_rendered(case), BINARY, tmp_path) == ""


@pytest.mark.parametrize("case", CASES)
def test_what_a_resource_needs_is_there(case: str) -> None:
    rendered = _rendered(case)
    present = {(each.type_url, each.name) for each in rendered}
    needed = {(need[0], need[1]) for each in rendered for need in each.needs}
    assert needed - present == set()
    assert any(type_url == CLUSTER for type_url, _ in needed)


@pytest.mark.parametrize("case", CASES)
def test_the_same_world_gives_the_same_bytes(case: str) -> None:
    assert _rendered(case) == _rendered(case)


@pytest.mark.envoy
def test_the_judge_refuses_what_is_wrong(tmp_path: Path) -> None:
    rendered = [each for each in _rendered("services alone") if each.name != "PassthroughCluster"]
    rendered.append(Rendered(type_url=CLUSTER, name="", body=b""))
    assert refusal(rendered, BINARY, tmp_path) != ""
