"""`pillion up` and `down` as processes: refusals, interruptions, kills; the machine is as it was after each."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.load import deployment, joined, namespace, service, sidecar
from local.meshes import PILLION, ROOT, nothing_left, pillion, place, status, until, up
from pillion.local.client import exec_socket
from pillion.local.server.door import opened
from pillion.local.server.mesh import MeshOptions
from pillion.local.state import running

pytestmark = [pytest.mark.root, pytest.mark.envoy, pytest.mark.timeout(400)]

NAME = "test-up"
MOMENTS = (0.0, 0.03, 0.07, 0.12, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9, 1.2, 1.6)
"""Seconds after the mesh's folder was made; on a quiet machine the pods are ready after some two."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    (folder / "world.yaml").write_text(
        joined(
            namespace("shop"),
            service("shop", "web"),
            deployment("shop", "web"),
            deployment("plain", "other"),
        )
    )
    return folder


@pytest.fixture(autouse=True)
def proof() -> Iterator[None]:
    """Every test leaves the machine as it found it."""
    with nothing_left(NAME):
        yield
    assert not place(NAME).path.exists()


def test_a_second_up_is_refused_and_the_first_goes_on(world: Path, tmp_path: Path) -> None:
    with up(NAME, tmp_path, str(world)) as first:
        first.until_ready()
        for words in (("up", str(world)), ("up", "--detach", str(world))):
            second = pillion(*words, mesh=NAME)
            assert second.returncode == 2
            assert f"mesh {NAME} is already run by process {first.process.pid}" in second.stderr
            assert "pillion down" in second.stderr
        assert status(NAME)["ready"]
        assert pillion("exec", "web", "--", "true", mesh=NAME).returncode == 0
        first.process.send_signal(signal.SIGINT)
        assert first.process.wait(40) == 0
        assert first.said().splitlines()[-2:] == ["taking the mesh down ...", f"mesh {NAME} is down"]


def test_a_path_that_is_not_there_is_told(tmp_path: Path) -> None:
    for words in (("up", f"{tmp_path}/nowhere"), ("up", "-d", f"{tmp_path}/nowhere")):
        done = pillion(*words, mesh=NAME)
        assert done.returncode == 2
        assert done.stderr == f"pillion: {tmp_path}/nowhere: there is no such file or folder\n"


def test_files_without_a_resource_are_refused_and_an_empty_folder_is_waited_for(tmp_path: Path) -> None:
    file, folder = tmp_path / "note.yaml", tmp_path / "mesh"
    file.write_text("just text\n")
    folder.mkdir()
    for words in (("up", str(file)), ("up", "-d", str(file))):
        done = pillion(*words, mesh=NAME)
        assert done.returncode == 2
        head, told = done.stderr.splitlines()
        assert head.startswith(f"pillion: the mesh cannot run: there is no resource in {file}: ")
        assert told.startswith(f"{file}:1: error: ")
        assert running(place(NAME)) is None
    with up(NAME, tmp_path, str(folder)) as it:
        it.until_ready()
        until(lambda: f"no pod to run yet: waiting for workloads in {folder}" in it.said())
        (folder / "shop.yaml").write_text(joined(namespace("shop"), deployment("shop", "web")))
        until(lambda: "the pod is ready" in it.said())


