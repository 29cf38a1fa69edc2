"""Ports for programs that must be told theirs before they take it."""

import contextlib
import random
import socket
from pathlib import Path

LOWEST = 20_000
ANY = random.SystemRandom()
"""Of its own: a test run that repeats an order must not repeat the ports of another run beside it."""


def free_ports(count: int) -> list[int]:
    """Find ports that nobody uses, all different.

    They lie below those that the system hands out by itself: nothing that connects or asks for any port takes one of
    them before its program does, nor while that is stopped (a caller that tries again and again would otherwise end up
    connected to itself).
    """
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    with contextlib.ExitStack() as held:
        found: list[int] = []
        while len(found) < count:
            with contextlib.suppress(OSError):
                taken = socket.create_server(("127.0.0.1", ANY.randrange(min(LOWEST, first - 5000), first)))
                found.append(held.enter_context(taken).getsockname()[1])
        return found
