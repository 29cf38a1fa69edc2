"""What injection means for a workload's own containers: probes, jobs, init containers.

Each is a diagnostic at the field that it is about: an error where something will not work, a warning where it may
not, an info where it only changes.
"""

from collections.abc import Iterator
from typing import cast

from pillion.analysis.injection.cases import Case
from pillion.inject.pod.containers import INIT, PROXY, VALIDATION, find, listed, named
from pillion.inject.pod.probes import VARIABLE
from pillion.inject.schema.encode import read_json
from pillion.inject.schema.types import Json, items, section
from pillion.value import Diagnostic, Diagnostics, Path, Severity, Where

_PROBES = ("readinessProbe", "livenessProbe", "startupProbe")
_ACTIONS = ("httpGet", "tcpSocket", "grpc")
_JOBS = frozenset({"Job", "CronJob"})


def consequences(case: Case, before: Json, after: Json) -> Diagnostics:
    """Return what to know about a pod that was injected."""
    if named(PROXY, listed(after, "containers")) is None and named(PROXY, listed(after, "initContainers")) is None:
        return ()
    return (*_probes(case, before, after), *_job(case, after), *_init_containers(case, before, after))


def _probes(case: Case, before: Json, after: Json) -> Iterator[Diagnostic]:
    remembered = _remembered(after)
    for group in ("containers", "initContainers"):
        for index, container in enumerate(listed(before, group)):
            injected = named(str(container.get("name")), listed(after, group)) or {}
            for probe in _PROBES:
                action = next((each for each in _ACTIONS if each in section(container, probe)), None)
                if action is not None:
                    is_same = injected.get(probe) == container.get(probe)
                    request = None if is_same else section(injected, probe, "httpGet")
                    yield _probe(case, action, ("spec", group, index, probe), request, remembered)


def _probe(case: Case, action: str, path: Path, request: Json | None, remembered: frozenset[str]) -> Diagnostic:
    if request is None:
        message = f"the kubelet's {action} probe goes to the application as before, which mTLS refuses"
        return _found(case, "probe-not-rewritten", "warning", message, path, "let probes be rewritten")
    if request.get("path") not in remembered:
        message = f"the agent does not know whom to ask: the {action} probe names a port that the container has not"
        return _found(case, "probe-without-port", "error", message, path, "name one of the container's ports")
    where = f"port {request.get('port')} at {request.get('path')}"
    message = f"the kubelet asks the agent instead, {where}; the agent asks the application"
    return _found(case, "probe-rewritten", "info", message, path)


def _remembered(after: Json) -> frozenset[str]:
    """Return the paths of the probes that the agent is told about."""
    variables = items(find(PROXY, after) or {}, "env")
    text = next((each.get("value") for each in variables if each.get("name") == VARIABLE), None)
    known = read_json(text) if isinstance(text, str) else None
    return frozenset(cast(Json, known)) if isinstance(known, dict) else frozenset()


def _job(case: Case, after: Json) -> Iterator[Diagnostic]:
    if case.kind in _JOBS and named(PROXY, listed(after, "initContainers")) is None:
        message = "the proxy goes on when the work is done, so the Job never completes"
        hint = "make the proxy a native sidecar, or end it with POST /quitquitquit to port 15020"
        yield _found(case, "job-never-ends", "error", message, ("spec",), hint)


def _init_containers(case: Case, before: Json, after: Json) -> Iterator[Diagnostic]:
    names = [container.get("name") for container in listed(after, "initContainers")]
    if PROXY in names:
        return
    rules = names.index(INIT) if INIT in names else None
    for index, container in enumerate(listed(before, "initContainers")):
        path: Path = ("spec", "initContainers", index)
        name = container.get("name")
        after_rules = rules is not None and name in names and names.index(name) > rules
        if container.get("restartPolicy") == "Always":
            message = f"sidecar {name} starts before the proxy does: what it sends until then is lost"
            yield _found(case, "sidecar-before-proxy", "warning", message, path, "make the proxy a native sidecar")
        elif after_rules or (rules is None and VALIDATION in names):
            message = f"init container {name} runs when traffic is captured already and no proxy is there to take it"
            hint = "make the proxy a native sidecar, or exclude its destinations from capture"
            yield _found(case, "init-without-network", "error", message, path, hint)
        else:
            message = f"init container {name} runs before traffic is captured: outside the mesh, without mTLS"
            yield _found(case, "init-outside-mesh", "info", message, path)


def _found(  # the parts of a diagnostic
    case: Case, code: str, severity: Severity, message: str, path: Path, hint: str = ""
) -> Diagnostic:
    where = Where(origin=case.origin, resource=case.title, path=in_document(case, path))
    return Diagnostic(code=code, severity=severity, message=message, where=where, hint=hint)


def in_document(workload: Case, path: Path) -> Path:
    """Return a path of a pod as a path of the document that holds it."""
    match path:
        case ("metadata", *rest):
            return (*workload.place.metadata, *rest)
        case ("spec", *rest):
            return (*workload.place.spec, *rest)
        case _:
            return path
