"""The facts of this machine that a capture needs: addresses, name servers, ids of users and groups.

Read from the kernel without other programs: an init container runs this once per pod, and time counts.
"""

import fcntl
import grp
import ipaddress
import os
import pwd
import socket
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

from pillion.capture.config import PROXY_UID, MachineFacts
from pillion.value import FrozenMap

RESOLV_CONF = Path("/etc/resolv.conf")
SIOCGIFADDR = 0x8915
CLONE_NEWNET = 0x40000000


def facts(environment: Mapping[str, str]) -> MachineFacts:
    """Gather the facts in the network namespace of the caller."""
    return MachineFacts(
        addresses=addresses(),
        nameservers=nameservers(RESOLV_CONF.read_text() if RESOLV_CONF.exists() else ""),
        proxy_uid=_proxy_uid(environment.get("ENVOY_USER") or "istio-proxy"),
    )


def addresses() -> tuple[str, ...]:
    """Return the addresses of the interfaces, IPv4 first, without loopback and link-local ones."""
    return (*_ipv4_addresses(), *_ipv6_addresses())


def nameservers(resolv_conf: str) -> tuple[str, ...]:
    """Return the addresses of the name servers that resolv.conf's text names."""
    words = (line.split() for line in resolv_conf.splitlines())
    return tuple(pair[1].partition("%")[0] for pair in words if len(pair) > 1 and pair[0] == "nameserver")


def search_domains(resolv_conf: str) -> tuple[str, ...]:
    """Return the search domains that resolv.conf's text names; its last word on that counts."""
    words = (line.split() for line in resolv_conf.splitlines())
    found = [tuple(each[1:]) for each in words if each and each[0] in {"search", "domain"}]
    return found[-1] if found else ()


def group_ids(groups: Iterable[str]) -> FrozenMap[str]:
    """Return the numeric ids of the groups that are given by name; unknown names are left out."""
    found: dict[str, str] = {}
    for name in groups:
        try:
            found[name] = str(grp.getgrnam(name).gr_gid)
        except KeyError:
            continue
    return FrozenMap(found)


def enter_network_namespace(path: str) -> None:
    """Move this process into the network namespace at `path`.

    Raises:
        OSError: there is no such namespace, or we may not enter it.
    """
    import ctypes  # noqa: PLC0415 Python 3.11 has no setns, and few ever need it

    library = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if library.setns(descriptor, CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), path)
    finally:
        os.close(descriptor)


def _proxy_uid(user: str) -> str:
    try:
        return str(pwd.getpwnam(user).pw_uid)
    except KeyError:
        return PROXY_UID


def _ipv4_addresses() -> tuple[str, ...]:
    found: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _, name in socket.if_nameindex():
            request = struct.pack("256s", name.encode()[:15])
            try:
                answer = fcntl.ioctl(sock.fileno(), SIOCGIFADDR, request)
            except OSError:  # an interface without an IPv4 address
                continue
            found.append(socket.inet_ntoa(answer[20:24]))
    return _global(found)


def _ipv6_addresses() -> tuple[str, ...]:
    table = Path("/proc/net/if_inet6")
    rows = [line.split() for line in table.read_text().splitlines()] if table.exists() else []
    ordered = sorted(rows, key=lambda row: int(row[1], 16))
    return _global(str(ipaddress.IPv6Address(int(row[0], 16))) for row in ordered)


def _global(addresses: Iterable[str]) -> tuple[str, ...]:
    parsed = (ipaddress.ip_address(address) for address in addresses)
    return tuple(str(address) for address in parsed if not (address.is_loopback or address.is_link_local))
