"""The services of all listeners of a scope, one for each host (Istio's `appendSidecarServices`)."""

import msgspec

from pillion.mesh.service import Service, ServicePort

replace = msgspec.structs.replace


class ServiceUnion:
    """Gathers services in order; a host that comes again is merged, replaced or left, as Istio decides."""

    def __init__(self) -> None:
        self._by_host: dict[str, Service] = {}

    def add(self, service: Service) -> None:
        """Take a service in.

        A Kubernetes Service stands above a ServiceEntry of the same host; otherwise the first one counts, and ports
        of one that is the same but for its ports are added.
        """
        existing = self._by_host.get(service.hostname)
        if existing is None:
            self._by_host[service.hostname] = service
        elif existing is not service:
            self._by_host[service.hostname] = _joined(existing, service)

    def services(self) -> tuple[Service, ...]:
        """Give what was gathered, in the order in which the hosts came."""
        return tuple(self._by_host.values())


def _joined(existing: Service, service: Service) -> Service:
    ours, theirs = existing.registry == "Kubernetes", service.registry == "Kubernetes"
    if ours and not theirs:
        return existing
    if theirs and not ours:
        return service
    if existing.ports == service.ports or not _alike(existing, service):
        return existing
    known = {port.number for port in existing.ports}
    added = (port for port in service.ports if port.number not in known)
    return replace(existing, ports=existing.ports + tuple(_taken_over(port, existing, service) for port in added))


def _taken_over(port: ServicePort, existing: Service, service: Service) -> ServicePort:
    """Give a port as the first service has it: the target ports of another entry stay with that entry."""
    return port if existing.registry == "Kubernetes" or existing.name == service.name else replace(port, target=0)


def _alike(one: Service, other: Service) -> bool:
    return (one.namespace, one.resolution, one.registry, one.labels, one.selector, one.export_to) == (
        other.namespace,
        other.resolution,
        other.registry,
        other.labels,
        other.selector,
        other.export_to,
    )
