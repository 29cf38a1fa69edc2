"""VirtualServices of which nothing counts: others, which come first, have all their hosts.

Mirrors what `BuildSidecarVirtualHostWrapper` and its caller make of two for one host: the first has it alone. Which is
first, and which are there at all, depends on who asks.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from pillion.ir.memo import Memo
from pillion.ir.outbound.routing.hosts import rivalry
from pillion.ir.outbound.routing.tables import TableInputs
from pillion.resources.host import is_wildcard
from pillion.resources.istio.virtual_service import VirtualService
from pillion.resources.meta import Ref, ref_of
from pillion.scope.model import SidecarScope
from pillion.value import Diagnostic, Diagnostics, Where


def shadowed(inputs: Iterable[TableInputs], scope: SidecarScope, memo: Memo) -> Diagnostics:
    """Tell which VirtualServices have no name in any route table, because others have all of theirs."""
    suspects = {str(ref_of(rule)): rule for each in scope.egress for rule in _late(each.virtual_services)}
    if not suspects:
        return ()
    hosts = {host.lower() for rule in suspects.values() for host in rule.spec.hosts}
    heard: set[str] = set()
    lost: dict[str, dict[Ref, None]] = {}
    for table in inputs:
        if table.hosts is None:
            continue
        # only those that may meet, so that a change of another one leaves what was found
        rivals = tuple(rule for rule in table.hosts.virtual_services if _may_have(rule, hosts))
        found = memo(rivalry, replace(table.hosts, virtual_services=rivals), memo)
        heard.update(map(str, found.heard))
        for name, takers in found.shadowed.items():
            lost.setdefault(name, {}).update(dict.fromkeys(takers))
    return tuple(_never_counts(name, tuple(lost[name])) for name in sorted(lost.keys() & suspects.keys() - heard))


def _late(rules: Iterable[VirtualService]) -> list[VirtualService]:
    """Give those that name no host that none before them named; streams are matched otherwise, and may still count."""
    named: set[str] = set()
    found: list[VirtualService] = []
    for rule in rules:
        hosts = {host.lower() for host in rule.spec.hosts}
        if hosts <= named and not rule.spec.tls and not rule.spec.tcp:
            found.append(rule)
        if rule.spec.http:
            named |= hosts
    return found


def _may_have(rule: VirtualService, hosts: set[str]) -> bool:
    return any(is_wildcard(host) or host.lower() in hosts for host in rule.spec.hosts)


def _never_counts(name: str, takers: tuple[Ref, ...]) -> Diagnostic:
    whose = " and ".join(f"{each.namespace}/{each.name}" for each in takers)
    come = "comes" if len(takers) == 1 else "come"
    return Diagnostic(
        code="virtual-service-shadowed",
        severity="warning",
        message=f"all its hosts are taken by {whose}, which {come} first: routes for a host are not merged, "
        "and its own count for no request from here",
        where=Where(resource=name, path=("spec", "hosts")),
        hint="put its routes into the one that counts, or give it another host",
    )
