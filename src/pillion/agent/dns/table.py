"""Names to addresses. What the control plane calls a service, an application's resolver may call by several names.

A Kubernetes service is known by its short name in its own namespace, by name and namespace, and with each further
piece of the domain. A resolver tries the search domains of resolv.conf first; so that the first try of any name is
enough, the name with the first search domain answers with an alias (CNAME) for it. Mirrors Istio's pkg/dns/client.
"""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from pillion.value import FrozenMap, Value

KUBERNETES = "Kubernetes"
QueryType = Literal["A", "AAAA"]


class NameInfo(Value, rename="camel"):
    """What the control plane says about a name (`NameTable.NameInfo`)."""

    ips: tuple[str, ...] = ()
    registry: str = ""
    shortname: str = ""
    namespace: str = ""
    alt_hosts: tuple[str, ...] = ()


class Place(Value):
    """Where the proxy is: what is near can be called by a shorter name."""

    namespace: str
    domain: str
    """The proxy's domain; the namespace at its front does not count."""
    search: tuple[str, ...] = ()
    """Search domains of resolv.conf."""

    @property
    def suffix(self) -> str:
        """The domain of services without a namespace: `svc.cluster.local`."""
        return self.domain.removeprefix(f"{self.namespace}.")


class Record(Value):
    """One resource record of an answer."""

    name: str
    type: Literal["A", "AAAA", "CNAME"]
    value: str


class LookupTable(Value):
    """All names, lower case, each with a dot at its end."""

    a: FrozenMap[tuple[str, ...]]
    aaaa: FrozenMap[tuple[str, ...]]
    aliases: FrozenMap[str]

    def __contains__(self, name: str) -> bool:
        return name in self.a or name in self.aaaa or name in self.aliases

    def lookup(self, query_type: QueryType, name: str) -> tuple[Record, ...] | None:
        """Return the records for a name; empty if it has none of that type, None if we do not know the name."""
        question = name.lower()
        found = next((candidate for candidate in _candidates(question) if candidate in self), None)
        if found is None:
            return None
        target = self.aliases.get(found)
        addresses = (self.a if query_type == "A" else self.aaaa).get(target or found, ())
        if not addresses:
            return ()
        if target is not None:
            alias = Record(name=question, type="CNAME", value=target)
            return alias, *(Record(name=target, type=query_type, value=address) for address in addresses)
        return tuple(Record(name=question, type=query_type, value=address) for address in addresses)


def build(names: Mapping[str, NameInfo], place: Place) -> LookupTable:
    """Return the table of everything that can be asked for; names without a usable address are left out."""
    four: dict[str, tuple[str, ...]] = {}
    six: dict[str, tuple[str, ...]] = {}
    aliases: dict[str, str] = {}
    for name, info in names.items():
        ips = tuple(_addresses(info.ips))
        if not ips:
            continue
        spelled = {spelling.lower() for spelling in spellings(name, info, place)}
        for spelling in spelled:
            if of_four := tuple(ip for ip in ips if ":" not in ip):
                four[spelling] = of_four
            if of_six := tuple(ip for ip in ips if ":" in ip):
                six[spelling] = of_six
            expanded = _expanded(spelling, place.search)
            if expanded and expanded not in spelled:
                aliases[expanded] = spelling
    known = four.keys() | six.keys()
    return LookupTable(
        a=FrozenMap(four),
        aaaa=FrozenMap(six),
        aliases=FrozenMap({alias: target for alias, target in aliases.items() if alias not in known}),
    )


def spellings(name: str, info: NameInfo, place: Place) -> tuple[str, ...]:
    """Return every name by which a service can be called from this place."""
    if info.registry != KUBERNETES:
        return (name if name.endswith(".") else f"{name}.",)
    if name.endswith("."):
        return ()
    full = f"{name}."
    suffix = place.suffix
    if not suffix or not name.endswith(suffix):
        return (full,)
    near = f"{info.shortname}.{info.namespace}"
    short = (f"{info.shortname}.",) if info.namespace == place.namespace else ()
    more = (f"{host}." for host in info.alt_hosts)
    return full, f"{near}.", *short, f"{near}.{suffix.partition('.')[0]}.", *more


def _addresses(ips: Iterable[str]) -> Iterator[str]:
    for ip in ips:
        try:
            yield str(ipaddress.ip_address(ip))
        except ValueError:
            continue


def _expanded(name: str, search: tuple[str, ...]) -> str:
    """Return the name as a resolver asks for it first, or empty."""
    first = search[0].rstrip(".").lower() if search else ""
    return f"{name}{first}." if first and not name.endswith(f"{first}.") else ""


def _candidates(name: str) -> Iterator[str]:
    """Yield the name and the wildcards that cover it, the narrowest first."""
    yield name
    labels = name.rstrip(".").split(".")
    for index in range(1, len(labels)):
        yield f"*.{'.'.join(labels[index:])}."
