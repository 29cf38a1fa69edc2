"""Containers start in order, share volumes, restart as their pod says, and end in good order."""

import asyncio
import itertools
import os
import signal

import pytest

from local.machine import SLEEP, Machine, Status, container, is_ready, on_a_machine, shell

pytestmark = pytest.mark.root


def is_over(status: Status) -> bool:
    return status["phase"] in {"Succeeded", "Failed"}


@on_a_machine
async def test_init_containers_run_one_after_the_other_then_the_others(it: Machine) -> None:
    volume = {"volumeMounts": [{"name": "v", "mountPath": "/data/deep"}]}
    key = await it.run(
        "web",
        shell("app", "cat /data/deep/order; " + SLEEP, **volume),
        initContainers=[
            shell("one", "sleep 0.1; echo one >> /data/deep/order", **volume),
            shell("two", "echo two >> /data/deep/order", **volume),
        ],
        volumes=[{"name": "v", "emptyDir": {}}],
    )
    await it.until(key, is_ready)
    assert await it.output(key, "app", "cat", "/data/deep/order") == "one\ntwo\n"
    for status in it.told[key]:
        running = [one["name"] for one in status["initContainerStatuses"] if "running" in one["state"]]
        started = "running" in container(status, "app")["state"]
        assert len(running) + started <= 1


@on_a_machine
async def test_a_failing_init_container_is_tried_again_or_fails_the_pod(it: Machine) -> None:
    once = shell("init", "test -e /run/second || { touch /run/second; exit 3; }")
    retried = await it.run("retried", shell("app", SLEEP), initContainers=[once])
    failed = await it.run("failed", shell("app", SLEEP), initContainers=[once], restartPolicy="Never")
    status = container(await it.until(retried, is_ready), "init")
    assert (status["restartCount"], status["lastState"]["terminated"]["exitCode"]) == (1, 3)
    assert (await it.until(failed, is_over))["phase"] == "Failed"
    assert "waiting" in container(it.told[failed][-1], "app")["state"]


@on_a_machine
async def test_a_sidecar_starts_before_the_others_and_does_not_hold_a_finished_pod(it: Machine) -> None:
    sidecar = shell(
        "proxy", SLEEP, restartPolicy="Always", startupProbe={"exec": {"command": ["test", "-e", "/run/go"]}}
    )
    key = await it.run(
        "job", shell("work", "test -e /run/go"), initContainers=[sidecar, shell("i", "true")], restartPolicy="Never"
    )
    await it.until(key, lambda status: "running" in container(status, "proxy")["state"])
    await it.output(key, "proxy", "touch", "/run/go")
    assert (await it.until(key, is_over))["phase"] == "Succeeded"
    assert "terminated" in container(it.told[key][-1], "proxy")["state"]


@on_a_machine
async def test_a_crash_loops_with_growing_pauses_and_the_log_of_each_run(it: Machine) -> None:
    key = await it.run("web", shell("app", "echo run; exit 7"))
    status = await it.until(key, lambda status: container(status, "app")["restartCount"] >= 3)
    assert status["phase"] == "Running"
    waits = [container(one, "app")["state"].get("waiting", {}) for one in it.told[key]]
    assert "back-off 0.4s restarting failed container=app" in [one.get("message") for one in waits]
    assert {one.get("reason") for one in waits} <= {None, "PodInitializing", "CrashLoopBackOff"}
    assert container(status, "app")["lastState"]["terminated"]["exitCode"] == 7
    assert await it.log(key, "app", previous=True) == "run\n"


@on_a_machine
async def test_restart_policies(it: Machine) -> None:
    keys = [
        await it.run(f"{policy.lower()}-{code}", shell("app", f"exit {code}"), restartPolicy=policy)
        for policy, code in itertools.product(("Never", "OnFailure"), (0, 1))
    ]
    phases = [(await it.until(key, is_over))["phase"] for key in keys[:3]]
    assert phases == ["Succeeded", "Failed", "Succeeded"]
    await it.until(keys[3], lambda status: container(status, "app")["restartCount"] >= 1)


@on_a_machine
async def test_what_a_container_leaves_behind_is_ended_with_it(it: Machine) -> None:
    script = "(trap '' TERM; exec sleep 1001) & exit 1"
    key = await it.run("web", shell("app", script), shell("b", SLEEP), restartPolicy="Never")
    wanted = {"app": "terminated", "b": "running"}
    await it.until(key, lambda status: all(state in container(status, name)["state"] for name, state in wanted.items()))
    processes = await it.output(key, "b", "ps", "axo", "args")
    assert "sleep 1001" not in processes


