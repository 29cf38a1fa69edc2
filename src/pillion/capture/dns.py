"""Rules for DNS queries: to the agent's port 15053, with UDP in connection tracking zones of their own.

Without zones, the query of an application and the query that the agent sends on for it could be taken for one
connection. Zone 1 is between the agent and the real servers, zone 2 between the application and the agent.
"""

from pillion.capture import ranges
from pillion.capture.config import Config
from pillion.capture.model import (
    ISTIO_INBOUND,
    ISTIO_OUTPUT,
    ISTIO_OUTPUT_DNS,
    OUTPUT,
    PREROUTING,
    Address,
    ConnectionZone,
    Family,
    Jump,
    Match,
    Owner,
    Port,
    Protocol,
    Redirect,
    Rule,
    Table,
)
from pillion.capture.outbound import DNS_PORT, UDP_PORT

AGENT_PORT = "15053"
UPSTREAM_ZONE = ConnectionZone(zone="1")
CLIENT_ZONE = ConnectionZone(zone="2")
HOST_PREFIX: dict[Family, str] = {4: "/32", 6: "/128"}


def rules(config: Config) -> tuple[Rule, ...]:
    """Return the rules that capture DNS; none when it is not captured."""
    if not config.captures_dns:
        return ()
    families = _families(config)
    return (
        _jump("raw", OUTPUT, ISTIO_OUTPUT_DNS),
        *(_jump("nat", ISTIO_OUTPUT, ISTIO_OUTPUT_DNS, family) for family in families),
        *_redirects(config, Protocol(name="tcp", implied=not config.capture_all_dns)),
        *_redirects(config, UDP_PORT),
        *_proxy_zones(config),
        *_client_zones(config),
    )


def _families(config: Config) -> tuple[Family | None, ...]:
    if config.capture_all_dns:
        return (None,)
    return (*((4,) if config.dns_servers_v4 else ()), *((6,) if config.dns_servers_v6 else ()))


def _jump(table: Table, chain: str, target: str, family: Family | None = None) -> Rule:
    return Rule(table=table, chain=chain, target=Jump(chain=target), family=family)


def _servers(config: Config) -> tuple[tuple[Family, str], ...]:
    return (
        *((4, server + HOST_PREFIX[4]) for server in config.dns_servers_v4),
        *((6, server + HOST_PREFIX[6]) for server in config.dns_servers_v6),
    )


def _redirects(config: Config, protocol: Protocol) -> tuple[Rule, ...]:
    def rule(*address: Match, family: Family | None = None) -> Rule:
        return Rule(
            table="nat",
            chain=ISTIO_OUTPUT_DNS,
            matches=(protocol, Port(side="destination", ports=(DNS_PORT,), protocol=protocol.name), *address),
            target=Redirect(port=AGENT_PORT, protocol=protocol.name),
            family=family,
        )

    if config.capture_all_dns:
        return (rule(),)
    return tuple(rule(Address(side="destination", cidr=cidr), family=family) for family, cidr in _servers(config))


def _proxy_zones(config: Config) -> tuple[Rule, ...]:
    owners = (
        *(Owner(kind="uid", name=uid) for uid in ranges.split(config.proxy_uid)),
        *(Owner(kind="gid", name=gid) for gid in ranges.split(config.proxy_gid)),
    )
    to_server = Port(side="destination", ports=(DNS_PORT,), protocol="udp")
    to_client = Port(side="source", ports=(AGENT_PORT,), protocol="udp")
    return tuple(
        Rule(table="raw", chain=ISTIO_OUTPUT_DNS, matches=(UDP_PORT, port, owner), target=zone)
        for owner in owners
        for port, zone in ((to_server, UPSTREAM_ZONE), (to_client, CLIENT_ZONE))
    )


def _client_zones(config: Config) -> tuple[Rule, ...]:
    query = (UDP_PORT, Port(side="destination", ports=(DNS_PORT,), protocol="udp"))
    answer = (UDP_PORT, Port(side="source", ports=(DNS_PORT,), protocol="udp"))
    if config.capture_all_dns:
        return (
            _jump("raw", PREROUTING, ISTIO_INBOUND),
            Rule(table="raw", chain=ISTIO_OUTPUT_DNS, matches=query, target=CLIENT_ZONE),
            Rule(table="raw", chain=ISTIO_INBOUND, matches=answer, target=UPSTREAM_ZONE),
        )
    found = [_jump("raw", PREROUTING, ISTIO_INBOUND, family) for family in _families(config)]
    for family, cidr in _servers(config):
        to_server = (*query, Address(side="destination", cidr=cidr))
        from_server = (*answer, Address(side="source", cidr=cidr))
        found += (
            Rule(table="raw", chain=ISTIO_OUTPUT_DNS, matches=to_server, target=CLIENT_ZONE, family=family),
            Rule(table="raw", chain=ISTIO_INBOUND, matches=from_server, target=UPSTREAM_ZONE, family=family),
        )
    return tuple(found)
