"""The virtual addresses of a service as one proxy may use them (Istio's `GetAddressForProxy` and its kin)."""

from ipaddress import ip_address

from pillion.ir.traits import OutboundTraits
from pillion.mesh.service import Service

UNSPECIFIED = "0.0.0.0"  # noqa: S104  # a name for "no address", nothing is bound here
UNSPECIFIED_V6 = "::"


def is_address(text: str) -> bool:
    """Return whether the text is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_cidr(text: str) -> bool:
    """Return whether the text is an address range; a socket's path is none."""
    return "/" in text and not text.startswith("unix:")


def _version(text: str) -> int:
    if ":" in text:
        return 6
    return 4 if text.replace(".", "").replace("/", "").isdigit() else 0


def _reachable(addresses: tuple[str, ...], traits: OutboundTraits) -> tuple[str, ...]:
    """Keep the addresses of the proxy's family; of a proxy with both, the family that the service names first.

    `ISTIO_DUAL_STACK` lets it have both.
    """
    both = traits.v4 and traits.v6
    if both and not traits.dual_stack and addresses:
        first = _version(addresses[0])
        return tuple(item for item in addresses if _version(item) == first)
    return tuple(
        item for item in addresses if (version := _version(item)) == 0 or (traits.v4 if version == 4 else traits.v6)
    )


def service_addresses(service: Service, traits: OutboundTraits) -> tuple[str, ...]:
    """Return the service's virtual addresses for this proxy; `0.0.0.0` stands for none.

    Where a Kubernetes service has none of the proxy's families, its first address still names its listeners.
    """
    if service.registry == "Kubernetes":
        return _reachable(service.addresses, traits) or service.addresses[:1] or (UNSPECIFIED,)
    if service.addresses:
        return service.addresses
    if service.auto_addresses and traits.dns_capture:
        allocated = _reachable(service.auto_addresses, traits)
        if allocated:
            return allocated
    return (UNSPECIFIED,)


def listen_addresses(service: Service, traits: OutboundTraits) -> tuple[tuple[str, ...], ...]:
    """Return the places where a TCP port of the service is listened on: each an address with its further ones.

    The cluster IPs of a Kubernetes service are one place; each declared address of a ServiceEntry is one of its own.
    """
    addresses = service_addresses(service, traits)
    if service.registry == "External" and addresses == (UNSPECIFIED,):
        return (traits.wildcards,)
    if service.registry == "External" and service.addresses:
        return tuple((address,) for address in addresses)
    return (addresses,)


def domain_addresses(service: Service, traits: OutboundTraits) -> tuple[str, ...]:
    """Return the addresses that count as a `Host` of the service."""
    found = service_addresses(service, traits)
    if service.registry == "Kubernetes":
        found = _reachable(found, traits)
    return tuple(address for address in found if address != UNSPECIFIED)
