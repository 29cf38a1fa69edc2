"""The few rtnetlink messages that links, addresses and routes need, as bytes, and a socket that sends a batch of them.

Written out here because it is a hundred lines and attaching a pod takes a millisecond with them; a fork of `ip` takes
three, importing a netlink library a hundred. Numbers are those of `linux/rtnetlink.h` and its neighbours.
"""

import os
import socket
import struct
import time
from collections.abc import Sequence
from ipaddress import IPv4Interface, IPv6Interface, ip_address

from pillion.value import Value

ACK, REPLACE, EXCLUSIVE, CREATE = 0x4, 0x100, 0x200, 0x400
UP = 0x1
MAIN, LOCAL_TABLE = 254, 255
UNICAST, LOCAL, UNREACHABLE = 1, 2, 7

Interface = IPv4Interface | IPv6Interface
_REQUEST = 0x1
_HEADER = struct.Struct("=IHHII")
_INFO = struct.Struct("=BBHiII")
_ERROR_MESSAGE = 2
_STATE, _PASSES = 16, 6
"""IFLA_OPERSTATE, and what it is when packets pass."""


class Request(Value):
    """One message for the kernel."""

    kind: int
    flags: int
    body: bytes
    about: str
    """What it is for, for the error message: `address 10.244.0.2/32 on eth0`."""


def veth(name: str, mac: str, alias: str, peer: tuple[str, str, int]) -> Request:
    """Make a pair of links: one here, up, the other `(name, mac, pid)` in the network namespace of a process."""
    peer_name, peer_mac, pid = peer
    far = _INFO.pack(0, 0, 0, 0, 0, 0) + _text(3, peer_name) + _attribute(1, _mac(peer_mac)) + _number(19, pid)
    link = _attribute(18, _text(1, "veth") + _attribute(2, _attribute(1, far)))
    body = _INFO.pack(0, 0, 0, 0, UP, UP) + _text(3, name) + _attribute(1, _mac(mac)) + _text(20, alias) + link
    return Request(kind=16, flags=CREATE | EXCLUSIVE, body=body, about=f"link {name} of {alias}")


def link_up(index: int) -> Request:
    """Set a link up."""
    return Request(kind=16, flags=0, body=_INFO.pack(0, 0, 0, index, UP, UP), about=f"link {index} up")


def link_delete(name: str) -> Request:
    """Delete a link (and the other end of a veth)."""
    return Request(kind=17, flags=0, body=_INFO.pack(0, 0, 0, 0, 0, 0) + _text(3, name), about=f"delete link {name}")


def address(index: int, interface: Interface) -> Request:
    """Give a link an address; an IPv6 one is usable at once (no duplicate address detection)."""
    packed = interface.ip.packed
    family = _family(packed)
    head = struct.pack("=BBBBI", family, interface.network.prefixlen, 0, 0, index)
    body = (
        head + _attribute(1, packed) + _attribute(2, packed) + _number(8, 0x82 if family == socket.AF_INET6 else 0x80)
    )
    return Request(kind=20, flags=CREATE | REPLACE, body=body, about=f"address {interface} on link {index}")


def neighbour(index: int, ip: str, mac: str) -> Request:
    """Tell a link who has an address, for good, so that nobody needs to ask."""
    packed = ip_address(ip).packed
    body = struct.pack("=BBHiHBB", _family(packed), 0, 0, index, 0x80, 0, 0) + _attribute(1, packed)
    return Request(kind=28, flags=CREATE | REPLACE, body=body + _attribute(2, _mac(mac)), about=f"neighbour {ip}")


