"""The pod's `status` that follows from its containers' states, in Kubernetes' own shape.

Phase and conditions are computed as a kubelet computes them. A container that waits for its next start after a crash
counts as running: the pod as a whole does.
"""

from typing import Any, Literal

from pillion.local.kubelet.spec.pod import Container, Pod
from pillion.value import Value


class Waiting(Value):
    """Not running yet, or not again yet."""

    reason: str = "ContainerCreating"
    message: str = ""


class Running(Value):
    """Running."""

    started_at: str


class Terminated(Value):
    """Ended."""

    exit_code: int
    reason: str = ""
    message: str = ""
    started_at: str = ""
    finished_at: str = ""


State = Waiting | Running | Terminated


class ContainerStatus(Value):
    """One container's state."""

    name: str
    state: State = Waiting(reason="PodInitializing")
    last: Terminated | None = None
    """How the run before ended."""
    ready: bool = False
    started: bool = False
    restarts: int = 0


class PodState(Value):
    """What is known of a pod that runs, or tries to."""

    addresses: tuple[str, ...] = ()
    host_ip: str = ""
    start_time: str = ""
    inits: tuple[ContainerStatus, ...] = ()
    containers: tuple[ContainerStatus, ...] = ()
    is_terminating: bool = False
    has_ended: bool = False
    """Whether the pod's containers ended for good."""
    reason: str = ""
    message: str = ""


Phase = Literal["Pending", "Running", "Succeeded", "Failed"]


def terminated(returncode: int, started_at: str, finished_at: str, message: str = "") -> Terminated:
    """Describe an end: minus a signal becomes 128 and the signal, as a runtime reports it."""
    code = 128 - returncode if returncode < 0 else returncode
    reason = "Completed" if code == 0 else "Error"
    return Terminated(exit_code=code, reason=reason, message=message, started_at=started_at, finished_at=finished_at)


def is_initialized(pod: Pod, state: PodState) -> bool:
    """Return whether every init container ended well, or started if it is a sidecar."""
    pairs = zip(pod.spec.init_containers, state.inits, strict=False)
    return len(state.inits) == len(pod.spec.init_containers) and all(_is_over(spec, status) for spec, status in pairs)


def _is_over(spec: Container, status: ContainerStatus) -> bool:
    if spec.is_sidecar:
        return status.started or (isinstance(status.state, Terminated) and status.restarts == 0)
    ended = status.state if isinstance(status.state, Terminated) else None
    return ended is not None and ended.exit_code == 0


def phase(pod: Pod, state: PodState) -> Phase:
    """Compute the pod's phase."""
    policy = pod.spec.restart_policy
    if state.has_ended:
        return "Failed" if _has_failed(pod, state) else "Succeeded"
    if not is_initialized(pod, state) and not any(_has_run(status) for status in state.containers):
        return "Pending"
    if any(not _has_run(status) for status in state.containers):
        return "Pending"
    if any(not isinstance(status.state, Terminated) for status in state.containers) or policy == "Always":
        return "Running"
    failed = any(isinstance(status.state, Terminated) and status.state.exit_code for status in state.containers)
    sidecar_runs = any(isinstance(status.state, Running) for status in state.inits)
    if sidecar_runs or (failed and policy == "OnFailure"):
        return "Running"
    return "Failed" if failed else "Succeeded"


def _has_run(status: ContainerStatus) -> bool:
    return not isinstance(status.state, Waiting) or status.last is not None


def _has_failed(pod: Pod, state: PodState) -> bool:
    plain_inits = [
        status for spec, status in zip(pod.spec.init_containers, state.inits, strict=False) if not spec.is_sidecar
    ]
    ends = [status.state for status in (*plain_inits, *state.containers)]
    return any(not isinstance(end, Terminated) or end.exit_code != 0 for end in ends)


def conditions(pod: Pod, state: PodState) -> dict[str, tuple[bool, str]]:
    """Compute the conditions: type -> (status, reason when it is False)."""
    initialized = is_initialized(pod, state)
    sidecars = [status for spec, status in zip(pod.spec.init_containers, state.inits, strict=False) if spec.is_sidecar]
    relevant = (*sidecars, *state.containers)
    unready = any(not status.ready for status in relevant) or len(state.containers) < len(pod.spec.containers)
    over = state.has_ended and not _has_failed(pod, state)
    why = "PodCompleted" if over else "ContainersNotReady"
    return {
        "PodScheduled": (True, ""),
        "PodReadyToStartContainers": (bool(state.addresses) and not state.has_ended, ""),
        "Initialized": (initialized, "PodCompleted" if over else "ContainersNotInitialized"),
        "ContainersReady": (not unready and initialized, why),
        "Ready": (not unready and initialized and not state.is_terminating, why),
    }


def document(pod: Pod, state: PodState, now: str, before: dict[str, Any] | None = None) -> dict[str, Any]:
    """Write the `status` document; a condition keeps its time of transition from `before` while it does not change."""
    known = {condition["type"]: condition for condition in (before or {}).get("conditions", ())}
    made: dict[str, Any] = {
        "phase": phase(pod, state),
        "conditions": [
            _condition(kind, true, reason, known.get(kind), now)
            for kind, (true, reason) in conditions(pod, state).items()
        ],
        "startTime": state.start_time,
        "hostIP": state.host_ip,
        "containerStatuses": [
            _container(spec, status) for spec, status in zip(pod.spec.containers, state.containers, strict=False)
        ],
        "qosClass": "BestEffort",
    }
    if state.addresses:
        made["podIP"] = state.addresses[0]
        made["podIPs"] = [{"ip": address} for address in state.addresses]
    if state.inits:
        made["initContainerStatuses"] = [
            _container(spec, status) for spec, status in zip(pod.spec.init_containers, state.inits, strict=False)
        ]
    made |= {key: text for key, text in (("reason", state.reason), ("message", state.message)) if text}
    return made


def _condition(kind: str, true: bool, reason: str, before: dict[str, Any] | None, now: str) -> dict[str, Any]:
    word = "True" if true else "False"
    since = before["lastTransitionTime"] if before and before["status"] == word else now
    made = {"type": kind, "status": word, "lastTransitionTime": since}
    return made if true or not reason else made | {"reason": reason}


def _container(spec: Container, status: ContainerStatus) -> dict[str, Any]:
    return {
        "name": status.name,
        "image": spec.image,
        "imageID": "",
        "state": _state(status.state),
        "lastState": _state(status.last) if status.last else {},
        "ready": status.ready,
        "started": status.started,
        "restartCount": status.restarts,
    }


def _state(state: State) -> dict[str, Any]:
    match state:
        case Waiting():
            told = {"reason": state.reason, "message": state.message}
            return {"waiting": {key: text for key, text in told.items() if text}}
        case Running():
            return {"running": {"startedAt": state.started_at}}
        case Terminated():
            told = {
                "reason": state.reason,
                "message": state.message,
                "startedAt": state.started_at,
                "finishedAt": state.finished_at,
            }
            return {"terminated": {"exitCode": state.exit_code} | {key: text for key, text in told.items() if text}}
