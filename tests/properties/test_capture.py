"""Whatever can be asked for goes in, is found again, changes nothing the second time, and comes out without a trace."""

import json
import subprocess
import sys

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pillion.capture.config import Config, check
from pillion.value import has_errors
from support.namespace import network_namespace

IN_NAMESPACE = """
import json, subprocess, sys
import msgspec
from pillion.capture import apply
from pillion.capture.config import Config
def rules():
    words = "iptables-save; ip6tables-save; ip rule; ip route show table all type local | grep -v 'table local'"
    saved = subprocess.run(words, shell=True, capture_output=True, text=True).stdout
    return [line for line in saved.splitlines() if line[:1] not in "#*:C" or "ISTIO" in line]
before = rules()
for text in json.loads(sys.stdin.read()):
    config = msgspec.json.decode(text, type=Config)
    acts = [apply.apply(config).action, apply.verify(config).action, apply.apply(config).action]
    acts.append(apply.clean(config).action)
    assert acts == ["applied", "equal", "unchanged", "removed"], (acts, config)
    assert rules() == before, (rules(), config)
"""


def listed(items: st.SearchStrategy[str], *, wildcard: bool = False) -> st.SearchStrategy[str]:
    some = st.lists(items, max_size=3, unique=True).map(",".join)
    return st.just("*") | some if wildcard else some


PORTS = st.integers(min_value=1, max_value=65535).map(str)
V4 = st.builds("{}.{}.0.0/{}".format, st.integers(1, 223), st.integers(0, 255), st.integers(1, 32))
V6 = st.builds("fd{:02x}::{:x}/{}".format, st.integers(0, 255), st.integers(0, 255), st.integers(8, 128))
IDS = st.integers(min_value=0, max_value=70000).map(str)
INTERFACES = st.sampled_from(["eth9", "virbr0", "tun-1"])

CONFIGS = st.builds(
    Config,
    proxy_port=PORTS,
    inbound_capture_port=PORTS,
    inbound_tunnel_port=PORTS,
    proxy_uid=listed(IDS),
    proxy_gid=listed(IDS),
    inbound_interception_mode=st.sampled_from(["", "REDIRECT", "TPROXY"]),
    inbound_ports_include=listed(PORTS, wildcard=True),
    inbound_ports_exclude=listed(PORTS),
    owner_groups_include=listed(st.sampled_from(["root", "daemon", "202"]), wildcard=True).filter(bool),
    owner_groups_exclude=listed(st.sampled_from(["root", "7"])),
    outbound_ports_include=listed(PORTS),
    outbound_ports_exclude=listed(PORTS),
    outbound_ip_ranges_include=listed(V4 | V6, wildcard=True),
    outbound_ip_ranges_exclude=listed(V4 | V6),
    kube_virt_interfaces=listed(INTERFACES),
    exclude_interfaces=listed(INTERFACES),
    redirect_dns=st.booleans(),
    capture_all_dns=st.booleans(),
    dns_servers_v4=st.sampled_from([(), ("10.0.0.10",), ("10.0.0.10", "127.0.0.53")]),
    dns_servers_v6=st.sampled_from([(), ("fd00::a",)]),
    drop_invalid=st.booleans(),
    enable_ipv6=st.booleans(),
)


@given(CONFIGS)
def test_what_is_drawn_here_can_be_meant(config: Config) -> None:
    assert not has_errors(check(config)), check(config)


@pytest.mark.root
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(CONFIGS, min_size=8, max_size=8))
def test_in_and_out_again(configs: list[Config]) -> None:
    with network_namespace() as pod:
        done = subprocess.run(
            pod.command(sys.executable, "-c", IN_NAMESPACE),
            input=json.dumps([msgspec.json.encode(config).decode() for config in configs]),
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-3000:]
