"""The agent with the real Envoy in a pod's network namespace, and a control plane that speaks when it is told to."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.ads import HELLO_PORT
from support.namespace import Namespace, network_namespace

pytestmark = [pytest.mark.root, pytest.mark.envoy]

ADS = Path(__file__).parents[1] / "support" / "ads.py"
PILLION = str(Path(sys.executable).with_name("pillion"))
PROXY = 1337
LONG = 40.0
"""Seconds that a busy machine may take for what is quick on a quiet one."""
ENDLESS = "100s"
"""A drain that no test sees the end of."""
LONG = 40.0
"""Seconds that a busy machine may take for what is quick on a quiet one."""
ENDLESS = "100s"
"""A drain that no test sees the end of."""
GET = """
import http.client, sys
connection = http.client.HTTPConnection(sys.argv[1], int(sys.argv[2]), timeout=10)
connection.request(sys.argv[4] if len(sys.argv) > 4 else "GET", sys.argv[3])
answer = connection.getresponse()
print(answer.status, answer.read().decode(), end="")
"""
APPLICATION = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        ready = self.path == "/ready" and self.headers["x-probe"] == "yes"
        self.send_response(200 if ready or self.path == "/metrics" else 503)
        self.end_headers()
        self.wfile.write(b"app_up 1" if self.path == "/metrics" else b"from " + self.client_address[0].encode())
    def log_message(self, *_): pass
server = http.server.HTTPServer(("0.0.0.0", 8000), Handler)
print("listening", flush=True)
server.serve_forever()
"""
HOLD = """
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as held:
    print("held", flush=True)
    sys.stdin.readline()
"""


class Pod:
    """A pod with an agent, as far as these tests need one."""

    def __init__(self, namespace: Namespace, folder: Path) -> None:
        self.namespace = namespace
        self.folder = folder
        self.processes: list[subprocess.Popen[str]] = []

    def start(self, *words: str, uid: int = 0, environment: dict[str, str] | None = None) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            self.namespace.command(*words, uid=uid),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **(environment or {})},
        )
        self.processes.append(process)
        return process

    def python(self, code: str, *arguments: str) -> "subprocess.Popen[str]":
        process = self.start(sys.executable, "-I", "-c", code, *arguments)
        assert process.stdout
        assert process.stdout.readline() in {"listening\n", "held\n"}
        return process

    def control_plane(self, *, publish: bool = True) -> "subprocess.Popen[str]":
        process = self.start(sys.executable, "-P", str(ADS), "127.0.0.1:15010")
        assert process.stdout
        assert process.stdout.readline() == "listening\n"
        if publish:
            self.publish(process)
        return process

    @staticmethod
    def publish(process: "subprocess.Popen[str]") -> None:
        assert process.stdin
        assert process.stdout
        process.stdin.write("publish\n")
        process.stdin.flush()
        assert process.stdout.readline() == "published\n"

    def agent(self, drain: str = "1s", **environment: str) -> "subprocess.Popen[str]":
        config = {
            "discoveryAddress": "127.0.0.1:15010",
            "controlPlaneAuthPolicy": "NONE",
            "configPath": str(self.folder / "proxy"),
            "terminationDrainDuration": drain,
            "concurrency": 1,
        }
        pod = {"POD_NAME": "web-1", "POD_NAMESPACE": "prod", "INSTANCE_IP": "127.0.0.1"}
        words = (PILLION, "agent", "proxy", "sidecar", "--domain", "prod.svc.cluster.local")
        return self.start(*words, uid=PROXY, environment={**pod, "PROXY_CONFIG": json.dumps(config), **environment})

    def get(self, path: str, port: int = 15020, method: str = "GET") -> str:
        words = (sys.executable, "-I", "-c", GET, "127.0.0.1", str(port), path, method)
        done = self.namespace.run(*words, check=False)
        return done.stdout if done.returncode == 0 else "no answer"

    def envoy(self, agent: "subprocess.Popen[str]") -> int:
        children = Path(f"/proc/{agent.pid}/task/{agent.pid}/children").read_text().split()
        return int(children[0]) if children else 0

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.communicate()


@pytest.fixture
def pod() -> Iterator[Pod]:
    # pytest's own folders are for their owner alone; the proxy is another user
    with tempfile.TemporaryDirectory(prefix="pillion-agent-") as name, network_namespace() as namespace:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "proxy").mkdir()
        os.chown(folder / "proxy", PROXY, PROXY)
        made = Pod(namespace, folder)
        try:
            yield made
        finally:
            made.close()


