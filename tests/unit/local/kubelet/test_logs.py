"""What containers write is kept, bounded, and can be followed."""

import asyncio
import os
from pathlib import Path

import pytest

from pillion.local.kubelet import logs
from pillion.local.kubelet.logs import ContainerLog, Pump, last_lines


def test_a_full_file_makes_room_for_a_new_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LIMIT", 10)

    async def write() -> None:
        log = ContainerLog(tmp_path)
        log.begin(0)
        for piece in (b"aaaa\n", b"bbbb\n", b"cccc\n", b"dddd\n", b"eeee\n"):
            log.write(piece)
        assert log.text(0) == b"cccc\ndddd\neeee\n"
        log.close()

    asyncio.run(write())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.log", "0.log.1"]


def test_who_follows_misses_nothing_when_a_file_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LIMIT", 10)
    heard: list[bytes] = []

    async def play() -> None:
        log = ContainerLog(tmp_path)
        log.begin(0)
        log.write(b"1\n")
        follower = log.follow()
        heard.append(await anext(follower))
        log.write(b"2345678\n")
        log.write(b"9\n")
        log.close()
        heard.extend([piece async for piece in follower])

    asyncio.run(play())
    assert b"".join(heard) == b"1\n2345678\n9\n"


def test_runs_of_long_ago_are_forgotten(tmp_path: Path) -> None:
    async def write() -> None:
        log = ContainerLog(tmp_path)
        for run in range(6):
            log.begin(run)
        log.close()

    asyncio.run(write())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["3.log", "4.log", "5.log"]


def test_who_follows_gets_the_tail_what_comes_restarts_and_the_end(tmp_path: Path) -> None:
    heard: list[bytes] = []

    async def follow(log: ContainerLog, began: asyncio.Event) -> None:
        async for piece in log.follow(tail=1):
            heard.append(piece)
            began.set()

    async def play() -> None:
        log = ContainerLog(tmp_path)
        log.begin(0)
        log.write(b"one\ntwo\n")
        began = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(follow(log, began))
            await began.wait()
            log.write(b"three\n")
            log.begin(1)
            log.write(b"four\n")
            log.close()

    asyncio.run(play())
    assert b"".join(heard) == b"two\nthree\nfour\n"


def test_a_pump_moves_everything(tmp_path: Path) -> None:
    async def play() -> None:
        log = ContainerLog(tmp_path)
        log.begin(0)
        pump = Pump(log)
        os.write(pump.write_end, b"x" * 1000)
        pump.started()
        pump.finish()
        pump.finish()
        assert log.text(0) == b"x" * 1000
        log.close()

    asyncio.run(play())


@pytest.mark.parametrize(("count", "tail"), [(0, b""), (1, b"c"), (2, b"b\nc"), (9, b"a\nb\nc")])
def test_last_lines(count: int, tail: bytes) -> None:
    assert last_lines(b"a\nb\nc", count) == tail
