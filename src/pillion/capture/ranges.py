"""The lists of istio-iptables' settings: comma separated ports, CIDRs and groups, with `*` for all."""

import ipaddress

from pillion.value import Value

WILDCARD = "*"


class NetworkRange(Value):
    """The networks of one IP family that a setting names."""

    everything: bool = False
    cidrs: tuple[str, ...] = ()
    """In the spelling of the user, in order."""
    has_loopback: bool = False


class OwnerGroups(Value):
    """Whose outgoing connections are captured: all groups but some, or some groups only."""

    groups: tuple[str, ...] = ()
    excepted: bool = True
    """True: all but `groups`. False: only `groups`."""


def split(text: str) -> tuple[str, ...]:
    """Split a comma separated list; empty items fall out."""
    return tuple(item for item in text.split(",") if item)


def networks(text: str) -> tuple[NetworkRange, NetworkRange]:
    """Return the IPv4 and the IPv6 networks of a list of CIDRs; `*` is everything in both.

    Raises:
        ValueError: an item is no CIDR; `config.decode` has refused such text before.
    """
    if text == WILDCARD:
        return NetworkRange(everything=True), NetworkRange(everything=True)
    four: list[str] = []
    six: list[str] = []
    loopback = {4: False, 6: False}
    for item in split(text):
        interface = ipaddress.ip_interface(item)
        (four if interface.version == 4 else six).append(item)
        loopback[interface.version] |= interface.ip.is_loopback
    return (
        NetworkRange(cidrs=tuple(four), has_loopback=loopback[4]),
        NetworkRange(cidrs=tuple(six), has_loopback=loopback[6]),
    )


def owner_groups(include: str, exclude: str) -> OwnerGroups:
    """Return whose connections are captured; `exclude` counts only where `include` is `*`, as in Istio."""
    if include == WILDCARD:
        return OwnerGroups(groups=split(exclude), excepted=True)
    return OwnerGroups(groups=split(include), excepted=False)
