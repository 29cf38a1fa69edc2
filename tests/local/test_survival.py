"""What must not end a mesh: a pod that wants all descriptors, a machine without any, a fault of our own."""

import errno
import os
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.load import deployment, joined, namespace, service
from local.meshes import RunningMesh, pillion, place, running_mesh
from pillion.local.server import cluster
from pillion.xds.front import MOST_CONNECTIONS

pytestmark = [pytest.mark.root, pytest.mark.envoy]

NAME = "test-survival"
CALLER = "shop/caller"


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningMesh]:
    files = tmp_path_factory.mktemp("survival") / "mesh"
    files.mkdir()
    (files / "world.yaml").write_text(
        joined(namespace("shop"), service("shop", "web"), deployment("shop", "web"), deployment("shop", "caller"))
    )
    with running_mesh(NAME, files) as running:
        yield running


MOUNTS_ROOT = """
      volumes: [{name: istiod-ca-cert, configMap: {name: istio-ca-root-cert}}]
"""


def test_what_the_template_of_istio_mounts_is_there(mesh: RunningMesh) -> None:
    mounted = deployment("shop", "mounted").rstrip("\n") + MOUNTS_ROOT
    mesh.apply(mounted)
    try:
        mesh.ready()
    finally:
        mesh.delete(mounted)


def reaches(mesh: RunningMesh) -> bool:
    return mesh.ask(CALLER, "web.shop:8080")[0].reached


def test_what_holds_secrets_or_rights_is_for_its_owner_alone(mesh: RunningMesh) -> None:
    layout = place(NAME)
    for path in (layout.server_socket, layout.memory, layout.before):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_a_pod_that_opens_connection_upon_connection_costs_the_mesh_nothing(mesh: RunningMesh) -> None:
    path = str(place(NAME).xds_socket(str(mesh.mesh.pods.find("shop/web"))))
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 (names alone)
    opened: list[socket.socket] = []
    try:
        for _ in range(400):
            one = socket.socket(socket.AF_UNIX)
            opened.append(one)
            one.connect(path)
        # a place may become free meanwhile: who says nothing is sent away after a while
        assert [one.recv(1) for one in opened[-100:]].count(b"") > 90
        assert len(os.listdir("/proc/self/fd")) - len(opened) - before < 6 * MOST_CONNECTIONS  # noqa: PTH208
        assert reaches(mesh)
    finally:
        for one in opened:
            one.close()


def test_a_pod_for_which_there_is_no_descriptor_is_told_and_started_when_there_is_one(
    mesh: RunningMesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    pods = mesh.mesh.pods
    start = pods._kubelet.start_pod
    is_full = threading.Event()
    is_full.set()

    def start_pod(*words: object) -> object:
        if is_full.is_set():
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return start(*words)

    monkeypatch.setattr(pods._kubelet, "start_pod", start_pod)
    more = deployment("shop", "more")
    mesh.apply(more)
    try:
        (told,) = [str(each) for each in mesh.mesh.diagnostics if each.code == "pod-not-started"]
        assert "Pod shop/more-" in told
        assert "Too many open files" in told
        is_full.clear()
        mesh.ready()
        assert reaches(mesh)
    finally:
        is_full.clear()
        mesh.delete(more)


def test_a_fault_of_our_own_costs_the_change_and_not_the_mesh(
    mesh: RunningMesh, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    address = cluster.address

    def failing(intake: object, *more: object) -> object:
        if any(ref.name == "poison" for ref in intake.taken):
            raise ZeroDivisionError("a fault")
        return address(intake, *more)

    monkeypatch.setattr(cluster, "address", failing)
    folder = Path(mesh.mesh.options.paths[0])
    file = folder / "poison.yaml"
    file.write_text(service("shop", "poison"))
    mesh.until(lambda it: any(each.code == "internal-error" for each in it.diagnostics))
    assert "Traceback" in caplog.text
    assert reaches(mesh)
    file.unlink()
    mesh.until(lambda it: not any(each.code == "internal-error" for each in it.diagnostics))
    poison = tmp_path / "applied.yaml"
    poison.write_text(service("shop", "poison"))
    done = pillion("apply", "-f", str(poison), mesh=NAME)
    assert (done.returncode, done.stdout) == (2, "")
    assert "it is taken back" in done.stderr
    poison.write_text(service("shop", "fine"))
    assert pillion("apply", "-f", str(poison), mesh=NAME).returncode == 0
    assert pillion("delete", "-f", str(poison), mesh=NAME).returncode == 0
    assert reaches(mesh)
