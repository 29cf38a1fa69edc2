"""The hosts of an egress listener, taken apart: `namespace/name`, with `.`, `*` and `~`.

Mirrors Istio's `hostClassification`. Since Istio 1.31 a namespace that starts with `~` excludes: `~/*` beside other
hosts leaves nothing, because it excludes `*` of every namespace.
"""

from collections.abc import Iterable

from pillion.resources.host import is_subset_of, is_wildcard, overlaps
from pillion.value import FrozenMap, Value

ANY_NAMESPACE = "*"
EVERY_HOST = "*"
OWN_NAMESPACE = "."
EXCLUDE = "~"


class ImportedHosts(Value):
    """What one namespace part of a listener's hosts imports and excludes."""

    exact: frozenset[str] = frozenset()
    every: tuple[str, ...] = ()
    """All imported names, exact and wildcard, as written."""
    excluded: tuple[str, ...] = ()
    wild: tuple[str, ...] = ()
    """Those of `every` that are wildcards."""

    def imports_service(self, hostname: str) -> bool:
        """Return whether a service of that host is meant: an exact name, or a wildcard that covers it."""
        if EVERY_HOST in self.wild or hostname in self.exact:
            return True
        return any(is_subset_of(hostname, name) for name in self.wild)

    def imports_rule(self, hostname: str) -> bool:
        """Return whether a VirtualService for that host is meant: here either side may be the wildcard."""
        if hostname in self.exact:
            return True
        wild = is_wildcard(hostname)
        return any((wild or is_wildcard(name)) and overlaps(hostname, name) for name in self.every)

    def excludes(self, hostname: str) -> bool:
        """Return whether an entry with `~` takes that host away."""
        return any(is_subset_of(hostname, name) for name in self.excluded)


HostsByNamespace = FrozenMap[ImportedHosts]
NOTHING = ImportedHosts()


def classify(hosts: Iterable[str], namespace: str) -> HostsByNamespace:
    """Sort a listener's hosts by the namespace they name; `.` is `namespace`. Malformed entries are left out."""
    every: dict[str, list[str]] = {}
    excluded: dict[str, list[str]] = {}
    for host in hosts:
        if host.count("/") != 1:
            continue
        scope, name = host.split("/")
        target = every
        if scope.startswith(EXCLUDE):
            scope = scope.removeprefix(EXCLUDE) or ANY_NAMESPACE
            target = excluded
        if scope == OWN_NAMESPACE:
            scope = namespace
        target.setdefault(scope, []).append(name)
    return FrozenMap(
        {
            scope: ImportedHosts(
                exact=frozenset(name for name in every.get(scope, ()) if not is_wildcard(name)),
                every=tuple(every.get(scope, ())),
                excluded=tuple(excluded.get(scope, ())),
                wild=tuple(name for name in every.get(scope, ()) if is_wildcard(name)),
            )
            for scope in every.keys() | excluded.keys()
        }
    )


def named_namespaces(hosts: HostsByNamespace) -> frozenset[str] | None:
    """Give the namespaces that a listener can import rules from; None when it may be any."""
    importing = {scope for scope, imported in hosts.items() if imported.every}
    return None if ANY_NAMESPACE in importing else frozenset(importing)


def named_hosts(hosts: HostsByNamespace) -> frozenset[str] | None:
    """Give the exact hosts that a listener imports wherever they live; None when any host might be meant."""
    anywhere = hosts.get(ANY_NAMESPACE, NOTHING)
    return None if anywhere.wild else anywhere.exact


def is_excluded(hosts: HostsByNamespace, namespace: str, hostname: str) -> bool:
    """Return whether an entry with `~`, for that namespace or for all, takes the host away."""
    return hosts.get(namespace, NOTHING).excludes(hostname) or hosts.get(ANY_NAMESPACE, NOTHING).excludes(hostname)
