"""Commands in containers, and what containers wrote."""

import asyncio
import os

import pytest

from local.machine import SLEEP, Machine, is_ready, on_a_machine, shell
from pillion.local.kubelet.instance import StartError, Streams
from pillion.local.kubelet.kubelet import UnknownContainerError

pytestmark = pytest.mark.root


@on_a_machine
async def test_a_command_gets_the_containers_world(it: Machine) -> None:
    user = {"securityContext": {"runAsUser": 1337}, "workingDir": "/run/new", "env": [{"name": "X", "value": "1"}]}
    key = await it.run("web", shell("app", SLEEP, **user))
    await it.until(key, is_ready)
    done = await it.kubelet.exec_captured(key, "", ("sh", "-c", "cat; id -u; pwd; echo $X; exit 3"), stdin=b"in\n")
    assert (done.exit_code, done.stdout, done.stderr) == (3, b"in\n1337\n/run/new\n1\n", b"")
    killed = await it.kubelet.exec_captured(key, "app", ("sh", "-c", "kill -9 $$"))
    assert killed.exit_code == 137


@on_a_machine
async def test_much_output_comes_whole(it: Machine) -> None:
    key = await it.run("web", shell("app", SLEEP))
    await it.until(key, is_ready)
    done = await it.kubelet.exec_captured(key, "app", ("sh", "-c", "head -c 3000000 /dev/zero; echo x >&2"))
    assert (len(done.stdout), done.stderr) == (3_000_000, b"x\n")


@on_a_machine
async def test_a_terminal(it: Machine) -> None:
    key = await it.run("web", shell("app", SLEEP, securityContext={"runAsUser": 1337}))
    await it.until(key, is_ready)
    here, there = os.openpty()
    try:
        streams = Streams(stdin=there, stdout=there, stderr=there)
        assert (
            await it.kubelet.exec(key, "app", ("sh", "-c", "test -t 0 && echo hi > /dev/tty"), streams, tty=True) == 0
        )
        assert os.read(here, 100) == b"hi\r\n"
    finally:
        os.close(here)
        os.close(there)


@on_a_machine
async def test_mistakes_are_named(it: Machine) -> None:
    key = await it.run("web", shell("app", SLEEP))
    await it.until(key, is_ready)
    with pytest.raises(UnknownContainerError, match="no pod test/none"):
        await it.output("test/none", "app", "true")
    with pytest.raises(UnknownContainerError, match="no container x; it has app"):
        await it.output(key, "x", "true")
    with pytest.raises(StartError, match="No such file"):
        await it.output(key, "app", "no-such-command")


@on_a_machine
async def test_both_streams_are_logged_also_when_opened_by_name(it: Machine) -> None:
    script = "echo a; echo b >&2; echo c > /dev/stdout; echo d >> /dev/stderr; " + SLEEP
    key = await it.run("web", shell("app", script, securityContext={"runAsUser": 1337}))
    text = b""
    async with asyncio.timeout(10):
        await it.until(key, is_ready)
        async for piece in it.kubelet.logs(key, "app", follow=True):
            text += piece
            if text.count(b"\n") == 4:
                break
    assert text == b"a\nb\nc\nd\n"
    assert [piece async for piece in it.kubelet.logs(key, "app", tail=1)] == [b"d\n"]
