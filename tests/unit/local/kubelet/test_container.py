"""What is run for a container: its image's stand-in, environment, rights and view."""

from pathlib import Path
from typing import Any

from pillion.local.kubelet.container import Surroundings, command_of
from pillion.local.kubelet.images import parse_rule
from pillion.local.kubelet.instance import Command
from pillion.local.kubelet.network import Connection
from pillion.local.kubelet.settings import KubeletSettings
from pillion.local.kubelet.spec.pod import decode


class NoNetwork:
    async def attach(self, pod: str, pid: int) -> tuple[str, ...]:
        return ()

    async def detach(self, pod: str) -> None:
        return

    async def open_connection(self, address: str, port: int) -> Connection:
        raise OSError(address, port)

    def resolv_conf(self, namespace: str) -> str:
        return ""


def command(container: dict[str, Any], **spec: Any) -> Command:
    document = {
        "metadata": {"name": "p", "namespace": "n"},
        "spec": {"containers": [{"name": "c", **container}], **spec},
    }
    pod, _ = decode(document)
    assert pod
    around = Surroundings(
        pod=pod,
        pid=1,
        addresses=("10.0.0.1",),
        settings=KubeletSettings(state="/s", directory="/work", path="/bin", rules=(parse_rule("mine=./run"),)),
        network=NoNetwork(),
        lookup=lambda _kind, _name: None,
        folder=Path("/s"),
    )
    return command_of(pod.spec.containers[0], around)


def test_variables_reach_the_command_line() -> None:
    ip = {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}
    made = command({"command": ["serve", "$(IP)"], "args": ["$(HOSTNAME)", "$$(IP)"], "env": [ip]})
    assert made.argv == ("serve", "10.0.0.1", "p", "$(IP)")
    assert dict(made.env) == {"PATH": "/bin", "HOSTNAME": "p", "HOME": "/root", "IP": "10.0.0.1"}
    assert made.directory == "/"


def test_a_stand_in_is_told_who_it_is() -> None:
    made = command({"ports": [{"containerPort": 80}]}, serviceAccountName="seller")
    assert {key: made.env[key] for key in made.env if key.startswith("ECHO_")} == {
        "ECHO_POD": "p",
        "ECHO_NAMESPACE": "n",
        "ECHO_SERVICE_ACCOUNT": "seller",
    }


def test_a_mapped_command_runs_where_the_user_stands() -> None:
    assert (command({"image": "mine:1"}).argv, command({"image": "mine:1"}).directory) == (("./run",), "/work")
    assert command({"image": "mine", "workingDir": "/x"}).directory == "/x"


def test_the_proxys_user_has_no_home() -> None:
    made = command({"image": "istio/proxyv2", "args": ["proxy"], "securityContext": {"runAsUser": 1337}})
    assert (made.rights.uid, made.env["HOME"], made.env["PYTHONDONTWRITEBYTECODE"]) == (1337, "/", "1")
