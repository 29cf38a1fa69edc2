"""A mesh of any size, as resources: services with two endpoints each, in many namespaces, scoped by a root Sidecar."""

from pillion.mesh.catalog import Catalog
from pillion.mesh.settings import MeshSettings
from pillion.proxy.node import Proxy, read_proxy
from pillion.proxy.settings import mesh_settings
from pillion.resources.istio.sidecar import IstioEgressListener, Sidecar, SidecarSpec
from pillion.resources.kubernetes.cluster import Namespace
from pillion.resources.kubernetes.endpoint_slice import SERVICE_NAME, Endpoint, EndpointPort, EndpointSlice
from pillion.resources.kubernetes.service import Service, ServicePort, ServiceSpec
from pillion.resources.meta import HasMetadata, Metadata
from pillion.value import FrozenMap

NAMESPACES = 50


def settings() -> MeshSettings:
    """Give the settings of a mesh without any."""
    return mesh_settings({})[0]


def service(number: int, namespaces: int = NAMESPACES) -> Service:
    """Make a service."""
    return Service(
        metadata=Metadata(name=f"svc-{number}", namespace=f"ns-{number % namespaces}"),
        spec=ServiceSpec(
            cluster_ip=f"10.{100 + number // 65536}.{number // 256 % 256}.{number % 256}",
            selector=FrozenMap({"app": f"svc-{number}"}),
            ports=(ServicePort(name="http", port=8000 + number % 4, target_port=8080),),
        ),
    )


def named_service(name: str, namespace: str, number: int) -> Service:
    """Make a service of that name, without members."""
    return Service(
        metadata=Metadata(name=name, namespace=namespace),
        spec=ServiceSpec(cluster_ip=f"10.250.0.{number + 1}", ports=(ServicePort(name="http", port=8000),)),
    )


def endpoints(number: int, *addresses: str, namespaces: int = NAMESPACES) -> EndpointSlice:
    """Make a service's slice."""
    name = f"svc-{number}"
    given = addresses or tuple(f"10.{each}.{number // 250}.{number % 250 + 1}" for each in (1, 2))
    return EndpointSlice(
        metadata=Metadata(
            name=f"{name}-1", namespace=f"ns-{number % namespaces}", labels=FrozenMap({SERVICE_NAME: name})
        ),
        endpoints=tuple(Endpoint(addresses=(address,)) for address in given),
        ports=(EndpointPort(name="http", port=8080),),
    )


def sidecar(namespace: str, *hosts: str) -> Sidecar:
    """Make a namespace's Sidecar."""
    return Sidecar(
        metadata=Metadata(name="default", namespace=namespace),
        spec=SidecarSpec(egress=(IstioEgressListener(hosts=hosts),)),
    )


def resources(services: int, *, scoped: bool = True, namespaces: int = NAMESPACES) -> list[HasMetadata]:
    """Make the whole mesh; `scoped` adds the root Sidecar: own namespace and istio-system."""
    made: list[HasMetadata] = [Namespace(metadata=Metadata(name=f"ns-{each}")) for each in range(namespaces)]
    for number in range(services):
        made += [service(number, namespaces), endpoints(number, namespaces=namespaces)]
    if scoped:
        made.append(sidecar("istio-system", "./*", "istio-system/*"))
    return made


def catalog(services: int, *, scoped: bool = True) -> Catalog:
    """Make the whole mesh as a catalog."""
    return Catalog().with_changes(resources(services, scoped=scoped))


def proxy(number: int, namespace: str) -> Proxy:
    """Make a proxy of a client workload."""
    address = f"10.200.{number // 250}.{number % 250 + 1}"
    found = read_proxy(
        f"sidecar~{address}~client-{number}.{namespace}~{namespace}.svc.cluster.local",
        {"NAMESPACE": namespace, "LABELS": {"app": "client"}, "INSTANCE_IPS": address},
    )
    assert found is not None
    return found