def route(index: int, to: Interface, gateway: str = "", kind: int = UNICAST) -> Request:
    """Add or replace a route: by a link, by a gateway reached over it, or of another kind (`LOCAL`, `UNREACHABLE`)."""
    packed = to.network.network_address.packed
    family, length = _family(packed), to.network.prefixlen
    scope = {LOCAL: 254, UNREACHABLE: 0}.get(kind, 0 if gateway or family == socket.AF_INET6 else 253)
    table = LOCAL_TABLE if kind == LOCAL else MAIN
    head = struct.pack("=BBBBBBBBI", family, length, 0, 0, table, 4, scope, kind, 4 if gateway else 0)
    body = head + (_attribute(1, packed) if length else b"") + (_number(4, index) if index else b"")
    body += _attribute(5, ip_address(gateway).packed) if gateway else b""
    return Request(kind=24, flags=CREATE | REPLACE, body=body, about=f"route to {to.network}")


def route_delete(index: int, to: Interface, kind: int) -> Request:
    """Delete a route that `route` made."""
    return Request(kind=25, flags=0, body=route(index, to, kind=kind).body, about=f"delete the route to {to.network}")


def send(requests: Sequence[Request]) -> None:
    """Send messages as one batch to the calling thread's network namespace; raise the first error, if any."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE) as kernel:
        kernel.bind((0, 0))
        kernel.send(b"".join(_framed(request, number) for number, request in enumerate(requests)))
        _await_acknowledgements(kernel, requests)


def await_up(index: int, patience: float = 5.0) -> None:
    """Wait until a link passes packets: a while after both its ends are up, the kernel drops what is sent before.

    Raises `TimeoutError`.
    """
    ask = Request(kind=18, flags=0, body=_INFO.pack(0, 0, 0, index, 0, 0), about=f"state of link {index}")
    deadline = time.monotonic() + patience
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE) as kernel:
        kernel.bind((0, 0))
        while True:
            kernel.send(_framed(ask, 0))
            answer = kernel.recv(1 << 16)
            if _HEADER.unpack_from(answer)[1] == _ERROR_MESSAGE:
                (error,) = struct.unpack_from("=i", answer, _HEADER.size)
                raise OSError(-error, f"{os.strerror(-error)}: {ask.about}")
            if _state(answer) == _PASSES:
                return
            kernel.recv(1 << 16)  # the acknowledgement
            if time.monotonic() > deadline:
                raise TimeoutError(f"link {index} does not come up within {patience:.0f} s")
            time.sleep(0.001)


def _state(answer: bytes) -> int:
    """Find the operational state in a message about a link."""
    (length, *_) = _HEADER.unpack_from(answer)
    data = answer[_HEADER.size + _INFO.size : length]
    while len(data) >= 4:
        size, kind = struct.unpack_from("=HH", data)
        if kind == _STATE:
            return data[4]
        data = data[_aligned(size) :]
    return 0


def _await_acknowledgements(kernel: socket.socket, requests: Sequence[Request]) -> None:
    answered = 0
    failure: OSError | None = None
    while answered < len(requests):
        data = kernel.recv(1 << 16)
        while data:
            length, kind, _, number, _ = _HEADER.unpack_from(data)
            if kind == _ERROR_MESSAGE:
                answered += 1
                (error,) = struct.unpack_from("=i", data, _HEADER.size)
                if error and failure is None:
                    failure = OSError(-error, f"{os.strerror(-error)}: {requests[int(number)].about}")
            data = data[_aligned(length) :]
    if failure is not None:
        raise failure


def _framed(request: Request, number: int) -> bytes:
    length = _HEADER.size + len(request.body)
    head = _HEADER.pack(length, request.kind, request.flags | _REQUEST | ACK, number, 0)
    return head + request.body + bytes(_aligned(length) - length)


def _aligned(length: int) -> int:
    return (length + 3) & ~3


def _attribute(kind: int, value: bytes) -> bytes:
    length = 4 + len(value)
    return struct.pack("=HH", length, kind) + value + bytes(_aligned(length) - length)


def _text(kind: int, value: str) -> bytes:
    return _attribute(kind, value.encode() + b"\0")


def _number(kind: int, value: int) -> bytes:
    return _attribute(kind, struct.pack("=I", value))


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def _family(packed: bytes) -> int:
    return socket.AF_INET if len(packed) == 4 else socket.AF_INET6
