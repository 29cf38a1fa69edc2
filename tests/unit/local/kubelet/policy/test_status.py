"""The pod's status follows from its containers' states."""

from typing import Any

import pytest

from pillion.local.kubelet.policy import status
from pillion.local.kubelet.policy.status import ContainerStatus, PodState, Running, State, Terminated, Waiting
from pillion.local.kubelet.spec.pod import Container, Metadata, Pod, PodSpec

UP = Running(started_at="t")
DONE = Terminated(exit_code=0, reason="Completed")
CRASHED = Terminated(exit_code=1, reason="Error")
NOT_YET = Waiting(reason="PodInitializing")
BACK_OFF = Waiting(reason="CrashLoopBackOff")


def pod(policy: Any = "Always", inits: tuple[Container, ...] = (), count: int = 1) -> Pod:
    containers = tuple(Container(name=f"c{number}") for number in range(count))
    spec = PodSpec(containers=containers, init_containers=inits, restart_policy=policy)
    return Pod(metadata=Metadata(name="p"), spec=spec)


def of(*states: State, last: Terminated | None = None, ready: bool = False) -> tuple[ContainerStatus, ...]:
    return tuple(
        ContainerStatus(name=f"c{number}", state=state, last=last, ready=ready, started=ready)
        for number, state in enumerate(states)
    )


@pytest.mark.parametrize(
    ("policy", "states", "phase"),
    [
        ("Always", (NOT_YET,), "Pending"),
        ("Always", (UP, NOT_YET), "Pending"),
        ("Always", (UP, UP), "Running"),
        ("Always", (DONE,), "Running"),
        ("Never", (DONE, DONE), "Succeeded"),
        ("Never", (DONE, CRASHED), "Failed"),
        ("Never", (DONE, UP), "Running"),
        ("OnFailure", (DONE,), "Succeeded"),
        ("OnFailure", (CRASHED,), "Running"),
    ],
)
def test_phases(policy: str, states: tuple[State, ...], phase: str) -> None:
    assert status.phase(pod(policy, count=len(states)), PodState(containers=of(*states))) == phase


def test_a_container_that_crashed_before_counts_as_running() -> None:
    assert status.phase(pod(), PodState(containers=of(BACK_OFF, last=CRASHED))) == "Running"


def test_init_containers_come_first() -> None:
    waiting = pod(inits=(Container(name="i"), Container(name="s", restart_policy="Always")))
    before = PodState(inits=of(DONE, UP), containers=of(NOT_YET))
    assert not status.is_initialized(waiting, before)
    assert status.phase(waiting, before) == "Pending"
    started = (ContainerStatus(name="i", state=DONE), ContainerStatus(name="s", state=UP, started=True, ready=True))
    after = PodState(inits=started, containers=of(UP, ready=True))
    assert status.is_initialized(waiting, after)
    assert status.phase(waiting, after) == "Running"
    assert status.conditions(waiting, after)["Ready"] == (True, "ContainersNotReady")


def test_a_pod_is_over_when_its_sidecars_are_too() -> None:
    sidecar = pod("Never", inits=(Container(name="s", restart_policy="Always"),))
    running = (ContainerStatus(name="s", state=UP, started=True),)
    assert status.phase(sidecar, PodState(inits=running, containers=of(DONE))) == "Running"
    assert status.phase(sidecar, PodState(inits=of(CRASHED), containers=of(DONE))) == "Succeeded"


def test_ready_needs_every_container_and_every_sidecar() -> None:
    sidecar = pod(inits=(Container(name="s", restart_policy="Always"),))
    unready = (ContainerStatus(name="s", state=UP, started=True),)
    state = PodState(inits=unready, containers=of(UP, ready=True))
    assert not status.conditions(sidecar, state)["ContainersReady"][0]
    assert not status.conditions(pod(count=2), PodState(containers=of(UP, ready=True)))["Ready"][0]


def test_a_pod_that_ends_is_not_ready_any_more() -> None:
    told = status.conditions(pod(), PodState(containers=of(UP, ready=True), is_terminating=True))
    assert (told["Ready"][0], told["ContainersReady"][0]) == (False, True)


def test_an_ended_pod_failed_unless_all_its_work_was_done() -> None:
    assert status.phase(pod("Always"), PodState(containers=of(DONE), has_ended=True)) == "Succeeded"
    assert status.phase(pod("Always"), PodState(containers=of(UP), has_ended=True)) == "Failed"


def test_a_signal_is_an_exit_code_above_128() -> None:
    assert status.terminated(-9, "a", "b") == Terminated(exit_code=137, reason="Error", started_at="a", finished_at="b")
    assert status.terminated(0, "a", "b").reason == "Completed"


def test_the_document_has_kubernetes_shape() -> None:
    state = PodState(
        addresses=("10.0.0.1", "fd00::1"), host_ip="h", start_time="s", containers=of(BACK_OFF, last=CRASHED)
    )
    document = status.document(pod(), state, "now")
    assert (document["phase"], document["podIP"]) == ("Running", "10.0.0.1")
    assert document["podIPs"] == [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}]
    (container,) = document["containerStatuses"]
    assert container["state"] == {"waiting": {"reason": "CrashLoopBackOff"}}
    assert container["lastState"] == {"terminated": {"exitCode": 1, "reason": "Error"}}
    assert container["restartCount"] == 0
    assert "initContainerStatuses" not in document


def test_a_condition_keeps_its_time_until_it_changes() -> None:
    before = status.document(pod(), PodState(containers=of(UP)), "t1")
    same = status.document(pod(), PodState(containers=of(UP)), "t2", before)
    assert same == before
    ready = status.document(pod(), PodState(containers=of(UP, ready=True)), "t3", same)
    times = {condition["type"]: condition["lastTransitionTime"] for condition in ready["conditions"]}
    assert (times["Ready"], times["Initialized"]) == ("t3", "t1")
