"""Where a mesh keeps its state, and that it runs once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pillion.local import state
from pillion.local.addresses import Book
from pillion.local.state import Lock, Memory, MeshIsRunningError, StateError
from pillion.value import FrozenMap

HOLDER = """
import sys
from pathlib import Path
from pillion.local.state import Lock, layout_of
lock = Lock(layout_of("demo", Path(sys.argv[1])))
print("locked", flush=True)
sys.stdin.read()
"""


def test_each_user_has_a_place() -> None:
    assert state.base_of({"XDG_RUNTIME_DIR": "/run/user/0"}, 0) == Path("/run/pillion")
    assert state.base_of({"XDG_RUNTIME_DIR": "/run/user/7"}, 7) == Path("/run/user/7/pillion")
    assert state.base_of({"HOME": "/home/me"}, 7) == Path("/home/me/.local/state/pillion")


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a/b", "..", "a" * 41, "a_b"])
def test_a_name_that_cannot_be_a_folders_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(StateError, match="cannot name a mesh"):
        state.layout_of(name, tmp_path)


def test_a_path_too_long_for_a_socket_is_refused_at_once() -> None:
    with pytest.raises(StateError, match="too deep"):
        state.layout_of("demo", Path("/" + "d" * 100))


def test_the_longest_pod_name_has_a_short_socket_and_a_possible_folder() -> None:
    layout = state.layout_of("m" * 40, Path("/run/user/1000/pillion"))
    pod = f"{'n' * 63}/{'p' * 253}"
    assert len(str(layout.xds_socket(pod))) <= state.LONGEST_SOCKET_PATH
    assert len(layout.pod_directory(pod).name) <= 255
    assert layout.pod_directory(pod) != layout.pod_directory(f"{pod[:-1]}x")
    assert layout.pod_directory("a/b").name == "a_b"
    assert layout.log("a/b", "app") == layout.path / "logs" / "a_b" / "app.log"


def test_a_second_run_is_told_who_runs_the_mesh(tmp_path: Path) -> None:
    layout = state.layout_of("demo", tmp_path)
    assert state.running(layout) is None
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"
        assert state.running(layout) == holder.pid
        with pytest.raises(MeshIsRunningError, match=f"process {holder.pid}.*pillion down"):
            Lock(layout)
        holder.kill()
    with Lock(layout):
        assert state.running(layout) == os.getpid()
    assert state.running(layout) is None
    assert state.meshes(tmp_path) == ("demo",)
    assert state.meshes(tmp_path / "none") == ()


def test_a_mesh_remembers(tmp_path: Path) -> None:
    layout = state.layout_of("demo", tmp_path)
    assert state.load(layout) == Memory()
    layout.path.mkdir()
    book = Book(addresses=FrozenMap({"a/b": "10.244.0.2"}), cursor=2)
    memory = Memory(
        books=FrozenMap({"10.244.0.0/16": book}), created=FrozenMap({"Service/a/b": "2026-01-01T00:00:00Z"})
    )
    state.save(layout, memory)
    assert state.load(layout) == memory
    assert [path.name for path in layout.path.iterdir()] == ["memory.json"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"books": {"x": 1}, "created": {}}', '{"books": 7, "created": 8}']
)
def test_a_memory_that_cannot_be_read_is_an_empty_one(text: str, tmp_path: Path) -> None:
    layout = state.layout_of("demo", tmp_path)
    layout.path.mkdir()
    layout.memory.write_text(text)
    assert state.load(layout) == Memory()


def test_an_address_that_does_not_belong_is_forgotten(tmp_path: Path) -> None:
    layout = state.layout_of("demo", tmp_path)
    layout.path.mkdir()
    layout.memory.write_text(
        '{"books": {"10.9.0.0/16": {"addresses": {"a": "10.9.0.1", "b": "10.8.0.1"}, "cursor": 1}}, "created": {}}'
    )
    assert state.load(layout).books["10.9.0.0/16"].addresses == FrozenMap({"a": "10.9.0.1"})


def test_a_resource_is_as_old_as_its_first_sight() -> None:
    first = state.first_seen(FrozenMap(), ["a", "b"], "1")
    second = state.first_seen(first, ["b", "c"], "2")
    assert second == FrozenMap({"b": "1", "c": "2"})
    assert state.first_seen(second, ["a"], "3") == FrozenMap({"a": "3"})
