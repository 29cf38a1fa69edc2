"""The cluster's DNS answers, from the services as they are: what CoreDNS answers in a cluster, without a wire in sight.

Names are taken apart when they are asked for, so that a change of endpoints builds nothing. The schema is Kubernetes'
"DNS-Based Service Discovery": `<service>.<ns>.svc.<domain>`, `<host>.<service>.<ns>.svc.<domain>` and
`_<port>._<protocol>.<service>.<ns>.svc.<domain>` of Services, `<a-b-c-d>.<ns>.pod.<domain>`, and PTR of both.
"""

from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from typing import Literal, final

from pillion.local.fabric.model import ClusterService, HostRecord, Member, ServicePort, family_of
from pillion.value import Value

RecordType = Literal["A", "AAAA", "CNAME", "SRV", "PTR", "TXT"]


class Record(Value):
    """A DNS record. Names are in lower case and end without a dot."""

    name: str
    type: RecordType
    data: str
    """The address, name or text."""
    port: int = 0
    """SRV only."""
    weight: int = 0
    """SRV only."""


class Answer(Value):
    """What is known of a name: records, or none, or that there is no such name, or that it is not the cluster's."""

    records: tuple[Record, ...] = ()
    additional: tuple[Record, ...] = ()
    exists: bool = True
    ours: bool = True
    """Whether the name is the cluster's to answer."""


NOTHING = Answer()
NO_SUCH_NAME = Answer(exists=False)
ELSEWHERE = Answer(exists=False, ours=False)
_LONGEST_ALIAS_CHAIN = 8