def until(condition: Callable[[], bool], seconds: float = LONG) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"


def until_ready(pod: Pod) -> None:
    try:
        until(lambda: pod.get("/healthz/ready") == "200 ")
    except AssertionError as error:
        stats = pod.get("/stats?filter=xds-grpc|control_plane|cds|lds|server.state", port=15000)
        ended = [each.communicate()[0] for each in pod.processes if each.poll() is not None]
        raise AssertionError(f"{pod.get('/healthz/ready')}\n{stats}\n{ended}") from error


def test_ready_only_when_the_control_plane_has_spoken(pod: Pod) -> None:
    control = pod.control_plane(publish=False)
    pod.agent()
    until(lambda: "no clusters and no listeners" in pod.get("/healthz/ready"))
    assert pod.get("/healthz/ready").startswith("503 ")
    pod.publish(control)
    until_ready(pod)
    assert pod.get("/healthz/ready", port=15021) == "200 ", "the kubelet asks by way of Envoy"
    assert pod.get("/", port=HELLO_PORT) == "200 hello"


def test_bootstrap_is_private_and_names_the_pod(pod: Pod) -> None:
    pod.control_plane()
    pod.agent()
    until_ready(pod)
    path = pod.folder / "proxy" / "envoy-rev.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text())["node"]["id"] == "sidecar~127.0.0.1~web-1.prod~prod.svc.cluster.local"


def test_envoy_is_started_again_after_a_crash(pod: Pod) -> None:
    pod.control_plane()
    agent = pod.agent()
    until_ready(pod)
    first = pod.envoy(agent)
    os.kill(first, signal.SIGKILL)
    until(lambda: pod.envoy(agent) not in {0, first})
    until_ready(pod)
    assert "istio_agent_num_proxy_restarts 1" in pod.get("/stats/prometheus")
    assert agent.poll() is None


def test_sigterm_drains_and_ends_in_good_order(pod: Pod) -> None:
    pod.control_plane()
    agent = pod.agent(drain="6s")
    until_ready(pod)
    envoy = pod.envoy(agent)
    held = pod.python(HOLD, str(HELLO_PORT))
    agent.send_signal(signal.SIGTERM)
    until(lambda: pod.get("/healthz/ready") == "503 draining\n")
    assert Path(f"/proc/{envoy}").exists(), "requests in flight have their time"
    assert agent.wait(LONG) == 0
    assert not Path(f"/proc/{envoy}").exists()
    held.kill()


def test_a_second_signal_makes_the_end_short(pod: Pod) -> None:
    pod.control_plane()
    agent = pod.agent(drain=ENDLESS)
    until_ready(pod)
    agent.send_signal(signal.SIGINT)
    until(lambda: pod.get("/healthz/ready") == "503 draining\n")
    agent.send_signal(signal.SIGINT)
    assert agent.wait(LONG) == 0


def test_the_drain_ends_when_no_connection_is_left_if_so_told(pod: Pod) -> None:
    pod.control_plane()
    agent = pod.agent(drain=ENDLESS, EXIT_ON_ZERO_ACTIVE_CONNECTIONS="true", MINIMUM_DRAIN_DURATION="1s")
    until_ready(pod)
    held = pod.python(HOLD, str(HELLO_PORT))
    agent.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        agent.wait(3)
    held.communicate("\n")
    assert agent.wait(LONG) == 0


def test_envoy_dies_with_its_agent(pod: Pod) -> None:
    pod.control_plane()
    agent = pod.agent()
    until(lambda: pod.envoy(agent) != 0)
    envoy = pod.envoy(agent)
    agent.kill()
    until(lambda: not Path(f"/proc/{envoy}").exists())


def test_quit_by_post_from_inside_the_pod(pod: Pod) -> None:
    pod.control_plane()
    agent = pod.agent()
    until_ready(pod)
    assert pod.get("/quitquitquit").startswith("405 ")
    assert pod.get("/quitquitquit", method="POST") == "200 OK\n"
    assert agent.wait(LONG) == 0


