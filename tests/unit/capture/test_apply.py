"""Rules in a real network namespace: put in, found, replaced, taken out, and at work on real connections."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.namespace import Namespace, connect, network_namespace

pytestmark = pytest.mark.root

INJECTED = ("-p", "15001", "-z", "15006", "-u", "1337", "-m", "REDIRECT", "-i", "*", "-x", "", "-b", "*")
EXCLUDED = ("-d", "15090,15021,15020")
CAPTURE = (*INJECTED, *EXCLUDED)
PROXY, APPLICATION = 1337, 65534
PILLION = str(Path(sys.executable).with_name("pillion"))

LISTEN = """
import socket, struct, sys
kind = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
server = socket.socket(kind); server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind((sys.argv[1], int(sys.argv[2]))); server.listen(); server.settimeout(20)
print("listening", flush=True)
client, peer = server.accept()
if kind == socket.AF_INET6:
    raw = client.getsockopt(socket.IPPROTO_IPV6, 80, 28)
    print(socket.inet_ntop(kind, raw[8:24]), struct.unpack(">H", raw[2:4])[0])
elif len(sys.argv) > 3:
    print(*client.getsockname(), peer[0])
else:
    raw = client.getsockopt(socket.SOL_IP, 80, 16)
    print(socket.inet_ntoa(raw[4:8]), struct.unpack(">H", raw[2:4])[0])
client.send(b"hello")
"""
CALL = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=10) as client:
    print(client.recv(5).decode())
"""


@pytest.fixture
def pod() -> Iterator[Namespace]:
    with network_namespace() as namespace:
        yield namespace


@pytest.fixture
def wired() -> Iterator[tuple[Namespace, Namespace]]:
    with network_namespace() as namespace, network_namespace() as other:
        connect(namespace, other, ("10.9.0.2/24", "10.9.0.3/24"), ("fd09::2/64", "fd09::3/64"))
        yield namespace, other


def listening(namespace: Namespace, host: str, port: int, *mode: str, uid: int = PROXY) -> "subprocess.Popen[str]":
    words = namespace.command(sys.executable, "-I", "-c", LISTEN, host, str(port), *mode, uid=uid)
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "listening\n"
    return process


def heard(process: "subprocess.Popen[str]") -> str:
    """What the listener says about the connection that it got."""
    out, _ = process.communicate(timeout=30)
    return out.strip()


def rules(namespace: Namespace) -> list[str]:
    saved = namespace.run("iptables-save").stdout + namespace.run("ip6tables-save").stdout
    return [line for line in saved.splitlines() if line.startswith("-A") or "ISTIO" in line]


def test_apply_verify_apply_again_clean(pod: Namespace) -> None:
    pod.run("iptables", "-t", "nat", "-A", "OUTPUT", "-d", "9.9.9.9", "-j", "RETURN")
    before = rules(pod)
    assert pod.pillion("capture", "apply", *CAPTURE).stdout == "capture: applied\n"
    assert pod.pillion("capture", "verify", *CAPTURE).stdout == "capture: equal\n"
    put_in = rules(pod)
    assert pod.pillion("capture", "apply", *CAPTURE).stdout == "capture: unchanged\n"
    assert rules(pod) == put_in
    assert pod.pillion("capture", "clean", *CAPTURE).stdout == "capture: removed\n"
    assert rules(pod) == before
    assert pod.pillion("capture", "clean", *CAPTURE).stdout == "capture: absent\n"


def test_verify_says_what_somebody_took_away_or_put_in(pod: Namespace) -> None:
    pod.pillion("capture", "apply", *CAPTURE)
    pod.run("iptables", "-t", "nat", "-D", "PREROUTING", "-p", "tcp", "-j", "ISTIO_INBOUND")
    pod.run("iptables", "-t", "nat", "-I", "ISTIO_OUTPUT", "-d", "8.8.8.8", "-j", "RETURN")
    found = pod.pillion("capture", "verify", *CAPTURE, check=False)
    assert found.returncode == 1
    assert found.stdout.splitlines() == [
        "capture: different",
        "  IPv4 missing: nat: -A PREROUTING -p tcp -j ISTIO_INBOUND",
        "  IPv4 foreign: nat: -A ISTIO_OUTPUT -d 8.8.8.8/32 -j RETURN",
    ]


def test_a_different_capture_is_replaced_only_when_asked(pod: Namespace) -> None:
    pod.pillion("capture", "apply", *CAPTURE)
    other = (*INJECTED, "-d", "22")
    refused = pod.pillion("capture", "apply", *other, check=False)
    assert (refused.returncode, "--reconcile" in refused.stderr) == (1, True)
    assert pod.pillion("capture", "verify", *CAPTURE).returncode == 0
    assert pod.pillion("capture", "apply", *other, "--reconcile").stdout == "capture: replaced\n"
    assert pod.pillion("capture", "verify", *other).returncode == 0


