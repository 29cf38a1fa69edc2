"""Probes and hooks, asked of real containers."""

import pytest

from local.machine import SLEEP, Machine, container, is_ready, on_a_machine, shell

pytestmark = pytest.mark.root


@on_a_machine
async def test_a_server_is_ready_when_it_answers_over_the_network(it: Machine) -> None:
    echo = {
        "name": "app",
        "image": "nginx",
        "ports": [{"containerPort": 8080, "name": "http"}],
        "readinessProbe": {"httpGet": {"port": "http", "path": "/"}, "initialDelaySeconds": 30},
        "livenessProbe": {"tcpSocket": {"port": 8080}},
    }
    key = await it.run("web", echo)
    status = await it.until(key, is_ready)
    reader, writer = await it.network.open_connection(status["podIP"], 8080)
    writer.write(b"GET /status/418 HTTP/1.1\r\nconnection: close\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 418 ")
    writer.close()
    await writer.wait_closed()


@on_a_machine
async def test_readiness_comes_and_goes(it: Machine) -> None:
    probe = {"exec": {"command": ["test", "-e", "/run/ready"]}, "periodSeconds": 1, "failureThreshold": 1}
    key = await it.run("web", shell("app", SLEEP, readinessProbe=probe))
    status = await it.until(key, lambda status: "running" in container(status, "app")["state"])
    assert not is_ready(status)
    await it.output(key, "app", "touch", "/run/ready")
    await it.until(key, is_ready)
    await it.output(key, "app", "rm", "/run/ready")
    status = await it.until(key, lambda status: not is_ready(status))
    assert container(status, "app")["restartCount"] == 0


@on_a_machine
async def test_who_is_not_alive_is_started_again(it: Machine) -> None:
    probe = {"exec": {"command": ["test", "-e", "/run/alive"]}, "periodSeconds": 1, "failureThreshold": 1}
    script = "test -e /run/second && touch /run/alive; touch /run/second; " + SLEEP
    key = await it.run("web", shell("app", script, livenessProbe=probe))
    await it.until(key, lambda status: container(status, "app")["restartCount"] == 1 and is_ready(status))
    assert "liveness probe failed" in await it.log(key, "app", previous=True)


@on_a_machine
async def test_a_container_that_never_starts_up_is_started_again(it: Machine) -> None:
    probe = {"tcpSocket": {"port": 1}, "periodSeconds": 1, "failureThreshold": 1}
    key = await it.run("web", shell("app", SLEEP, startupProbe=probe))
    status = await it.until(key, lambda status: container(status, "app")["restartCount"] >= 1)
    assert not container(status, "app")["started"]


@on_a_machine
async def test_the_next_container_waits_for_the_hook_of_the_one_before(it: Machine) -> None:
    hook = {"postStart": {"exec": {"command": ["sh", "-c", "until test -e /run/go; do sleep 0.01; done"]}}}
    key = await it.run("web", shell("proxy", SLEEP, lifecycle=hook), shell("app", SLEEP))
    status = await it.until(key, lambda status: "running" in container(status, "proxy")["state"])
    assert container(status, "app")["state"] == {"waiting": {"reason": "PodInitializing"}}
    await it.output(key, "proxy", "touch", "/run/go")
    await it.until(key, is_ready)


@on_a_machine
async def test_a_hook_that_fails_ends_its_container(it: Machine) -> None:
    hook = {"postStart": {"exec": {"command": ["false"]}}}
    key = await it.run("web", shell("app", SLEEP, lifecycle=hook))
    await it.until(key, lambda status: container(status, "app")["restartCount"] >= 1)
    assert "postStart hook failed: exit code 1" in await it.log(key, "app", previous=True)
