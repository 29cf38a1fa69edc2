"""Pods talk to each other by address and by cluster IP, through a fabric of their own."""

import asyncio
import contextlib
import errno
import socket
from collections.abc import Iterator

import pytest

from local.pods import BarePod
from local.worlds import World, in_world
from pillion.local.fabric.model import ClusterService, FabricSettings, ServicePort

pytestmark = pytest.mark.root

CLUSTER_IP = "10.96.7.7"
AT_ONCE = 10
"""Seconds; who is left without any answer gives up after two minutes."""
DUAL_STACK = FabricSettings(
    pod_cidrs=("10.244.0.0/16", "fd00:10:244::/64"), service_cidrs=("10.96.0.0/16", "fd00:10:96::/112")
)


def service(*targets: tuple[str, int], ip: str = CLUSTER_IP, protocol: str = "TCP") -> ClusterService:
    port = ServicePort(port=80, protocol="UDP" if protocol == "UDP" else "TCP", targets=targets)
    return ClusterService(namespace="default", name="echo", cluster_ips=(ip,), ports=(port,))


@contextlib.contextmanager
def unreachable() -> Iterator[None]:
    with pytest.raises(OSError) as failure:  # noqa: PT011 (its number is checked)
        yield
    assert failure.value.errno in {errno.ENETUNREACH, errno.EHOSTUNREACH}


@in_world(pods=2)
async def test_a_pod_sees_the_address_of_the_pod_that_calls(it: World) -> None:
    caller, callee = it.pods
    async with await callee.serve(8080):
        assert await caller.ask(callee.address, 8080) == [callee.name, caller.address]


@in_world(pods=2)
async def test_a_cluster_ip_leads_to_a_pod_which_sees_the_caller(it: World) -> None:
    caller, callee = it.pods
    await it.fabric.set_services([service((callee.address, 8080))])
    async with await callee.serve(8080):
        assert await caller.ask(CLUSTER_IP, 80) == [callee.name, caller.address]


@in_world(pods=1)
async def test_a_pod_reaches_itself_by_its_own_service(it: World) -> None:
    (pod,) = it.pods
    await it.fabric.set_services([service((pod.address, 8080))])
    async with await pod.serve(8080):
        assert await pod.ask(CLUSTER_IP, 80) == [pod.name, "10.244.0.1"]


@in_world()
async def test_calls_are_spread_over_all_endpoints(it: World) -> None:
    caller, one, two = it.pods
    await it.fabric.set_services([service((one.address, 8080), (two.address, 8080))])
    async with await one.serve(8080), await two.serve(8080):
        answers = [(await caller.ask(CLUSTER_IP, 80))[0] for _ in range(60)]
    assert set(answers) == {one.name, two.name}


@in_world(pods=1)
async def test_a_service_without_endpoints_refuses_at_once(it: World) -> None:
    (caller,) = it.pods
    empty = [service(ip=f"10.96.{number // 200}.{number % 200 + 20}") for number in range(500)]
    await it.fabric.set_services(empty)
    for each in empty[:30]:
        with pytest.raises(ConnectionRefusedError):
            async with asyncio.timeout(AT_ONCE):
                await caller.connect(each.cluster_ips[0], 80)


@in_world(pods=1)
async def test_an_address_that_is_nobodys_is_unreachable_at_once(it: World) -> None:
    (caller,) = it.pods
    for address in ("192.0.2.1", "10.244.200.200"):
        with unreachable():
            async with asyncio.timeout(AT_ONCE):
                await caller.connect(address, 80)


@in_world()
async def test_a_change_of_endpoints_keeps_established_connections(it: World) -> None:
    caller, old, new = it.pods
    async with await old.serve(8080), await new.serve(8080):
        await it.fabric.set_services([service((old.address, 8080))])
        kept = await caller.connect(CLUSTER_IP, 80)
        assert (await kept.ask())[0] == old.name
        await it.fabric.set_services([service((new.address, 8080))])
        assert (await caller.ask(CLUSTER_IP, 80))[0] == new.name
        assert (await kept.ask())[0] == old.name
        await it.fabric.set_services([])
        assert (await kept.ask())[0] == old.name
        with pytest.raises(ConnectionRefusedError):
            await caller.connect(CLUSTER_IP, 80)
        await kept.close()


@in_world(pods=2)
async def test_udp_finds_its_endpoint_and_the_way_back(it: World) -> None:
    caller, callee = it.pods
    await it.fabric.set_services([service((callee.address, 5353), protocol="UDP")])
    loop = asyncio.get_running_loop()
    there, here = await callee.socket(socket.SOCK_DGRAM), await caller.socket(socket.SOCK_DGRAM)
    with there, here:
        there.bind(("0.0.0.0", 5353))
        await loop.sock_connect(here, (CLUSTER_IP, 80))
        await loop.sock_sendall(here, b"ping")
        data, client = await loop.sock_recvfrom(there, 100)
        await loop.sock_sendto(there, data + b" pong", client)
        async with asyncio.timeout(20):
            assert await loop.sock_recv(here, 100) == b"ping pong"
    assert client[0] == caller.address