def test_a_drain_can_be_ordered_before_the_end(pod: Pod) -> None:
    pod.control_plane()
    agent = pod.agent()
    until_ready(pod)
    pod.namespace.pillion("agent", "drain")
    until(lambda: pod.get("/healthz/ready") == "503 draining\n")
    assert agent.poll() is None


def test_wait_and_request_speak_to_a_running_agent(pod: Pod) -> None:
    control = pod.control_plane(publish=False)
    pod.agent()
    late = pod.namespace.pillion("agent", "wait", "--timeoutSeconds", "1", check=False)
    assert (late.returncode, late.stderr) == (1, "agent: not ready after 1 s\n")
    waiting = pod.start(PILLION, "agent", "wait")
    pod.publish(control)
    assert waiting.wait(LONG) == 0
    assert pod.namespace.pillion("agent", "request", "GET", "server_info").stdout.startswith("{")
    assert pod.namespace.pillion("agent", "request", "GET", "no-such-page", check=False).returncode == 1


def test_an_envoy_that_cannot_live_ends_the_agent(pod: Pod) -> None:
    broken = pod.folder / "envoy"
    broken.write_text("#!/bin/sh\nexit 7\n")
    broken.chmod(0o755)
    agent = pod.agent(ENVOY_PATH=str(broken), PILLION_ENVOY_RESTARTS="2")
    assert agent.wait(LONG) == 7
    assert agent.stdout
    assert "giving up after 2 restarts" in agent.stdout.read()


def test_a_status_port_that_is_taken_is_told_and_envoy_does_not_stay(pod: Pod) -> None:
    pod.python(APPLICATION.replace("8000", "15020"))
    agent = pod.agent()
    assert agent.wait(LONG) == 1
    assert agent.stdout
    assert "address already in use" in agent.stdout.read()


def test_probes_and_metrics_of_the_application(pod: Pod) -> None:
    pod.control_plane()
    pod.python(APPLICATION)
    header = [{"name": "X-Probe", "value": "yes"}]
    probers = {
        "/app-health/web/readyz": {"httpGet": {"path": "/ready", "port": 8000, "httpHeaders": header}},
        "/app-health/web/livez": {"httpGet": {"path": "/live", "port": 8000}},
        "/app-health/web/startupz": {"tcpSocket": {"port": 8000}},
        "/app-health/db/readyz": {"tcpSocket": {"port": 8001}},
    }
    pod.agent(
        ISTIO_KUBE_APP_PROBERS=json.dumps(probers),
        ISTIO_PROMETHEUS_ANNOTATIONS='{"scrape": "true", "path": "/metrics", "port": "8000"}',
    )
    until_ready(pod)
    assert pod.get("/app-health/web/readyz").startswith("200 from 127.0.0.")
    assert pod.get("/app-health/web/livez").startswith("503 ")
    assert pod.get("/app-health/web/startupz") == "200 "
    assert pod.get("/app-health/db/readyz").startswith("500 ")
    assert pod.get("/app-health/web/other").startswith("404 ")
    metrics = pod.get("/stats/prometheus")
    assert "app_up 1\n" in metrics
    assert "envoy_server_state" in metrics


def test_captured_dns_is_answered_by_the_agent(pod: Pod) -> None:
    """An application's query to a server that is not there reaches the agent, which has nobody to ask and says so."""
    pod.namespace.run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1")
    pod.namespace.run("ip", "addr", "add", "10.9.0.2/24", "dev", "eth0")
    pod.namespace.run("ip", "link", "set", "eth0", "up")
    pod.namespace.pillion("capture", "apply", "--redirect-dns", "--capture-all-dns", "-i", "*")
    pod.control_plane()
    pod.agent(ISTIO_META_DNS_CAPTURE="true")
    until_ready(pod)
    ask = (
        "import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.settimeout(15); s.connect(('10.9.0.9', 53));"
        "s.send(b'\\x12\\x34\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\1a\\0\\0\\1\\0\\1'); print(s.recv(512).hex())"
    )
    answer = bytes.fromhex(pod.namespace.python(ask, uid=65534).strip())
    assert answer[:2] == b"\x12\x34"
    assert answer[3] & 15 == 2


def test_an_environment_that_describes_no_proxy_is_refused(pod: Pod) -> None:
    agent = pod.agent(PROXY_CONFIG='{"proxyAdminPort": "many"}')
    assert agent.wait(LONG) == 2
    assert agent.stdout
    assert "PROXY_CONFIG" in agent.stdout.read()
