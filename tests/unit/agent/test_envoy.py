import asyncio
import os
import signal
import subprocess
import sys

from pillion.agent.envoy import Envoy


def start(code: str) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen((sys.executable, "-I", "-c", f"{code}"), stdout=subprocess.PIPE)
    assert process.stdout
    if "print" in code:
        process.stdout.readline()
    return process


def watch(process: "subprocess.Popen[bytes]", *, stop: bool) -> int:
    async def play() -> int:
        envoy = Envoy(process)
        return await (envoy.stop() if stop else envoy.ended())

    code = asyncio.run(play())
    assert process.stdout
    process.stdout.close()
    return code


def test_the_end_has_a_code() -> None:
    assert watch(start("raise SystemExit(7)"), stop=False) == 7
    assert watch(start("import os; os.kill(os.getpid(), 9)"), stop=False) == -signal.SIGKILL


def test_a_polite_process_is_asked_once() -> None:
    assert watch(start("import time; print(flush=True); time.sleep(60)"), stop=True) == -signal.SIGTERM


def test_a_stubborn_process_is_killed() -> None:
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    assert watch(start(code), stop=True) == -signal.SIGKILL


def test_stopping_what_has_ended() -> None:
    process = start("raise SystemExit(0)")
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert watch(process, stop=True) == 0
