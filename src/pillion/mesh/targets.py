"""Which ports of which services end in a workload (Istio's `GetProxyServiceTargets`)."""

from collections.abc import Iterable

from pillion.mesh.endpoint import EndpointShelf, service_key
from pillion.mesh.service import Service, ServicePort
from pillion.mesh.workload import ServiceTarget, Workload


def targets_of(workload: Workload, services: Iterable[Service], endpoints: EndpointShelf) -> tuple[ServiceTarget, ...]:
    """Give the service ports that a workload answers, oldest service first. `services` are those of its namespace.

    A Kubernetes Service counts by its selector, ready or not. Where none selects the workload, those without selector
    count that have its address among their endpoints; so does a ServiceEntry in any case.
    """
    every = tuple(services)
    selecting = [each for each in every if each.selector and _selects(each, workload)]
    found: list[ServiceTarget] = []
    for service in every:
        if service in selecting:
            found.extend(_selected(workload, service))
        elif service.registry != "Kubernetes" or not selecting:
            found.extend(_by_address(workload, service, endpoints))
    return tuple(sorted(found, key=lambda target: (target.service.created, target.service.hostname)))


def _selects(service: Service, workload: Workload) -> bool:
    return service.registry == "Kubernetes" and workload.labels.covers(service.selector)


def _selected(workload: Workload, service: Service) -> Iterable[ServiceTarget]:
    for port in service.ports:
        number = _target_port(workload, port)
        if number:
            yield ServiceTarget(service=service, port=port, target_port=number)


def _target_port(workload: Workload, port: ServicePort) -> int:
    if not isinstance(port.target, str):
        return port.target or port.number
    transport = "UDP" if port.protocol == "UDP" else "TCP"
    named = (each.number for each in workload.ports if each.name == port.target and each.transport == transport)
    return next(named, 0)


def _by_address(workload: Workload, service: Service, endpoints: EndpointShelf) -> Iterable[ServiceTarget]:
    ports = {port.name: port for port in service.ports}
    primary = workload.addresses[:1]
    for endpoint in endpoints.get(service_key(service.hostname, service.namespace), ()):
        port = ports.get(endpoint.port_name)
        if port is not None and (endpoint.address,) == primary:
            yield ServiceTarget(service=service, port=port, target_port=endpoint.port)
