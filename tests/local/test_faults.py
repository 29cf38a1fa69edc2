"""What breaks inside a running mesh, and files that are edited well and badly: the rest goes on."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from local.load import deployment, joined, namespace, service, sidecar, under_load
from local.meshes import RunningMesh, pillion, running_mesh, until
from pillion.local.server import tables
from pillion.local.server.mesh import Mesh
from pillion.resources.meta import Ref

pytestmark = [pytest.mark.root, pytest.mark.envoy]

NAME = "test-faults"
CALLER, WEB = "shop/caller", "web.shop:8080"
SIDECAR = Ref(kind="Sidecar", namespace="shop", name="default")
INITS = 12
TAKEN = """      - {name: first, image: echo, ports: [{containerPort: 7000}]}
      - {name: second, image: echo, ports: [{containerPort: 7000}]}
"""


class World(NamedTuple):
    running: RunningMesh
    files: Path

    @property
    def mesh(self) -> Mesh:
        return self.running.mesh


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    files = tmp_path_factory.mktemp("faults") / "mesh"
    files.mkdir()
    (files / "world.yaml").write_text(
        joined(
            namespace("shop"),
            namespace("more"),
            service("shop", "web"),
            *(deployment("shop", name) for name in ("web", "caller")),
            *(deployment("more", f"init-{number}", containers=QUICK + INIT) for number in range(INITS)),
        )
    )
    config = files.with_name("config.yaml")
    config.write_text("accessLogFile: /dev/stdout\n")
    with running_mesh(NAME, files, mesh_config=config) as running:
        yield World(running, files)


QUICK = "      - {name: main, image: echo, ports: [{containerPort: 8080}]}\n"
INIT = "      initContainers:\n      - {name: before, image: any, command: [sh, -c, 'exit 0']}\n"


EDITS = 20
"""Of which one is to be quick: that all are says more of the machine."""


def row(mesh: Mesh, workload: str) -> tuple[str, ...]:
    key = str(mesh.pods.find(workload))
    found = {f"{each[0]}/{each[1]}": each for each in tables.objects(mesh, "Pod", "", "").rows}
    return found.get(key, ())


def restarts(mesh: Mesh, workload: str, container: str) -> int:
    status: dict[str, Any] = mesh.kubelet.status(str(mesh.pods.find(workload))) or {}
    every = (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ()))
    return next((each["restartCount"] for each in every if each["name"] == container), 0)


def kill(world: World, workload: str, pattern: str, container: str = "istio-proxy") -> None:
    """Kill the processes of a pod whose command line has this pattern."""
    script = (
        f"for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline | grep -q '{pattern}' && kill -9 ${{p#/proc/}}; done; true"
    )
    key = str(world.mesh.pods.find(workload))
    done = world.running.do(world.mesh.kubelet.exec_captured(key, container, ["sh", "-c", script]))
    assert done.exit_code in {0, 137}, "137: the shell ends with the container that it ended"


def reaches(world: World) -> bool:
    return all(seen.reached for seen in world.running.ask(CALLER, WEB))


def test_a_dozen_pods_with_init_containers_start_without_a_restart(world: World) -> None:
    for number in range(INITS):
        world.running.until(lambda mesh, name=f"more/init-{number}": row(mesh, name)[2:4] == ("2/2", "Running"))
        assert world.running.look(lambda mesh, name=f"more/init-{number}": row(mesh, name)[4]) == "0"


def test_a_crash_of_envoy_is_mended_by_its_agent(world: World) -> None:
    web = str(world.mesh.pods.find("shop/web"))
    before = set(world.mesh.plane.clients)
    restarted = world.running.look(lambda mesh: restarts(mesh, "shop/web", "istio-proxy"))
    kill(world, "shop/web", "^[^ ]*_bin/env[o]y")
    until(lambda: any(each.peer == web and each.settled for each in set(world.mesh.plane.clients) - before))
    world.running.ready()
    until(lambda: reaches(world))  # it has all before it listens
    again = world.running.look(lambda mesh: restarts(mesh, "shop/web", "istio-proxy"))
    assert again == restarted, "the agent is there all the time"


def test_a_crash_of_the_agent_restarts_its_container(world: World) -> None:
    before = world.running.look(lambda mesh: restarts(mesh, "shop/web", "istio-proxy"))
    kill(world, "shop/web", "pillion agen[t] --domain", "web")
    world.running.until(lambda mesh: restarts(mesh, "shop/web", "istio-proxy") == before + 1)
    world.running.ready()
    assert reaches(world)


def test_a_crash_of_the_application_is_counted(world: World) -> None:
    before = world.running.look(lambda mesh: restarts(mesh, "shop/web", "web"))
    kill(world, "shop/web", "ech[o].py", "web")
    world.running.until(lambda mesh: restarts(mesh, "shop/web", "web") == before + 1)
    world.running.ready()
    assert world.running.look(lambda mesh: row(mesh, "shop/web"))[2:4] == ("2/2", "Running")
    assert reaches(world)


def test_a_port_that_is_taken_in_a_pod_is_shown_as_a_crash_loop(world: World) -> None:
    documents = deployment("plain", "taken", containers=TAKEN)
    world.running.apply(documents)
    try:
        world.running.until(lambda mesh: row(mesh, "plain/taken")[2:4] == ("1/2", "CrashLoopBackOff"))
        until(lambda: "CrashLoopBackOff" in pillion("get", "pods", "-n", "plain", mesh=NAME).stdout)
        logs = [
            pillion("logs", "plain/taken", "-c", name, *which, mesh=NAME).stdout
            for name in ("first", "second")
            for which in ((), ("--previous",))
        ]
        assert any("cannot listen on port 7000: Address already in use" in each for each in logs), logs
    finally:
        world.running.delete(documents)


def has(world: World, text: str) -> bool:
    taken = world.mesh.intake.taken.get(SIDECAR)
    return taken is not None and text in str(taken.content)


def test_an_edit_is_live_at_the_envoys_well_below_a_second(world: World) -> None:
    file = world.files / "sidecar.yaml"
    taken: list[float] = []
    while not any(seconds < 0.8 for seconds in taken):
        assert len(taken) < EDITS, taken
        hosts = ("./*", "more/*")[len(taken) % 2]
        began = time.monotonic()
        before = world.mesh.plane.generation
        file.write_text(sidecar("shop", hosts))
        world.running.until(
            lambda mesh, hosts=hosts, before=before: has(world, hosts) and mesh.plane.generation > before
        )
        world.running.do(world.mesh.plane.settled(world.mesh.plane.generation))
        taken.append(time.monotonic() - began)
    file.write_text(sidecar("shop", "./*"))
    world.running.until(lambda _: has(world, "./*"))
    world.running.do(world.mesh.plane.settled(world.mesh.plane.generation))
    assert reaches(world)


def test_a_broken_edit_keeps_what_was_good_and_is_told_with_its_line(world: World) -> None:
    file = world.files / "sidecar.yaml"
    good = sidecar("shop", "./*")
    file.write_text(good)
    world.running.until(lambda _: has(world, "./*"))
    for broken, line, what in (
        (good + "  egress: [\n", 9, "yaml"),
        (good.replace("egress", "egres"), 5, "did you mean egress?"),
        (good.replace("./*", "no-slash"), 7, "expected NAMESPACE/HOST"),
        ("", 0, ""),
    ):
        file.write_text(broken)
        if not broken:
            world.running.until(lambda _: SIDECAR not in world.mesh.intake.taken)
            break
        world.running.until(
            lambda mesh, what=what: any(
                str(file) in str(each) and what in str(each) and each.severity == "error" for each in mesh.diagnostics
            )
        )
        (told,) = [str(each) for each in world.mesh.diagnostics if str(file) in str(each) and each.severity == "error"]
        assert told.startswith(f"{file}:{line}"), told
        assert has(world, "./*")
        assert reaches(world)
        file.write_text(good)
        world.running.until(lambda mesh: not any(str(file) in str(each) for each in mesh.diagnostics))


def test_deleting_a_file_removes_its_objects(world: World) -> None:
    file = world.files / "sidecar.yaml"
    file.write_text(sidecar("shop", "./*"))
    world.running.until(lambda _: has(world, "./*"))
    file.unlink()
    world.running.until(lambda _: SIDECAR not in world.mesh.intake.taken)
    world.running.do(world.mesh.plane.settled(world.mesh.plane.generation))
    assert SIDECAR not in world.mesh.published()


def test_a_wrong_file_is_refused_with_line_and_remedy_and_the_others_are_applied(world: World, tmp_path: Path) -> None:
    right, wrong = tmp_path / "right.yaml", tmp_path / "wrong.yaml"
    right.write_text(service("more", "added"))
    wrong.write_text(sidecar("shop", "./*").replace("spec:", "spec:\n  workloadselector: {labels: {app: web}}"))
    done = pillion("apply", "-f", str(tmp_path), mesh=NAME)
    assert done.returncode == 2
    assert done.stdout.splitlines()[0] == "Service more/added created"
    assert f"{wrong}:5: Sidecar shop/default: spec.workloadselector: error: unknown field" in done.stderr
    assert "did you mean workloadSelector?" in done.stderr
    assert "they change nothing" in done.stderr
    again = pillion("apply", "-f", str(right), mesh=NAME)
    assert (again.returncode, again.stdout.splitlines()[0]) == (0, "Service more/added unchanged")
    gone = pillion("delete", "-f", str(right), mesh=NAME)
    assert (gone.returncode, gone.stdout) == (0, "Service more/added deleted\n")
    missing = pillion("delete", "-f", str(right), mesh=NAME)
    assert (missing.returncode, missing.stdout) == (2, "Service more/added is not there\n")


def test_a_rollout_replaces_pods_one_by_one(world: World) -> None:
    """A service with two pods answers throughout; its Envoys drain before they end."""
    old = deployment("shop", "rolled", replicas=2)
    world.running.apply(joined(service("shop", "rolled"), old))
    world.running.ready()
    first = world.running.look(lambda mesh: {key for key in mesh.pods.running() if "rolled" in key})
    with under_load(world.running, [CALLER], "rolled.shop:8080", rate=50) as crowd:
        world.running.apply(deployment("shop", "rolled", replicas=2, labels="version: v2"))
        world.running.until(lambda mesh: mesh.pods.all_ready() and not first & mesh.pods.running().keys(), 40)
        crowd.go_on(10)
    world.running.delete(joined(service("shop", "rolled"), old))
    assert crowd.seen[0].sent > 20
    assert crowd.failures == []
