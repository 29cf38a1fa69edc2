"""How a pod is connected: a veth whose other end is the fabric, static neighbours on both sides, a default route.

Nobody owns the gateway's address: the pod is told its hardware address, so no packet is spent on asking, and the first
request of a pod is as quick as any.
"""

import socket
from collections.abc import Sequence
from ipaddress import ip_address, ip_interface

from pillion.local.fabric import netlink
from pillion.local.fabric.model import FabricSettings, family_of
from pillion.local.fabric.namespace import sysctl

FABRIC_MAC = "ee:ee:ee:ee:ee:ee"
GATEWAYS = {4: "169.254.1.1", 6: "fe80::1"}
_ANYWHERE = {4: ip_interface("0.0.0.0/0"), 6: ip_interface("::/0")}


def prepare(settings: FabricSettings) -> None:
    """Set up the fabric's own namespace, from inside."""
    for key, value in _FABRIC_PARAMETERS.items():
        sysctl(key, value)
    lo = socket.if_nametoindex("lo")
    requests = [netlink.link_up(lo)]
    for family in settings.families:
        requests += [
            netlink.address(lo, ip_interface(settings.node_address(family))),
            netlink.route(lo if family == 6 else 0, _ANYWHERE[family], kind=netlink.UNREACHABLE),
        ]
    netlink.send(requests + [answer_for(cidr) for cidr in settings.service_cidrs])


def answer_for(cidr: str) -> netlink.Request:
    """Make every address of a network one of the fabric's own: what no rule takes away is refused by its kernel."""
    return netlink.route(socket.if_nametoindex("lo"), ip_interface(cidr), kind=netlink.LOCAL)


def stop_answering_for(cidr: str) -> netlink.Request:
    """Take back `answer_for`."""
    return netlink.route_delete(socket.if_nametoindex("lo"), ip_interface(cidr), netlink.LOCAL)


def plug_in(link: str, pod: str, addresses: Sequence[str], pid: int) -> None:
    """Make a pod's veth and the routes to it, from inside the fabric."""
    mac = pod_mac(addresses[0])
    netlink.send([netlink.veth(link, FABRIC_MAC, pod, ("eth0", mac, pid))])
    index = socket.if_nametoindex(link)
    requests: list[netlink.Request] = []
    for address in addresses:
        requests += [
            netlink.route(index, ip_interface(address)),
            netlink.neighbour(index, address, mac),
        ]
    netlink.send(requests)


def bring_up(addresses: Sequence[str]) -> None:
    """Set up the pod's side, from inside its network namespace."""
    for key, value in _POD_PARAMETERS.items():
        sysctl(key, value)
    eth0 = socket.if_nametoindex("eth0")
    requests = [netlink.link_up(socket.if_nametoindex("lo")), netlink.link_up(eth0)]
    for address in addresses:
        family = family_of(address)
        requests += [
            netlink.address(eth0, ip_interface(address)),
            netlink.neighbour(eth0, GATEWAYS[family], FABRIC_MAC),
            netlink.route(eth0, _ANYWHERE[family], gateway=GATEWAYS[family]),
        ]
    netlink.send(requests)
    netlink.await_up(eth0)


def await_passage(link: str) -> None:
    """Wait until the fabric's end of a veth passes packets, once the pod's end is up."""
    netlink.await_up(socket.if_nametoindex(link))


def unplug(link: str) -> None:
    """Delete a pod's veth, from inside the fabric; it may be gone already, with the pod's namespace."""
    try:
        netlink.send([netlink.link_delete(link)])
    except OSError as gone:
        if gone.errno != 19:  # ENODEV
            raise


def pod_mac(address: str) -> str:
    """Return a hardware address made from the pod's first IP address, locally administered."""
    return ":".join(f"{byte:02x}" for byte in b"\x0a\x58" + ip_address(address).packed[-4:])


_FABRIC_PARAMETERS = {
    "net.ipv4.conf.all.rp_filter": 0,  # a new namespace inherits the host's
    "net.ipv4.conf.default.rp_filter": 0,
    "net.ipv4.conf.all.send_redirects": 0,  # a pod that calls itself goes out by the link that it came in by
    "net.ipv4.conf.default.send_redirects": 0,
    "net.ipv4.icmp_ratelimit": 0,  # "unreachable" is an answer: it must not wait
    "net.ipv4.ip_forward": 1,
    "net.ipv6.conf.default.accept_dad": 0,
    "net.ipv6.conf.default.accept_ra": 0,
    "net.ipv6.conf.all.forwarding": 1,
    "net.ipv6.icmp.ratelimit": 0,
    "net.netfilter.nf_conntrack_tcp_be_liberal": 1,  # a late packet must not break a translated connection
    "net.netfilter.nf_conntrack_tcp_timeout_time_wait": 10,
}
_POD_PARAMETERS = {
    "net.ipv4.conf.all.accept_redirects": 0,
    "net.ipv4.ip_unprivileged_port_start": 0,  # as container runtimes do: port 80 needs no root in a pod
    "net.ipv6.conf.all.accept_dad": 0,
    "net.ipv6.conf.default.accept_dad": 0,
    "net.ipv6.conf.default.accept_ra": 0,
}
