"""However a fabric ends, nothing of it stays, and the host never noticed."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local.pods import moved, until
from local.worlds import World, in_world
from pillion.local import inventory
from pillion.local.fabric.model import ClusterService, ServicePort

pytestmark = pytest.mark.root

CHILD = """
import asyncio, sys
from pillion.local import inventory
from pillion.local.fabric.model import ClusterService, FabricSettings, ServicePort
from pillion.local.fabric.network import fabric

async def main() -> None:
    async with asyncio.TaskGroup() as tasks, fabric(FabricSettings(), tasks) as network:
        await network.attach("default/pod", int(sys.argv[1]))
        ports = (ServicePort(port=80, targets=(("10.244.0.2", 80),)),)
        await network.set_services([ClusterService(namespace="d", name="s", cluster_ips=("10.96.1.1",), ports=ports)])
        print(network.namespace.inode, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def namespaces() -> set[int]:
    found: set[int] = set()
    for link in Path("/proc").glob("[0-9]*/task/[0-9]*/ns/net"):
        try:
            found.add(link.stat().st_ino)
        except OSError:
            continue
    return found


def host() -> str:
    rules = "(iptables-save; ip6tables-save) | sed '/^#/d; s/\\[[0-9:]*\\]//'"  # without what they count
    show = f"ip -o link; ip route; ip rule; {rules}; cat /etc/resolv.conf"
    return subprocess.run(["sh", "-c", show], capture_output=True, text=True, check=True).stdout


def links_of(pid: int) -> str:
    return subprocess.run(
        ["nsenter", f"--net=/proc/{pid}/ns/net", "ip", "-o", "link"], capture_output=True, text=True, check=True
    ).stdout


def test_a_killed_fabric_is_gone_and_so_are_the_pods_links() -> None:
    before = host()
    with subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE) as pod:
        asyncio.run(until(lambda: moved(pod.pid)))
        command = [sys.executable, "-c", CHILD, str(pod.pid)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            inode = int(child.stdout.readline())
            assert inode in namespaces()
            assert "eth0" in links_of(pod.pid)
            assert host() == before
            os.kill(child.pid, signal.SIGKILL)
        asyncio.run(until(lambda: "eth0" not in links_of(pod.pid)))
        assert inode not in namespaces()
        pod.kill()
    assert host() == before


@in_world(pods=2)
async def test_the_host_sees_nothing_of_a_running_fabric(it: World) -> None:
    before = host()
    ports = (ServicePort(port=80, targets=((it.pods[0].address, 80),)),)
    await it.fabric.set_services([ClusterService(namespace="d", name="s", cluster_ips=("10.96.1.1",), ports=ports)])
    assert host() == before
    assert "PILLION" not in before
    assert "pod1" not in before


def test_a_closed_fabric_is_gone_with_the_connections_that_pods_kept_open() -> None:
    inodes: list[int] = []

    @in_world(pods=1)
    async def live(it: World) -> None:
        inodes.append(it.fabric.namespace.inode)
        assert inodes[0] in namespaces()
        kept = await it.pods[0].connect("10.96.0.10", 53)
        it.fabric.close()
        with contextlib.suppress(ConnectionError):
            assert await kept.reader.read() == b""
        await kept.close()
        await until(lambda: "eth0" not in links_of(it.pods[0].pid))

    live()
    assert inodes[0] not in namespaces()


def test_a_fabrics_life_leaves_no_trace(tmp_path: Path) -> None:
    before = inventory.take(tmp_path)
    inodes: list[int] = []

    @in_world(pods=2)
    async def live(it: World) -> None:
        inodes.append(it.fabric.namespace.inode)
        ports = (ServicePort(port=80, targets=((it.pods[0].address, 80),)),)
        await it.fabric.set_services([ClusterService(namespace="d", name="s", cluster_ips=("10.96.1.1",), ports=ports)])
        sentences = [left.sentence for left in inventory.difference(before, inventory.take(tmp_path))]
        assert any(f"net:[{inodes[0]}]" in sentence for sentence in sentences)
        assert any(str(it.pods[0].pid) in sentence for sentence in sentences)

    live()
    assert [left.sentence for left in inventory.difference(before, inventory.take(tmp_path))] == []
