"""Child processes, awaited without a thread."""

import asyncio
import marshal
import os
import signal
import subprocess

from pillion.local.kubelet import process


def test_the_end_of_a_child_is_its_exit_code_or_signal() -> None:
    async def play() -> tuple[int, int]:
        quick = process.spawn(("sh", "-c", "exit 7"), -3, -3, -3)
        slow = process.spawn(("sleep", "60"), -3, -3, -3)
        slow.signal(signal.SIGTERM)
        codes = await quick.wait(), await slow.wait()
        slow.signal(signal.SIGTERM)  # too late, and no harm
        return codes

    assert asyncio.run(play()) == (7, -15)


def test_a_child_reads_what_is_written_until_its_input_is_closed() -> None:
    async def play() -> tuple[bytes, int]:
        out, end = os.pipe()
        child = process.spawn(("cat",), subprocess.PIPE, end, -3)
        os.close(end)
        child.write(b"hello")
        child.close_input()
        code = await child.wait()
        with os.fdopen(out, "rb") as file:
            return file.read(), code

    assert asyncio.run(play()) == (b"hello", 0)


def test_a_plan_comes_out_as_it_went_in() -> None:
    plan = {"a": [1, None, b"x", ("y", True)]}
    with os.fdopen(process.memory_file(plan), "rb") as file:
        assert marshal.load(file) == plan


def test_a_report_is_read_piece_by_piece() -> None:
    async def play() -> list[bytes]:
        report = process.Report()
        os.write(report.write_end, b"n")
        heard = [await report.receive(), report.rest()]
        report.go_on()
        assert os.read(report.write_end, 9) == b"g"
        os.write(report.write_end, b"e")
        report.started()
        heard += [report.rest(), await report.receive()]
        report.go_on()
        report.close()
        report.close()
        return [*heard, report.rest()]

    assert asyncio.run(play()) == [b"n", b"", b"e", b"", b""]
