"""Makes the kernel forget UDP flows whose endpoint is no longer one, as kube-proxy does.

A TCP connection ends by itself; a UDP flow is remembered for as long as its client keeps sending, so it would go to a
pod that left, or be refused though a pod came. Numbers are those of `linux/netfilter/nfnetlink_conntrack.h`.
"""

import errno
import os
import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address

from pillion.local.fabric.model import ClusterService
from pillion.value import Value

Place = tuple[str, int]
"""An address and a port."""

_NETFILTER = 12
_GET, _DELETE, _NEW = 0x101, 0x102, 0x100
_REQUEST, _ACK, _DUMP = 0x1, 0x4, 0x300
_ERROR, _DONE = 2, 3
_UDP = 17
_HEADER = struct.Struct("=IHHII")
_FAMILY = struct.Struct("=BBH")


class Flow(Value):
    """A tracked flow: where its client sends to, and who answers."""

    family: int
    protocol: int
    to: Place
    answered_by: Place
    key: bytes
    """What names it to the kernel."""


def udp_targets(services: Sequence[ClusterService]) -> dict[Place, frozenset[Place]]:
    """Return the endpoints of each UDP port of each cluster IP."""
    return {
        (address, port.port): frozenset(port.targets)
        for service in services
        for port in service.ports
        if port.protocol == "UDP"
        for address in service.cluster_ips
    }


def forget(before: Mapping[Place, frozenset[Place]], after: Mapping[Place, frozenset[Place]]) -> int:
    """Forget the flows to changed services that go elsewhere than to an endpoint of now; return how many."""
    changed = {place for place in {*before, *after} if before.get(place) != after.get(place)}
    if not changed:
        return 0
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETFILTER) as kernel:
        kernel.bind((0, 0))
        stale = [flow for flow in _flows(kernel) if _is_stale(flow, changed, after)]
        for flow in stale:
            kernel.send(_message(_DELETE, _ACK, flow.family, flow.key))
            _acknowledged(kernel.recv(1 << 16))
    return len(stale)


def _is_stale(flow: Flow, changed: set[Place], after: Mapping[Place, frozenset[Place]]) -> bool:
    return flow.protocol == _UDP and flow.to in changed and flow.answered_by not in after.get(flow.to, ())


def _flows(kernel: socket.socket) -> list[Flow]:
    kernel.send(_message(_GET, _DUMP, socket.AF_UNSPEC, b""))
    flows: list[Flow] = []
    while True:
        data = kernel.recv(1 << 17)
        while data:
            length, kind, *_ = _HEADER.unpack_from(data)
            if kind == _DONE:
                return flows
            if kind == _ERROR:
                _acknowledged(data)
            elif kind == _NEW and (flow := _flow(data[_HEADER.size : length])) is not None:
                flows.append(flow)
            data = data[(length + 3) & ~3 :]


def _flow(body: bytes) -> Flow | None:
    attributes = dict(_attributes(body[_FAMILY.size :]))
    original, reply = attributes.get(1), attributes.get(2)
    if original is None or reply is None:
        return None
    protocol, _, to = _ends(original)
    _, answered_by, _ = _ends(reply)
    key = _attribute(1 | 0x8000, original)
    return Flow(family=body[0], protocol=protocol, to=to, answered_by=answered_by, key=key)


def _ends(tuple_of_flow: bytes) -> tuple[int, Place, Place]:
    """Return the protocol, the source and the destination of one direction of a flow."""
    parts = dict(_attributes(tuple_of_flow))
    addresses, numbers = dict(_attributes(parts[1])), dict(_attributes(parts[2]))
    source, destination = addresses.get(1) or addresses[3], addresses.get(2) or addresses[4]
    return (
        numbers[1][0],
        (str(ip_address(source)), int.from_bytes(numbers.get(2, b""))),
        (str(ip_address(destination)), int.from_bytes(numbers.get(3, b""))),
    )


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        yield kind & 0x3FFF, data[4:length]
        data = data[(length + 3) & ~3 :]


def _attribute(kind: int, value: bytes) -> bytes:
    length = 4 + len(value)
    return struct.pack("=HH", length, kind) + value + bytes(-length % 4)


def _message(kind: int, flags: int, family: int, body: bytes) -> bytes:
    length = _HEADER.size + _FAMILY.size + len(body)
    return _HEADER.pack(length, kind, flags | _REQUEST, 0, 0) + _FAMILY.pack(family, 0, 0) + body


def _acknowledged(data: bytes) -> None:
    (code,) = struct.unpack_from("=i", data, _HEADER.size)
    # a flow may have ended meanwhile
    if code and -code != errno.ENOENT:
        raise OSError(-code, os.strerror(-code))
