"""What counts as left behind."""

import subprocess
from pathlib import Path

import pytest

from pillion.local.inventory import Inventory, Process, decode, difference, encode, take

HOST = ("net:[1]", "pid:[2]")
POD = ("net:[77]", "pid:[78]")
SHELL = Process(pid=10, start=5, parent=1, command="bash", namespaces=HOST)
CHECKER = Process(pid=20, start=6, parent=10, command="pillion demo", namespaces=HOST)
BEFORE = Inventory(observer=20, processes=(SHELL, CHECKER), mounts=("proc on /proc",), links=("lo",), rules=("r",))


def after(*processes: Process, observer: int = 20, **changes: tuple[str, ...]) -> Inventory:
    return Inventory(
        observer=observer,
        processes=(SHELL, CHECKER, *processes),
        mounts=changes.get("mounts", BEFORE.mounts),
        links=changes.get("links", BEFORE.links),
        rules=changes.get("rules", BEFORE.rules),
        files=changes.get("files", ()),
    )


def kinds(inventory: Inventory) -> list[str]:
    return [left.kind for left in difference(BEFORE, inventory)]


def test_nothing_new_is_the_proof() -> None:
    assert difference(BEFORE, after()) == ()


def test_a_child_of_ours_is_left() -> None:
    (left,) = difference(BEFORE, after(Process(pid=30, start=9, parent=20, command="envoy -c x", namespaces=HOST)))
    assert left.sentence == "process 30 is left: envoy -c x"


def test_an_orphan_in_a_namespace_of_its_own_is_left_and_so_is_the_namespace() -> None:
    orphan = Process(pid=30, start=9, parent=1, command="sleep 9", namespaces=POD)
    assert kinds(after(orphan)) == ["process", "namespace", "namespace"]


def test_an_orphan_of_ours_by_name_is_left() -> None:
    server = Process(pid=30, start=9, parent=1, command="python -m pillion up", namespaces=HOST)
    assert kinds(after(server)) == ["process"]
    assert kinds(after(Process(pid=30, start=9, parent=1, command="cron", namespaces=HOST))) == []


def test_what_somebody_else_started_meanwhile_does_not_count() -> None:
    theirs = Process(pid=30, start=9, parent=10, command="unshare -n", namespaces=HOST)
    inside = Process(pid=31, start=9, parent=30, command="sleep", namespaces=POD)
    assert kinds(after(theirs, inside)) == []


def test_a_service_that_began_meanwhile_answers_for_what_it_holds() -> None:
    service = Process(pid=30, start=9, parent=1, command="dockerd", namespaces=HOST)
    inside = Process(pid=31, start=9, parent=30, command="sleep", namespaces=POD)
    assert kinds(after(service, inside)) == []
    ours = Process(pid=30, start=9, parent=1, command="python -m pillion up", namespaces=HOST)
    assert kinds(after(ours, inside)) == ["process", "process", "namespace", "namespace"]


def test_another_mesh_that_runs_answers_for_its_own() -> None:
    server = Process(pid=30, start=9, parent=1, command="python -m pillion up", namespaces=HOST)
    inside = Process(pid=31, start=9, parent=30, command="sleep", namespaces=POD)
    found = Inventory(
        observer=20, processes=(SHELL, CHECKER, server, inside), mounts=BEFORE.mounts, links=("lo",), rules=("r",),
        others=(30,),
    )  # fmt: skip
    assert kinds(found) == []


def test_a_pid_that_is_used_again_is_another_process() -> None:
    again = Process(pid=10, start=99, parent=1, command="sleep", namespaces=POD)
    found = Inventory(observer=20, processes=(again, CHECKER), mounts=BEFORE.mounts, links=("lo",), rules=("r",))
    assert kinds(found) == ["process", "namespace", "namespace"]


def test_a_namespace_that_the_observer_itself_holds_is_left() -> None:
    holding = Process(pid=20, start=6, parent=10, command="pillion demo", namespaces=(*HOST, "net:[77]"))
    found = Inventory(observer=20, processes=(SHELL, holding), mounts=BEFORE.mounts, links=("lo",), rules=("r",))
    assert kinds(found) == ["namespace"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"mounts": ("proc on /proc", "tmpfs on /run/pillion/x")}, ["mount"]),
        ({"links": ("lo", "veth0")}, ["link"]),
        ({"links": ()}, ["link"]),
        ({"rules": ("r", "s")}, ["rule"]),
        ({"rules": ()}, ["rule"]),
        ({"files": ("/run/pillion/demo",)}, ["file"]),
    ],
)
def test_everything_else_counts_whoever_made_it(changes: dict[str, tuple[str, ...]], expected: list[str]) -> None:
    assert kinds(after(**changes)) == expected


def test_an_inventory_can_be_written_down() -> None:
    taken = take(Path("/run/pillion"))
    assert decode(encode(taken)) == taken
    assert any("lo" in link for link in taken.links)


def test_a_real_child_and_a_real_file_are_found(tmp_path: Path) -> None:
    before = take(tmp_path)
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as child:
        (tmp_path / "left.sock").touch()
        sentences = [left.sentence for left in difference(before, take(tmp_path))]
        child.kill()
    assert any(one.startswith(f"process {child.pid} is left") for one in sentences)
    assert f"{tmp_path}/left.sock is left" in sentences
    (tmp_path / "left.sock").unlink()
    after = [left.sentence for left in difference(before, take(tmp_path)) if left.kind in {"process", "file"}]
    assert after == []
