"""Services made ready for the fabric."""

from pillion.local.fabric.model import FabricSettings, Member
from pillion.local.services import for_fabric, with_cluster_ips
from pillion.resources.kubernetes.endpoint_slice import (
    SERVICE_NAME,
    Endpoint,
    EndpointConditions,
    EndpointPort,
    EndpointSlice,
)
from pillion.resources.kubernetes.service import Service, ServicePort, ServiceSpec
from pillion.resources.meta import Metadata
from pillion.value import FrozenMap, Where

SETTINGS = FabricSettings()
DUAL = FabricSettings(service_cidrs=("10.96.0.0/16", "fd00:96::/112"))


def service(name: str, spec: ServiceSpec | None = None) -> Service:
    return Service(metadata=Metadata(name=name, namespace="ns"), spec=spec or ServiceSpec(ports=PORTS))


PORTS = (ServicePort(name="http", port=80),)
READY, NOT_READY = EndpointConditions(ready=True), EndpointConditions(ready=False)
ENDING = EndpointConditions(ready=False, serving=True, terminating=True)


def slice_of(name: str, *endpoints: Endpoint, port: int = 8080) -> EndpointSlice:
    return EndpointSlice(
        metadata=Metadata(name=f"{name}-1", namespace="ns", labels=FrozenMap({SERVICE_NAME: name})),
        endpoints=endpoints,
        ports=(EndpointPort(name="http", port=port),),
    )


def endpoint(address: str, conditions: EndpointConditions = READY, hostname: str = "") -> Endpoint:
    return Endpoint(addresses=(address,), conditions=conditions, hostname=hostname)


def test_a_service_gets_a_cluster_ip_and_keeps_it() -> None:
    (a, b), books, problems = with_cluster_ips([service("a"), service("b")], SETTINGS, FrozenMap())
    assert problems == ()
    assert (a.spec.cluster_ip, a.spec.cluster_ips, a.spec.ip_families) == ("10.96.0.2", ("10.96.0.2",), ("IPv4",))
    (again,), _, _ = with_cluster_ips([service("b")], SETTINGS, books)
    assert again == b


def test_a_given_address_is_kept_and_a_taken_one_is_told_with_its_place() -> None:
    first = service("first", ServiceSpec(cluster_ip="172.20.0.5"))
    second = service("second", ServiceSpec(cluster_ip="172.20.0.5"))
    place = Where(resource="Service ns/second", line=7)
    (kept, lost), _, (problem,) = with_cluster_ips([first, second], SETTINGS, FrozenMap(), {second: place})
    assert kept.spec.cluster_ips == ("172.20.0.5",)
    assert lost.spec.cluster_ips == ()
    assert lost.spec.cluster_ip == ""
    assert (problem.code, problem.where) == ("address-taken", place)


def test_headless_services_aliases_and_the_clusters_dns_need_none() -> None:
    services = [
        service("headless", ServiceSpec(cluster_ip="None")),
        service("alias", ServiceSpec(type="ExternalName", external_name="example.com")),
        service("kube-dns", ServiceSpec(cluster_ip="10.96.0.10")),
    ]
    placed, _, problems = with_cluster_ips(services, SETTINGS, FrozenMap())
    assert list(placed) == services
    assert problems == ()


def test_dual_stack_is_given_to_those_who_want_it() -> None:
    wants = service("wants", ServiceSpec(ip_family_policy="PreferDualStack"))
    six_first = service("six", ServiceSpec(ip_families=("IPv6", "IPv4")))
    single = service("single", ServiceSpec())
    placed, _, _ = with_cluster_ips([wants, six_first, single], DUAL, FrozenMap())
    assert [one.spec.ip_families for one in placed] == [("IPv4", "IPv6"), ("IPv6", "IPv4"), ("IPv4",)]
    assert placed[1].spec.cluster_ip.startswith("fd00:96::")


def test_ready_endpoints_are_targets_by_port_name() -> None:
    web = service("web", ServiceSpec(cluster_ip="10.96.0.7", ports=PORTS))
    slices = [
        slice_of("web", endpoint("10.0.0.1"), endpoint("10.0.0.2", NOT_READY)),
        slice_of("other", endpoint("10.0.0.3")),
    ]
    (made,) = for_fabric([web], slices)
    assert made.ports[0].targets == (("10.0.0.1", 8080),)
    assert made.cluster_ips == ("10.96.0.7",)
    assert made.members == ()


def test_those_that_terminate_serve_when_nobody_else_does() -> None:
    web = service("web")
    with_ready = [slice_of("web", endpoint("10.0.0.1", ENDING)), slice_of("web", endpoint("10.0.0.2"), port=9090)]
    assert for_fabric([web], with_ready)[0].ports[0].targets == (("10.0.0.2", 9090),)
    assert for_fabric([web], with_ready[:1])[0].ports[0].targets == (("10.0.0.1", 8080),)


def test_a_headless_service_has_members_with_their_host_names() -> None:
    db = service("db", ServiceSpec(cluster_ip="None", ports=PORTS))
    (made,) = for_fabric([db], [slice_of("db", endpoint("10.0.0.1", hostname="db-0"), endpoint("10.0.0.2", NOT_READY))])
    assert (made.headless, made.cluster_ips, made.members) == (True, (), (Member(address="10.0.0.1", hostname="db-0"),))


def test_an_alias_has_its_target() -> None:
    (made,) = for_fabric([service("alias", ServiceSpec(type="ExternalName", external_name="example.com"))], [])
    assert (made.external_name, made.cluster_ips) == ("example.com", ())
