import json
import socket

import pytest
from click.testing import CliRunner, Result

from pillion.cli.agent import command

POD = {"POD_NAME": "web-1", "POD_NAMESPACE": "prod", "INSTANCE_IP": "10.0.0.5", "PROXY_CONFIG": "{}"}


def run(*words: str, **environment: str) -> Result:
    return CliRunner().invoke(command, list(words), env={**POD, **environment})


@pytest.mark.parametrize(
    "words", [(), ("sidecar",), ("proxy", "sidecar"), ("sidecar", "--log_output_level=default:info")]
)
def test_print_bootstrap_however_istio_calls_it(words: tuple[str, ...]) -> None:
    done = run(*words, "--print-bootstrap", "--domain", "prod.svc.cluster.local")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["node"]["id"] == "sidecar~10.0.0.5~web-1.prod~prod.svc.cluster.local"


def test_what_describes_no_proxy_is_an_input_error() -> None:
    done = run("--print-bootstrap", PROXY_CONFIG="{")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "PROXY_CONFIG: error: " in done.stderr
    assert run("proxy", "router").exit_code == 2


def test_nobody_to_speak_to() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = str(sock.getsockname()[1])
    assert run("drain", "--port", port).exit_code == 1
    assert run("request", "GET", "stats", "--debug-port", port).exit_code == 1
    waited = run("wait", "--url", f"http://127.0.0.1:{port}/healthz/ready", "--timeoutSeconds", "0")
    assert (waited.exit_code, waited.stderr) == (1, "agent: not ready after 0 s\n")
    assert run("wait", "--url", "http://nowhere/").exit_code == 2
