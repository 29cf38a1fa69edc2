"""What a journal holds."""

from pathlib import Path

import pytest

from pillion.local import journal
from pillion.local.journal import Directory, File, Journal, Link, Mount, Namespace, Process, Socket, pending

EVERYTHING = (
    Directory(path="/d", tree=True),
    Process(pid=7, start=8, what="envoy"),
    Mount(path="/m"),
    Link(name="veth0"),
    Namespace(path="/run/netns/x"),
    File(path="/f"),
    Socket(path="/s"),
)


def test_what_was_made_and_not_taken_away_is_pending(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal") as book:
        numbers = [book.record(made) for made in EVERYTHING]
        book.done(numbers[2])
    assert [made for _, made in pending(tmp_path / "journal")] == [*EVERYTHING[:2], *EVERYTHING[3:]]


def test_numbers_go_on_after_a_crash(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal") as book:
        first = book.record(File(path="/a"))
    with Journal(tmp_path / "journal") as book:
        second = book.record(File(path="/b"))
        book.done(first)
    assert pending(tmp_path / "journal") == ((second, File(path="/b")),)


def test_a_torn_last_line_is_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path) as book:
        number = book.record(File(path="/a"))
    path.write_bytes(path.read_bytes() + b'{"number": 9, "ma')
    assert pending(path) == ((number, File(path="/a")),)


def test_what_fails_to_be_made_was_not_made(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal") as book:
        with pytest.raises(OSError, match="full"), book.making(File(path="/a")):
            raise OSError("full")
        with book.making(File(path="/b")):
            pass
    assert [made for _, made in pending(tmp_path / "journal")] == [File(path="/b")]


def test_after_a_reboot_only_what_lies_on_disk_is_left(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path) as book:
        for made in EVERYTHING:
            book.record(made)
    path.write_bytes(path.read_bytes().replace(journal.proc.boot_id().encode(), b"another-boot"))
    assert [made for _, made in pending(path)] == [EVERYTHING[0], File(path="/f"), Socket(path="/s")]


def test_no_journal_is_an_empty_one(tmp_path: Path) -> None:
    assert pending(tmp_path / "none") == ()


def test_everything_can_be_named() -> None:
    assert [journal.describe(made) for made in EVERYTHING] == [
        "directory /d",
        "process 7 (envoy)",
        "mount /m",
        "network link veth0",
        "namespace /run/netns/x",
        "file /f",
        "socket /s",
    ]
