"""Rules for connections from the pod: what is left alone by port, owner and destination; the rest goes to Envoy."""

from pillion.capture import ranges
from pillion.capture.config import Config
from pillion.capture.inbound import LOOPBACK_OUT, PASSTHROUGH_SOURCES, TCP, loopbacks
from pillion.capture.model import (
    ISTIO_IN_REDIRECT,
    ISTIO_OUTPUT,
    ISTIO_REDIRECT,
    OUTPUT,
    PREROUTING,
    RETURN,
    Address,
    Family,
    Interface,
    Jump,
    Match,
    Owner,
    Port,
    Protocol,
    Rule,
    Target,
)

TCP_PORT = Protocol(name="tcp", implied=True)
UDP_PORT = Protocol(name="udp", implied=True)
DNS_PORT = "53"

Networks = tuple[ranges.NetworkRange, ranges.NetworkRange]
"""Of IPv4 and of IPv6."""


def rules(config: Config) -> tuple[Rule, ...]:
    """Return the rules up to those for DNS: excluded ports, Envoy's own connections, owner groups."""
    uids = tuple(Owner(kind="uid", name=uid) for uid in ranges.split(config.proxy_uid))
    gids = tuple(Owner(kind="gid", name=gid) for gid in ranges.split(config.proxy_gid))
    return (
        Rule(table="nat", chain=OUTPUT, target=Jump(chain=ISTIO_OUTPUT)),
        *(
            _output(RETURN, protocol, Port(side="destination", ports=(port,), protocol=protocol.name))
            for port in ranges.split(config.outbound_ports_exclude)
            for protocol in (TCP_PORT, UDP_PORT)
        ),
        *(
            _output(RETURN, LOOPBACK_OUT, Address(side="source", cidr=cidr), family=family)
            for family, cidr in PASSTHROUGH_SOURCES
        ),
        *(rule for owner in uids for rule in _proxy(config, owner)),
        *(rule for owner in gids for rule in _proxy(config, owner)),
        *_owner_groups(config),
    )


def destinations(config: Config) -> tuple[Rule, ...]:
    """Return the rules after those for DNS: loopback, excluded networks, included ports and networks."""
    include = ranges.networks(config.outbound_ip_ranges_include)
    exclude = ranges.networks(config.outbound_ip_ranges_exclude)
    return (
        *(_output(RETURN, Address(side="destination", cidr=cidr), family=family) for family, cidr in loopbacks(config)),
        *(
            _output(RETURN, Address(side="destination", cidr=cidr), family=family)
            for family, networks in _by_family(exclude)
            for cidr in networks.cidrs
        ),
        *(
            _output(Jump(chain=ISTIO_REDIRECT), TCP_PORT, Port(side="destination", ports=(port,)))
            for port in ranges.split(config.outbound_ports_include)
        ),
        *_included(config, include),
    )


def _by_family(networks: Networks) -> tuple[tuple[Family, ranges.NetworkRange], ...]:
    return (4, networks[0]), (6, networks[1])


def _output(target: Target, *matches: Match, family: Family | None = None) -> Rule:
    return Rule(table="nat", chain=ISTIO_OUTPUT, matches=matches, target=target, family=family)


def _proxy(config: Config, owner: Owner) -> tuple[Rule, ...]:
    """Return the rules for one of the proxy's owners.

    An application that calls itself by its service's address goes through Envoy twice: the second leg leaves Envoy by
    loopback and is led to its inbound side. An application that calls itself by its own address is left alone. With DNS
    captured, TCP queries to a server on loopback must stay capturable, so port 53 makes an exception in both.
    """
    include = ranges.networks(config.outbound_ip_ranges_include)
    spared = (DNS_PORT,) if config.captures_dns and owner.kind == "uid" else ()
    tunnel = Port(side="destination", ports=(*spared, config.inbound_tunnel_port), negated=True)
    itself = tuple(
        _output(
            Jump(chain=ISTIO_IN_REDIRECT),
            LOOPBACK_OUT,
            Address(side="destination", cidr=cidr, negated=True),
            TCP,
            tunnel,
            owner,
            family=family,
        )
        for family, cidr in loopbacks(config)
    )
    own = _output(RETURN, owner)
    if include[0].has_loopback or include[1].has_loopback:
        return *itself, own
    other = Owner(kind=owner.kind, name=owner.name, negated=True)
    dns = (TCP, Port(side="destination", ports=(DNS_PORT,), negated=True)) if config.captures_dns else ()
    return *itself, _output(RETURN, LOOPBACK_OUT, *dns, other), own


def _owner_groups(config: Config) -> tuple[Rule, ...]:
    owners = ranges.owner_groups(config.owner_groups_include, config.owner_groups_exclude)
    if owners.excepted:
        return tuple(_output(RETURN, Owner(kind="gid", name=group)) for group in owners.groups)
    return (_output(RETURN, *(Owner(kind="gid", name=group, negated=True) for group in owners.groups)),)


def _included(config: Config, include: Networks) -> tuple[Rule, ...]:
    redirect = Jump(chain=ISTIO_REDIRECT)
    interfaces = tuple(Interface(direction="in", name=name) for name in ranges.split(config.kube_virt_interfaces))

    def from_machine(interface: Interface, *matches: Match, family: Family | None = None) -> Rule:
        return Rule(
            table="nat",
            chain=PREROUTING,
            matches=(interface, *matches),
            target=redirect,
            position=1,
            family=family,
        )

    if include[0].everything:
        return _output(redirect), *(from_machine(interface) for interface in interfaces)
    found: list[Rule] = []
    for family, networks in _by_family(include):
        for cidr in networks.cidrs:
            destination = Address(side="destination", cidr=cidr)
            found += (from_machine(interface, destination, family=family) for interface in interfaces)
            found.append(_output(redirect, destination, family=family))
    return tuple(found)
