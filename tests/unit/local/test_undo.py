"""What a journal says is taken away, and nothing else."""

import socket
import subprocess
from pathlib import Path

from pillion.local import proc
from pillion.local.journal import Directory, File, Journal, Process, Socket, pending
from pillion.local.undo import undo


def test_processes_files_and_folders_go(tmp_path: Path) -> None:
    home = tmp_path / "mesh"
    home.mkdir()
    with subprocess.Popen(["sleep", "60"]) as child, Journal(tmp_path / "journal") as book:
        book.record(Directory(path=str(home), tree=True))
        book.process(child.pid, "sleep")
        book.record(Socket(path=str(home / "x.sock")))
        (home / "sub").mkdir()
        (home / "sub" / "file").touch()
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(str(home / "x.sock"))
        report = undo(tmp_path / "journal")
    assert child.returncode == -9
    assert report.problems == ()
    assert [one.was_gone for one in report.undone] == [False, False, False]
    assert not home.exists()
    assert pending(tmp_path / "journal") == ()
    assert undo(tmp_path / "journal").undone == ()


def test_a_process_that_only_has_the_same_pid_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as stranger, Journal(tmp_path / "journal") as book:
        book.record(Process(pid=stranger.pid, start=(proc.start_time(stranger.pid) or 0) - 1))
        (undone,) = undo(tmp_path / "journal").undone
        assert undone.was_gone
        assert stranger.poll() is None
        stranger.kill()


def test_what_became_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "other").touch()
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "file").touch()
    with Journal(tmp_path / "journal") as book:
        book.record(Directory(path=str(tmp_path / "full")))
        book.record(Directory(path=str(tmp_path / "link"), tree=True))
        book.record(Socket(path=str(tmp_path / "file")))
    report = undo(tmp_path / "journal")
    assert [one.was_gone for one in report.undone] == [True] * 3
    assert (tmp_path / "full" / "other").exists()
    assert (tmp_path / "real").exists()
    assert (tmp_path / "file").exists()


def test_what_cannot_be_taken_away_is_told_and_kept_in_the_journal(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with Journal(tmp_path / "journal") as book:
        book.record(File(path=str(tmp_path / "folder")))
    (problem,) = undo(tmp_path / "journal").problems
    assert problem.startswith(f"file {tmp_path}/folder is still there: ")
    assert len(pending(tmp_path / "journal")) == 1


def test_without_a_journal_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert undo(tmp_path / "none").undone == ()


def test_the_journal_itself_can_go_with_its_folder(tmp_path: Path) -> None:
    home = tmp_path / "mesh"
    home.mkdir()
    with Journal(home / "journal") as book:
        book.record(Directory(path=str(home), tree=True))
    assert undo(home / "journal").problems == ()
    assert not home.exists()
    assert list(tmp_path.iterdir()) == []