@pytest.mark.parametrize(
    "settings",
    [
        ("-m", "TPROXY", "-i", "10.0.0.5/8,fd00::/8", "-b", "*", "--dual-stack", "--drop-invalid", "-c", "eth7"),
        ("--redirect-dns", "--capture-all-dns", "-i", "*", "-b", "80,443", "-o", "25", "-q", "8080", "--dual-stack"),
        ("-k", "virbr0", "-i", "10.0.0.0/8", "-x", "10.1.0.0/16"),
        *([("--native-nftables", "-i", "*", "-b", "*", "--drop-invalid")] if shutil.which("nft") else []),
    ],
)
def test_every_kind_of_rule_comes_back_as_it_went_in(
    wired: tuple[Namespace, Namespace], settings: tuple[str, ...]
) -> None:
    pod, _ = wired
    before = rules(pod), pod.run("ip", "rule").stdout, pod.run("ip", "-6", "addr", "show", "dev", "lo").stdout
    assert pod.pillion("capture", "apply", *settings).stdout == "capture: applied\n"
    assert pod.pillion("capture", "verify", *settings).stdout == "capture: equal\n"
    assert pod.pillion("capture", "apply", *settings).stdout == "capture: unchanged\n"
    assert pod.pillion("capture", "clean", *settings).stdout == "capture: removed\n"
    assert (rules(pod), pod.run("ip", "rule").stdout, pod.run("ip", "-6", "addr", "show", "dev", "lo").stdout) == before


def test_an_application_s_call_goes_to_envoy_with_its_destination(wired: tuple[Namespace, Namespace]) -> None:
    pod, other = wired
    pod.pillion("capture", "apply", *CAPTURE)
    envoy = listening(pod, "127.0.0.1", 15001)
    assert pod.python(CALL, "10.9.0.3", "80", uid=APPLICATION) == "hello\n"
    assert heard(envoy) == "10.9.0.3 80"
    server = listening(other, "10.9.0.3", 80, "plain", uid=0)
    assert pod.python(CALL, "10.9.0.3", "80", uid=PROXY) == "hello\n", "the proxy's own call is not captured"
    assert heard(server) == "10.9.0.3 80 10.9.0.2"


def test_a_call_to_the_pod_goes_to_envoy_but_for_excluded_ports(wired: tuple[Namespace, Namespace]) -> None:
    pod, other = wired
    pod.pillion("capture", "apply", *CAPTURE)
    envoy = listening(pod, "0.0.0.0", 15006)
    assert other.python(CALL, "10.9.0.2", "8080") == "hello\n"
    assert heard(envoy) == "10.9.0.2 8080"
    status = listening(pod, "0.0.0.0", 15021, "plain")
    assert other.python(CALL, "10.9.0.2", "15021") == "hello\n"
    assert heard(status) == "10.9.0.2 15021 10.9.0.3"


def test_ipv6_is_captured_in_a_dual_stack_pod(wired: tuple[Namespace, Namespace]) -> None:
    pod, _ = wired
    pod.pillion("capture", "apply", *CAPTURE, "--dual-stack")
    envoy = listening(pod, "::1", 15001)
    assert pod.python(CALL, "fd09::3", "80", uid=APPLICATION) == "hello\n"
    assert heard(envoy) == "fd09::3 80"


def test_after_clean_nothing_is_captured(wired: tuple[Namespace, Namespace]) -> None:
    pod, other = wired
    pod.pillion("capture", "apply", *CAPTURE)
    pod.pillion("capture", "clean", *CAPTURE)
    server = listening(other, "10.9.0.3", 80, "plain", uid=0)
    assert pod.python(CALL, "10.9.0.3", "80", uid=APPLICATION) == "hello\n"
    assert heard(server) == "10.9.0.3 80 10.9.0.2"


def test_validation_proves_with_a_connection(wired: tuple[Namespace, Namespace]) -> None:
    pod, _ = wired
    prove = (PILLION, "capture", "apply", "--skip-rule-apply", "--run-validation", "--probe-timeout", "2s", *CAPTURE)
    for uid in (0, PROXY):
        refused = pod.run(*prove, uid=uid, check=False)
        assert (refused.returncode, "not at work" in refused.stderr) == (126, True)
    pod.pillion("capture", "apply", *CAPTURE)
    pod.run("ip", "route", "add", "default", "via", "10.9.0.3")
    for uid in (0, PROXY):
        assert pod.run(*prove, uid=uid).stdout == "capture: at work\n"


def test_the_namespace_can_be_entered_by_path(pod: Namespace) -> None:
    command = (PILLION, "capture", "apply", *CAPTURE)
    subprocess.run(
        (*command, "--network-namespace", f"/proc/{pod.pid}/ns/net"), check=True, capture_output=True, timeout=60
    )
    assert pod.pillion("capture", "verify", *CAPTURE).returncode == 0


def test_what_cannot_go_in_leaves_nothing_behind(pod: Namespace) -> None:
    environment = {"ISTIO_OUTBOUND_OWNER_GROUPS": "no-such-group"}
    failed = pod.run(PILLION, "capture", "apply", *CAPTURE, check=False, environment=environment)
    assert (failed.returncode, "no-such-group" in failed.stderr) == (1, True)
    assert rules(pod) == []