@on_a_machine
async def test_a_command_that_cannot_start_says_so(it: Machine) -> None:
    key = await it.run(
        "web", {"name": "app", "image": "x", "command": ["/no/such/thing"]}, shell("b", SLEEP), restartPolicy="Never"
    )
    status = await it.until(key, lambda status: "running" in container(status, "b")["state"])
    ended = container(status, "app")["state"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (128, "StartError")
    assert "No such file or directory" in ended["message"]


@on_a_machine
async def test_a_missing_config_map_is_waited_for(it: Machine) -> None:
    variable = {"name": "X", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}}
    key = await it.run("web", shell("app", SLEEP, env=[variable]))
    status = await it.until(
        key, lambda status: container(status, "app")["state"]["waiting"]["reason"] != "PodInitializing"
    )
    assert container(status, "app")["state"]["waiting"] == {
        "reason": "CreateContainerConfigError",
        "message": "ConfigMap c not found",
    }
    it.objects["ConfigMap", "test", "c"] = {"data": {"k": "here"}}
    await it.until(key, is_ready)
    assert await it.output(key, "app", "printenv", "X") == "here\n"


@on_a_machine
async def test_volumes_with_contents_are_read_only_and_writable_ones_are_shared(it: Machine) -> None:
    it.objects["ConfigMap", "test", "c"] = {"data": {"k": "v"}}
    labels = {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}
    mounts = [
        {"name": "c", "mountPath": "/etc/config"},
        {"name": "c", "mountPath": "/etc/single", "subPath": "k"},
        {"name": "info", "mountPath": "/etc/istio/pod"},
    ]
    key = await it.run(
        "web",
        shell("app", SLEEP, volumeMounts=mounts),
        volumes=[{"name": "c", "configMap": {"name": "c"}}, {"name": "info", "downwardAPI": labels}],
    )
    await it.until(key, is_ready)
    assert await it.output(key, "app", "cat", "/etc/config/k", "/etc/single", "/etc/istio/pod/labels") == 'vvapp="web"'
    done = await it.kubelet.exec_captured(key, "app", ("sh", "-c", "echo x > /etc/config/k"))
    assert b"Read-only file system" in done.stderr


@on_a_machine
async def test_an_end_in_good_order(it: Machine) -> None:
    hook = {"preStop": {"exec": {"command": ["sh", "-c", "echo hook > /run/said"]}}}
    polite = shell("app", "trap 'cat /run/said; echo bye; exit 0' TERM; sleep 1000 & wait", lifecycle=hook)
    key = await it.run("web", polite)
    await it.until(key, is_ready)
    heard: list[bytes] = []

    async def follow() -> None:
        heard.extend([piece async for piece in it.kubelet.logs(key, "app", follow=True)])

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(follow())
        await asyncio.sleep(0)
        await it.kubelet.stop_pod(key)
    assert b"".join(heard) == b"hook\nbye\n"
    assert container(it.told[key][-1], "app")["state"]["terminated"]["exitCode"] == 0
    assert it.kubelet.pods() == ()
    assert list((it.state / "pods").iterdir()) == []


@on_a_machine
async def test_a_pod_can_be_stopped_at_every_moment_of_its_start(it: Machine) -> None:
    moments = 8
    for moment in range(1, moments + 1):
        key = await it.run(
            f"web-{moment}",
            shell("a", SLEEP),
            shell("b", SLEEP),
            initContainers=[shell("i", "true")],
            terminationGracePeriodSeconds=600,
        )
        await it.until(key, lambda _, key=key, moment=moment: len(it.told[key]) >= moment)
        async with asyncio.timeout(20):
            await it.kubelet.stop_pod(key)
        assert it.told[key][-1]["phase"] in {"Failed", "Succeeded"}


@on_a_machine
async def test_who_does_not_listen_is_killed(it: Machine) -> None:
    key = await it.run("web", shell("app", "trap '' TERM; echo deaf; sleep 1000 & wait; wait"))
    await it.until(key, is_ready)
    async for piece in it.kubelet.logs(key, "app", follow=True):
        if piece:
            break
    await it.kubelet.stop_pod(key, grace=0.2)
    assert container(it.told[key][-1], "app")["state"]["terminated"]["exitCode"] == 137


@on_a_machine
async def test_a_pod_whose_first_process_dies_is_made_anew(it: Machine) -> None:
    key = await it.run("web", shell("app", "sleep 1000"), initContainers=[shell("init", "echo init")])
    before = await it.until(key, is_ready)
    life = it.kubelet._pods[key].life("app")
    assert life
    assert life.target
    os.kill(life._around.pid, signal.SIGKILL)
    await it.until(key, lambda status: not is_ready(status))
    assert (await it.until(key, is_ready))["podIP"] == before["podIP"]


@on_a_machine
async def test_a_pod_that_is_no_pod(it: Machine) -> None:
    (diagnostic,) = it.kubelet.start_pod({"metadata": {"name": "x"}, "spec": {"containers": [{"image": "a"}]}})
    assert diagnostic.code == "invalid-pod"
    key = await it.run("web", shell("app", SLEEP))
    (diagnostic,) = it.kubelet.start_pod({"metadata": {"name": "web", "namespace": "test"}})
    assert diagnostic.code == "pod-runs-already"
    await it.until(key, is_ready)
