"""What a name stands for, as the resolver of a pod would say: search domains first, then the name itself."""

from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Final

from pillion.mesh.service import Service
from pillion.mesh.snapshot import MeshSnapshot
from pillion.resources.host import is_subset_of, is_wildcard
from pillion.value import Value

SOME_ADDRESS: Final = "192.0.2.1"
"""Stands for an address that only a DNS server outside knows; it is nobody's (RFC 5737)."""
_NDOTS: Final = 5
_ALIASES: Final = 8


class Destination(Value):
    """Where a caller connects to, having asked for a name."""

    address: str
    service: Service | None = None
    """The service that the name is of."""
    note: str = ""
    """What had to be assumed."""


def resolve(snapshot: MeshSnapshot, namespace: str, name: str) -> Destination | None:
    """Resolve a name for a pod of a namespace; None when no service has it and it is no name of the outside either.

    Sidecars and `exportTo` play no part: names resolve for everybody. An address stands for itself.
    """
    if _is_address(name):
        return Destination(address=name, service=_holder(snapshot, namespace, name))
    domain = snapshot.settings.domain
    for candidate in _candidates(name.lower(), namespace, domain):
        member = _member(snapshot, candidate)
        if member is not None:
            return member
        service = _named(snapshot, namespace, candidate)
        if service is not None:
            return _of_service(snapshot, namespace, service, _ALIASES)
    bare = name.lower().removesuffix(".")
    if "." not in bare or bare.endswith((f".{domain}", ".svc")):
        return None
    note = f"no service has the name; {SOME_ADDRESS} stands for the address that DNS gives it"
    return Destination(address=SOME_ADDRESS, note=note)


def _candidates(name: str, namespace: str, domain: str) -> Iterator[str]:
    if not name.endswith(".") and name.count(".") < _NDOTS:
        yield f"{name}.{namespace}.svc.{domain}"
        yield f"{name}.svc.{domain}"
        yield f"{name}.{domain}"
    yield name.removesuffix(".")


def _named(snapshot: MeshSnapshot, namespace: str, hostname: str) -> Service | None:
    """Find the service of a host name: Kubernetes' own before entries, those of the namespace before others."""
    found: list[tuple[bool, bool, str, Service]] = []
    for owner, services in snapshot.services.items():
        for service in services:
            wild = is_wildcard(service.hostname)
            if service.hostname == hostname or (wild and is_subset_of(hostname, service.hostname)):
                found.append((service.registry != "Kubernetes", wild, "" if owner == namespace else owner, service))
    return min(found, key=lambda each: each[:3])[3] if found else None


def _member(snapshot: MeshSnapshot, hostname: str) -> Destination | None:
    """Find the pod that a name within a headless service is of: by its own host name, else by its address."""
    label, _, of = hostname.partition(".")
    for services in snapshot.services.values():
        for service in services:
            if service.headless and service.registry == "Kubernetes" and service.hostname == of:
                for member in service.members:
                    if label == (member.hostname.lower() or member.address.replace(".", "-").replace(":", "-")):
                        return Destination(address=member.address, service=service)
    return None


def _of_service(snapshot: MeshSnapshot, namespace: str, service: Service, aliases: int) -> Destination | None:
    if service.resolution == "ALIAS" and service.external_name and aliases:
        target = _named(snapshot, namespace, service.external_name)
        if target is not None:
            return _of_service(snapshot, namespace, target, aliases - 1)
        note = f"{SOME_ADDRESS} stands for the address of {service.external_name}"
        return Destination(address=SOME_ADDRESS, service=service, note=note)
    given = (*service.addresses, *service.auto_addresses, *(member.address for member in service.members))
    address = next((found for text in given if (found := _one_address(text))), "")
    if address:
        return Destination(address=address, service=service)
    if service.headless:
        return Destination(address="", service=service, note="the service is headless and has no endpoints")
    note = f"{SOME_ADDRESS} stands for the address that DNS gives the name"
    return Destination(address=SOME_ADDRESS, service=service, note=note)


def _one_address(text: str) -> str:
    if _is_address(text):
        return "" if ip_address(text).is_unspecified else text
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return ""
    return str(network.network_address + min(1, network.num_addresses - 1))


def _holder(snapshot: MeshSnapshot, namespace: str, address: str) -> Service | None:
    found = [
        (owner != namespace, owner, service.hostname, service)
        for owner, services in snapshot.services.items()
        for service in services
        if address in service.addresses
    ]
    return min(found, key=lambda each: each[:3])[3] if found else None


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