def test_what_is_broken_at_the_start_is_told_with_its_line_and_the_rest_runs(world: Path, tmp_path: Path) -> None:
    mesh = tmp_path / "mesh"
    mesh.mkdir()
    (mesh / "good.yaml").write_text((world / "world.yaml").read_text())
    (mesh / "cut.yaml").write_text("apiVersion: v1\nkind: Service\nmetadata: {name: cut\n")
    (mesh / "typo.yaml").write_text(sidecar("shop", "./*").replace("egress", "egres"))
    (tmp_path / "config.yaml").write_text("accessLogFil: /dev/stdout\n")
    with up(NAME, tmp_path, str(mesh), "--mesh-config", str(tmp_path / "config.yaml")) as running_one:
        running_one.until_ready()
        until(lambda: "all 2 pods are ready" in running_one.said())
        said = running_one.said()
        assert f"{mesh}/cut.yaml:4: error:" in said
        assert f"{mesh}/typo.yaml:5: Sidecar shop/default: spec.egres: error: unknown field egres" in said
        assert "did you mean egress?" in said
        assert f"{tmp_path}/config.yaml:1: " in said
        assert "did you mean accessLogFile?" in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_at_any_moment_takes_all_back(world: Path, tmp_path: Path, number: signal.Signals) -> None:
    for moment in MOMENTS[number == signal.SIGTERM :: 2]:
        process = subprocess.Popen(
            [*PILLION, "up", "--mesh", NAME, str(world)],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        until(place(NAME).path.exists)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(moment)
        process.send_signal(number)
        said, _ = process.communicate(timeout=60)
        assert process.returncode in {0, 130}, said
        assert "Traceback" not in said
        assert not place(NAME).path.exists(), f"after {moment} s: {said}"


def test_after_kill_9_down_cleans_and_proves(world: Path, tmp_path: Path) -> None:
    with up(NAME, tmp_path, str(world)) as it:
        it.until_ready()
        it.process.kill()
        it.process.wait()
        assert running(place(NAME)) is None
        refused = pillion("get", "pods", mesh=NAME)
        assert (refused.returncode, refused.stderr.split(";")[0]) == (2, f"pillion: mesh {NAME} is not running")
        down = pillion("down", mesh=NAME)
        assert down.returncode == 0, down.stderr
        assert "its processes were dead already" in down.stdout
        assert "nothing is left" in down.stdout
    again = pillion("down", mesh=NAME)
    assert (again.returncode, again.stdout) == (0, f"mesh {NAME} is not there; nothing to take down\n")


def test_after_kill_9_the_next_up_cleans_by_itself(world: Path, tmp_path: Path) -> None:
    with up(NAME, tmp_path, str(world)) as first:
        first.until_ready()
        first.process.kill()
        first.process.wait()
        with up(NAME, tmp_path, str(world)) as second:
            second.until_ready()
            assert status(NAME)["pods"] == {"ready": 2, "total": 2}


def test_two_meshes_live_side_by_side(world: Path, tmp_path: Path) -> None:
    """Names, addresses and sockets of a mesh are its own."""
    names = (NAME, f"{NAME}-2")
    with up(names[0], tmp_path, str(world)) as one, up(names[1], tmp_path, str(world)) as two:
        for it in (one, two):
            it.until_ready()
        ask = "import urllib.request; print(urllib.request.urlopen('http://web.shop:8080').status)"
        for name in names:
            done = pillion("exec", "plain/other", "--", sys.executable, "-c", ask, mesh=name)
            assert (done.returncode, done.stdout) == (0, "200\n"), done.stderr
        assert pillion("down", mesh=names[1]).returncode == 0
        assert status(names[0])["ready"]


@pytest.mark.parametrize("moment", [0.1, 1.5])
def test_a_tour_that_is_interrupted_takes_all_back(moment: float) -> None:
    process = subprocess.Popen(
        [*PILLION, "demo", "--mesh", NAME], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    until(place(NAME).path.exists)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(moment)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert said.endswith("pillion: interrupted; everything is taken down again\n")
    assert "Traceback" not in said


def test_detached_it_returns_when_all_is_ready(world: Path) -> None:
    try:
        done = pillion("up", "--detach", str(world), mesh=NAME)
        assert (done.returncode, done.stdout) == (0, f"mesh {NAME} is up: 2 of 2 pods ready\n"), done.stderr
        assert exec_socket(place(NAME)).exists()
    finally:
        down = pillion("down", mesh=NAME)
    assert down.stdout.startswith(f"mesh {NAME} is down\nnothing is left")


def test_detached_it_says_why_it_did_not_start(world: Path) -> None:
    place(NAME).path.mkdir(parents=True)
    place(NAME).path.chmod(0o700)
    journal = place(NAME).path / "journal"
    journal.mkdir()  # nothing can be written down, so nothing may be made
    try:
        done = pillion("up", "--detach", str(world), mesh=NAME)
        assert done.returncode == 2
        assert "journal" in done.stderr
        assert "Traceback" not in done.stderr
    finally:
        journal.rmdir()
        place(NAME).path.rmdir()


def test_documents_may_come_by_standard_input_and_stay(world: Path, tmp_path: Path) -> None:
    folder = tmp_path / "more"
    folder.mkdir()
    try:
        text = (world / "world.yaml").read_text()
        assert pillion("up", "--detach", "-", str(folder), mesh=NAME, stdin=text).returncode == 0
        (folder / "more.yaml").write_text(namespace("more"))
        until(lambda: "more" in pillion("get", "namespaces", mesh=NAME).stdout)
        assert status(NAME)["pods"] == {"ready": 2, "total": 2}
    finally:
        assert pillion("down", mesh=NAME).returncode == 0


def test_of_a_detached_mesh_that_died_the_next_command_quotes_the_log(world: Path) -> None:
    assert pillion("up", "--detach", str(world), mesh=NAME).returncode == 0
    until(place(NAME).server_log.read_text)
    pid = running(place(NAME))
    assert pid
    os.kill(pid, signal.SIGKILL)
    until(lambda: running(place(NAME)) is None)
    told = pillion("get", "pods", mesh=NAME)
    assert told.returncode == 2
    assert f"start it with `pillion up DIR --mesh {NAME}`\nit ended unexpectedly; its log ends with:\n  " in told.stderr
    again = pillion("up", "--detach", str(world), mesh=NAME)
    assert again.returncode == 0
    assert again.stderr.startswith(f"of mesh {NAME} before: it ended unexpectedly; its log ends with:\n  ")
    until(lambda: "all 2 pods are ready" in place(NAME).server_log.read_text())
    pid = running(place(NAME))
    assert pid
    os.kill(pid, signal.SIGKILL)
    until(lambda: running(place(NAME)) is None)
    down = pillion("down", mesh=NAME)
    assert (down.returncode, "all 2 pods are ready" in down.stderr) == (0, True), down.stderr
    assert not place(NAME).last_log.exists()
    assert "unexpectedly" not in pillion("get", "pods", mesh=NAME).stderr


def test_of_a_mesh_that_fails_the_log_is_kept_beside_its_folder(tmp_path: Path) -> None:
    async def failing() -> None:
        async with opened(MeshOptions(paths=(str(tmp_path),)), place(NAME)):
            place(NAME).server_log.write_text("what it said\n")
            raise ZeroDivisionError

    with pytest.raises(ExceptionGroup):
        asyncio.run(failing())
    assert not place(NAME).path.exists()
    assert "\n  what it said" in pillion("get", "pods", mesh=NAME).stderr
    assert "\n  what it said" in pillion("down", mesh=NAME).stderr
    assert not place(NAME).last_log.exists()