@final
class Zone:
    """The names of one state of the mesh. It is replaced, never changed."""

    def __init__(
        self, services: Sequence[ClusterService] = (), hosts: Sequence[HostRecord] = (), domain: str = "cluster.local"
    ) -> None:
        self.domain = domain
        self._services = {(service.namespace, service.name): service for service in services}
        self._namespaces = frozenset(service.namespace for service in services)
        self._hosts = {host.host.lower(): host.addresses for host in hosts}
        self._pointers: dict[str, tuple[str, ...]] | None = None

    def answer(self, name: str, kind: str) -> Answer:
        """Answer a question. `name` may be in any case and may end with a dot; `kind` is `A`, `SRV` and so on."""
        name = name.rstrip(".").lower()
        found = self._find(name, kind)
        alias = next((record.data for record in found.records if record.type == "CNAME"), None)
        seen = 0
        while alias and kind in {"A", "AAAA"} and seen < _LONGEST_ALIAS_CHAIN:
            further = self._find(alias, kind)
            found = Answer(records=found.records + further.records)
            alias = next((record.data for record in further.records if record.type == "CNAME"), None)
            seen += 1
        return found

    def _find(self, name: str, kind: str) -> Answer:
        if name.endswith((".in-addr.arpa", ".ip6.arpa")):
            return self._pointer(name, kind)
        labels = _below(name, self.domain)
        if labels is None:
            return self._host(name, kind)
        match labels:
            case [] | ["svc"] | ["pod"]:
                return NOTHING
            case ["dns-version"]:
                return _only(kind, [Record(name=name, type="TXT", data="1.1.0")])
            case [*rest, "svc"]:
                found = self._in_services(name, rest, kind)
            case [*rest, "pod"]:
                found = _pod(name, rest, kind)
            case _:
                found = NO_SUCH_NAME
        return found if found.exists or name not in self._hosts else self._host(name, kind)

    def _in_services(self, name: str, labels: list[str], kind: str) -> Answer:
        namespace = labels[-1]
        if len(labels) == 1:
            return NOTHING if namespace in self._namespaces else NO_SUCH_NAME
        service = self._services.get((namespace, labels[-2]))
        if service is None:
            return NO_SUCH_NAME
        match labels[:-2]:
            case []:
                return self._service(name, service, kind)
            case [port, protocol] if port.startswith("_") and protocol.startswith("_"):
                return self._srv(name, service, (port[1:], protocol[1:]), kind)
            case [host] if service.headless and not host.startswith("_"):
                members = [member for member in service.members if host_of(member) == host]
                return (
                    _only(kind, _address_records(name, [member.address for member in members]))
                    if members
                    else NO_SUCH_NAME
                )
            case [protocol] if protocol in {f"_{port.protocol.lower()}" for port in service.ports}:
                return NOTHING
            case _:
                return NO_SUCH_NAME

    def _service(self, name: str, service: ClusterService, kind: str) -> Answer:
        if service.external_name:
            target = service.external_name.rstrip(".").lower()
            if _is_address(target):
                return _only(kind, _address_records(name, [target]))
            return Answer(records=(Record(name=name, type="CNAME", data=target),))
        if kind == "SRV" and service.ports:
            return self._srv(name, service, ("", ""), kind)
        if service.headless:
            records = _address_records(name, [member.address for member in service.members])
            return _only(kind, records) if records else NO_SUCH_NAME
        return _only(kind, _address_records(name, service.cluster_ips))

    def _srv(self, name: str, service: ClusterService, wanted: tuple[str, str], kind: str) -> Answer:
        ports = [port for port in service.ports if wanted in {(port.name, port.protocol.lower()), ("", "")}]
        if not ports or service.external_name:
            return NO_SUCH_NAME
        if kind != "SRV":
            return NOTHING
        targets = [target for port in ports for target in self._srv_targets(service, port)]
        if not targets:
            return NO_SUCH_NAME
        weight = max(100 // len(targets), 1)
        records = [Record(name=name, type="SRV", data=host, port=port, weight=weight) for host, port, _ in targets]
        further = {record: None for host, _, addresses in targets for record in _address_records(host, addresses)}
        return Answer(records=tuple(records), additional=tuple(further))

    def _srv_targets(self, service: ClusterService, port: ServicePort) -> Iterator[tuple[str, int, tuple[str, ...]]]:
        base = self.name_of(service)
        if not service.headless:
            yield base, port.port, service.cluster_ips
            return
        numbers = dict(port.targets)
        for member in service.members:
            yield f"{host_of(member)}.{base}", numbers.get(member.address, port.port), (member.address,)

    def _host(self, name: str, kind: str) -> Answer:
        addresses = self._hosts.get(name)
        suffix = name
        while addresses is None and "." in suffix:
            suffix = suffix.split(".", 1)[1]
            addresses = self._hosts.get(f"*.{suffix}")
        return ELSEWHERE if addresses is None else _only(kind, _address_records(name, addresses))

    def _pointer(self, name: str, kind: str) -> Answer:
        if self._pointers is None:
            self._pointers = self._all_pointers()
        names = self._pointers.get(name)
        if names is None:
            return ELSEWHERE
        return _only(kind, [Record(name=name, type="PTR", data=target) for target in names])

    def _all_pointers(self) -> dict[str, tuple[str, ...]]:
        pointers: dict[str, tuple[str, ...]] = {}
        for service in self._services.values():
            base = self.name_of(service)
            if service.headless:
                for member in service.members:
                    reverse = ip_address(member.address).reverse_pointer
                    pointers[reverse] = (*pointers.get(reverse, ()), f"{host_of(member)}.{base}")
            else:
                pointers |= {ip_address(address).reverse_pointer: (base,) for address in service.cluster_ips}
        return pointers

    def name_of(self, service: ClusterService) -> str:
        """Return a service's full name, without a dot at its end."""
        return f"{service.name}.{service.namespace}.svc.{self.domain}"


def host_of(member: Member) -> str:
    """Return an endpoint's first label: its host name, or one made from its address."""
    return member.hostname.lower() or member.address.replace(".", "-").replace(":", "-")


def _pod(name: str, labels: list[str], kind: str) -> Answer:
    match labels:
        case [_]:
            return NOTHING
        case [dashed, _]:
            for separator in (".", ":"):
                address = dashed.replace("-", separator)
                if _is_address(address):
                    return _only(kind, _address_records(name, [address]))
            return NO_SUCH_NAME
        case _:
            return NO_SUCH_NAME


def _below(name: str, domain: str) -> list[str] | None:
    if name == domain:
        return []
    return name.removesuffix(f".{domain}").split(".") if name.endswith(f".{domain}") else None


def _only(kind: str, records: Sequence[Record]) -> Answer:
    return Answer(records=tuple(record for record in records if kind in {record.type, "ANY"}))


def _address_records(name: str, addresses: Sequence[str]) -> list[Record]:
    return [Record(name=name, type="A" if family_of(one) == 4 else "AAAA", data=one) for one in addresses]


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
