"""Every kind of set that we render, through the real binary; and no set refers to what it does not hold."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from pillion.envoy.rendered import CLUSTER, Rendered
from support.proxies import sidecar, told
from support.validate import refusal

_spec = importlib.util.spec_from_file_location("worlds", Path(__file__).with_name("worlds.py"))
assert _spec is not None
assert _spec.loader is not None
worlds = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(worlds)

BINARY = Path(pytest.__file__).parents[1] / "envoy" / "_bin" / "envoy"
EVERYTHING = worlds.SERVICES + worlds.ENTRIES + worlds.RULES
CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "services alone": (worlds.SERVICES, {}, {}),
    "every kind of entry": (worlds.SERVICES + worlds.ENTRIES, {}, {}),
    "all rules": (EVERYTHING, {}, {}),
    "a Sidecar": (EVERYTHING + worlds.SIDECAR, {}, {}),
    "mutual TLS only": (EVERYTHING + worlds.peers("STRICT"), {}, {}),
    "plain text only": (EVERYTHING + worlds.peers("DISABLE"), {}, {}),
    "unknown names resolved": (EVERYTHING, {}, {"outboundTrafficPolicy": {"mode": "ALLOW_ANY_DYNAMIC_DNS"}}),
    "transparent": (EVERYTHING, {"INTERCEPTION_MODE": "TPROXY"}, {}),
    "no interception": (EVERYTHING + worlds.SIDECAR, {"INTERCEPTION_MODE": "NONE"}, {}),
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
