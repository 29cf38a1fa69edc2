"""Services as `nat` rules, and the difference of two rule sets as one `iptables-restore` transaction.

As kube-proxy does in its iptables mode: a chain per Service port that picks an endpoint at random, reached by one rule
per cluster IP. Only a port that has an endpoint has rules: the fabric refuses all others by itself. A translated
connection is remembered by the kernel, so changed rules touch new connections only.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_address, ip_network

from pillion.local.fabric.model import ClusterService, FabricSettings, Family, ServicePort, family_of
from pillion.value import FrozenMap, Value

SERVICES, HAIRPIN = "PILLION-SERVICES", "PILLION-HAIRPIN"
NO_RULES: FrozenMap[tuple[str, ...]] = FrozenMap()

Chains = FrozenMap[tuple[str, ...]]
"""Rules by chain, each without its `-A CHAIN`."""


class Transaction(Value):
    """A text for `iptables-restore --noflush`, of one IP family."""

    family: Family
    text: str


def chains(services: Sequence[ClusterService], settings: FabricSettings, family: Family) -> Chains:
    """Return the rules of one IP family, in the order of the services' names."""
    made: dict[str, tuple[str, ...]] = {}
    entries: list[str] = []
    callers: set[str] = set()
    # most services of a large mesh have no endpoints here: they must cost nothing
    with_targets = [service for service in services if any(port.targets for port in service.ports)]
    for service in sorted(with_targets, key=lambda one: (one.namespace, one.name)):
        for address in _translated(service, settings, family):
            for port in service.ports:
                targets = _targets(port, family)
                if not targets:
                    continue
                chain = chain_name(service, port, family)
                made[chain] = tuple(_spread(port.protocol.lower(), targets))
                entries.append(_entry(service, address, port, chain))
                callers.update(target for target, _ in targets)
    node = settings.node_address(family)
    hairpins = (f"-s {pod} -d {pod} -j SNAT --to-source {node}" for pod in sorted(callers))
    return FrozenMap({**made, SERVICES: tuple(entries), HAIRPIN: tuple(hairpins)})


def transaction(before: Chains, after: Chains, family: Family) -> Transaction | None:
    """Return what turns one rule set into another, all at once; nothing if they are equal."""
    if before == after:
        return None
    lines = ["*nat"]
    changed = [chain for chain, rules in after.items() if before.get(chain) != rules]
    gone = [chain for chain in before if chain not in after]
    lines += [f":{chain} - [0:0]" for chain in changed + gone]
    lines += [] if before else _HOOKS
    lines += [f"-A {chain} {rule}" for chain in changed for rule in after[chain]]
    lines += [f"-X {chain}" for chain in gone]
    return Transaction(family=family, text="\n".join([*lines, "COMMIT", ""]))


def addresses_beyond(used: Iterable[str], cidrs: Sequence[str]) -> frozenset[str]:
    """Return the cluster IPs that none of the fabric's networks holds, such as those of a dump of another cluster."""
    networks = [ip_network(cidr) for cidr in cidrs]
    return frozenset(one for one in used if not any(ip_address(one) in network for network in networks))


def chain_name(service: ClusterService, port: ServicePort, family: Family) -> str:
    """Return the name of a Service port's chain: short enough for the kernel, the same at every start."""
    key = f"{service.namespace}/{service.name}/{port.protocol}/{port.port}/{family}"
    return "PILLION-SVC-" + hashlib.sha256(key.encode()).hexdigest()[:15].upper()


def _translated(service: ClusterService, settings: FabricSettings, family: Family) -> Iterator[str]:
    if not service.headless:
        yield from (a for a in service.cluster_ips if family_of(a) == family and a != settings.dns_address)


def _targets(port: ServicePort, family: Family) -> tuple[tuple[str, int], ...]:
    return tuple(sorted({target for target in port.targets if family_of(target[0]) == family}))


def _entry(service: ClusterService, address: str, port: ServicePort, chain: str) -> str:
    protocol = port.protocol.lower()
    label = f"{service.namespace}/{service.name}" + (f":{port.name}" if port.name else "")
    return f'-d {address} -p {protocol} -m {protocol} --dport {port.port} -m comment --comment "{label}" -j {chain}'


def _spread(protocol: str, targets: tuple[tuple[str, int], ...]) -> Iterator[str]:
    for left, (address, port) in zip(range(len(targets), 0, -1), targets, strict=True):
        chance = f"-m statistic --mode random --probability {1 / left:.10f} " if left > 1 else ""
        host = f"[{address}]" if ":" in address else address
        yield f"-p {protocol} {chance}-j DNAT --to-destination {host}:{port}"


_HOOKS = [
    f"-A PREROUTING -j {SERVICES}",
    f"-A OUTPUT -j {SERVICES}",
    # the match keeps the kernel tracking: with no rule left that needs it, established connections would break
    f"-A POSTROUTING -m conntrack --ctstate DNAT -j {HAIRPIN}",
]