async def echo(pod: BarePod) -> asyncio.DatagramTransport:
    """Answer every datagram with the pod's name."""

    class Echo(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
            transport.sendto(pod.name.encode(), addr)

    listening = await pod.socket(socket.SOCK_DGRAM)
    listening.bind(("0.0.0.0", 5353))
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Echo, sock=listening)
    return transport


@in_world()
async def test_a_udp_flow_that_goes_on_moves_to_an_endpoint_of_now(it: World) -> None:
    caller, old, new = it.pods
    loop = asyncio.get_running_loop()
    with (
        contextlib.closing(await echo(old)),
        contextlib.closing(await echo(new)),
        await caller.socket(socket.SOCK_DGRAM) as here,
    ):
        await loop.sock_connect(here, (CLUSTER_IP, 80))
        for pods in ([old], [new], [old, new], [], [old]):
            await it.fabric.set_services([service(*((pod.address, 5353) for pod in pods), protocol="UDP")])
            await loop.sock_sendall(here, b"ping")
            async with asyncio.timeout(20):
                if pods:
                    assert (await loop.sock_recv(here, 100)).decode() in {pod.name for pod in pods}
                else:
                    with pytest.raises(ConnectionRefusedError):
                        await loop.sock_recv(here, 100)


@in_world(pods=2)
async def test_a_cluster_ip_of_another_cluster_is_answered_too(it: World) -> None:
    caller, callee = it.pods
    await it.fabric.set_services([service(ip="172.20.1.1"), service((callee.address, 8080), ip="172.20.1.2")])
    async with await callee.serve(8080):
        assert (await caller.ask("172.20.1.2", 80))[0] == callee.name
    with pytest.raises(ConnectionRefusedError):
        await caller.connect("172.20.1.1", 80)
    await it.fabric.set_services([])
    with unreachable():
        await caller.connect("172.20.1.1", 80)


@in_world(pods=2, settings=DUAL_STACK)
async def test_both_ip_families_work_side_by_side(it: World) -> None:
    caller, callee = it.pods
    both = ClusterService(
        namespace="default",
        name="echo",
        cluster_ips=(CLUSTER_IP, "fd00:10:96::7"),
        ports=(ServicePort(port=80, targets=tuple((address, 8080) for address in callee.addresses)),),
    )
    await it.fabric.set_services([both])
    async with await callee.serve(8080):
        assert await caller.ask(CLUSTER_IP, 80) == [callee.name, caller.addresses[0]]
        assert await caller.ask("fd00:10:96::7", 80) == [callee.name, caller.addresses[1]]
        assert await callee.ask("fd00:10:96::7", 80) == [callee.name, "fd00:10:244::1"]
    with pytest.raises(ConnectionRefusedError):
        await caller.connect("fd00:10:96::8", 80)


@in_world(pods=1)
async def test_a_probe_comes_from_the_node(it: World) -> None:
    (pod,) = it.pods
    async with await pod.serve(8080):
        reader, writer = await it.fabric.open_connection(pod.address, 8080)
        writer.write(b"\n")
        assert (await reader.readline()).decode().split()[1].endswith("10.244.0.1")
        writer.close()
    with pytest.raises(ConnectionRefusedError):
        await it.fabric.open_connection(pod.address, 8080)


@in_world(pods=2)
async def test_a_pod_that_comes_back_has_its_address_again(it: World) -> None:
    left, other = it.pods
    await it.fabric.detach(left.name)
    with unreachable():
        await other.connect(left.address, 8080)
    stranger = await BarePod("default/stranger", it.fabric).join()
    again = await BarePod(left.name, it.fabric).join()
    try:
        assert again.address == left.address
        assert stranger.address not in {left.address, other.address}
        async with await again.serve(8080):
            assert (await other.ask(left.address, 8080))[0] == left.name
    finally:
        stranger.end()
        again.end()


@in_world(pods=2)
async def test_a_pod_attached_anew_moves_to_its_new_namespace(it: World) -> None:
    before, other = it.pods
    after = await BarePod(before.name, it.fabric).join()
    try:
        assert after.address == before.address
        async with await after.serve(8080):
            assert (await other.ask(after.address, 8080))[0] == after.name
    finally:
        after.end()


@in_world(pods=1)
async def test_a_pod_that_died_first_can_still_be_detached(it: World) -> None:
    (pod,) = it.pods
    pod.end()
    await it.fabric.detach(pod.name)
    await it.fabric.detach(pod.name)
    with pytest.raises(OSError, match="pod-0"):
        await it.fabric.attach(pod.name, pod.pid)
