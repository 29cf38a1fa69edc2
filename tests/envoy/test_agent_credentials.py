"""The agent with the real Envoy, before a control plane that wants to see a token and is itself looked at."""

import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pillion.pki.authority import create, issue
from support.namespace import Namespace, network_namespace

pytestmark = [pytest.mark.root, pytest.mark.envoy]

BOUNCER = Path(__file__).parents[1] / "support" / "bouncer.py"
PILLION = str(Path(sys.executable).with_name("pillion"))
SERVER = "istiod.istio-system.svc"
ADDRESS = "127.0.0.1:15012"
LONG = 60.0
MOUNTED = """
mount -t tmpfs tmpfs /run && mkdir -p /run/secrets && mount --bind "$1" /run/secrets && shift
exec setpriv --reuid=1337 --regid=1337 --clear-groups "$@"
"""
"""The kubelet's files where a pod has them, and then the agent as its own user."""
STATISTIC = """
import http.client, sys
connection = http.client.HTTPConnection("127.0.0.1", 15000, timeout=10)
connection.request("GET", "/stats?filter=" + sys.argv[1])
print(connection.getresponse().read().decode(), end="")
"""


class Pod:
    """A pod: the kubelet's files and an agent."""

    def __init__(self, namespace: Namespace, folder: Path) -> None:
        self.namespace = namespace
        self.folder = folder
        self.processes: list[subprocess.Popen[str]] = []
        now = dt.datetime.now(dt.UTC)
        authority = create("mesh", now)
        leaf = issue(authority, [SERVER], now)
        (folder / "tls.crt").write_text(leaf.certificate)
        (folder / "tls.key").write_text(leaf.key)
        for name in ("istio", "tokens"):
            (folder / "secrets" / name).mkdir(parents=True)
        self.root = authority.certificate

    def token(self, text: str) -> None:
        """Replace the token as a kubelet does."""
        put(self.folder / "secrets" / "tokens" / "istio-token", text)

    def trust(self, root: str) -> None:
        """Replace the root as a kubelet does."""
        put(self.folder / "secrets" / "istio" / "root-cert.pem", root)

    def control_plane(self, token: str) -> "subprocess.Popen[str]":
        return self.start(sys.executable, "-P", str(BOUNCER), ADDRESS, str(self.folder), token, GRPC_VERBOSITY="NONE")

    def agent(self, server: str = SERVER) -> "subprocess.Popen[str]":
        config = {"discoveryAddress": ADDRESS, "configPath": str(self.folder / "proxy"), "concurrency": 1}
        pod = {"POD_NAME": "web-1", "POD_NAMESPACE": "prod", "INSTANCE_IP": "127.0.0.1", "ISTIOD_SAN": server}
        words = ("unshare", "--mount", "sh", "-ec", MOUNTED, "sh", str(self.folder / "secrets"), PILLION, "agent")
        return self.start(*words, **pod, PROXY_CONFIG=json.dumps(config))

    def start(self, *words: str, **environment: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            self.namespace.command(*words),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **environment},
        )
        self.processes.append(process)
        return process

    def statistic(self, name: str) -> int:
        """Read a counter of Envoy's; 0 while there is no Envoy."""
        done = self.namespace.run(sys.executable, "-I", "-c", STATISTIC, name, check=False)
        return sum(int(line.rpartition(" ")[2]) for line in done.stdout.splitlines())

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
        os.chown(folder / "proxy", 1337, 1337)
        made = Pod(namespace, folder)
        try:
            yield made
        finally:
            made.close()


def put(place: Path, text: str) -> None:
    place.with_name("new").write_text(text)
    place.with_name("new").rename(place)


def lines(process: "subprocess.Popen[str]") -> Iterator[str]:
    assert process.stdout is not None
    return (line.strip() for line in process.stdout)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"


def test_a_new_token_is_shown_without_a_restart(pod: Pod) -> None:
    pod.trust(pod.root)
    pod.token("old")
    first = pod.control_plane("old")
    assert next(lines(first)) == "listening"
    pod.agent()
    assert next(lines(first)) == "let in"
    pod.token("new")
    until(lambda: "Bearer new" in (pod.folder / "proxy" / "xds-token.json").read_text())
    first.kill()
    first.wait()
    said = lines(pod.control_plane("new"))
    assert next(said) == "listening"
    # Envoy hears of the new file on its own time.
    assert next(each for each in said if each != "refused") == "let in"


def test_without_the_right_token_nothing_is_told(pod: Pod) -> None:
    pod.trust(pod.root)
    pod.token("old")
    said = lines(pod.control_plane("new"))
    assert next(said) == "listening"
    pod.agent()
    assert next(said) == "refused"


def test_a_server_of_another_name_is_not_spoken_to(pod: Pod) -> None:
    pod.trust(pod.root)
    pod.token("new")
    control = pod.control_plane("new")
    said = lines(control)
    assert next(said) == "listening"
    pod.agent("other.istio-system.svc")
    until(lambda: pod.statistic("xds-grpc.*ssl.fail_verify_san") > 0)
    control.kill()
    assert list(said) == []


def test_what_comes_late_is_waited_for(pod: Pod) -> None:
    pod.token("new")
    said = lines(pod.control_plane("new"))
    assert next(said) == "listening"
    agent = lines(pod.agent())
    assert next(agent) == "agent: waiting for /var/run/secrets/istio/root-cert.pem"
    pod.trust(pod.root)
    assert next(said) == "let in"


def test_who_waits_can_be_ended(pod: Pod) -> None:
    agent = pod.agent()
    assert next(lines(agent)).startswith("agent: waiting for ")
    agent.terminate()
    assert agent.wait(LONG) == 0
