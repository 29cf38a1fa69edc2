"""Services and Pods to EndpointSlices."""

from hypothesis import given
from hypothesis import strategies as st

from pillion.local.endpoints import LARGEST_SLICE, endpoint_slices, slices_of, target_port
from pillion.resources.kubernetes.endpoint_slice import SERVICE_NAME
from pillion.resources.kubernetes.pod import (
    Condition,
    Container,
    ContainerPort,
    Pod,
    PodIP,
    PodPhase,
    PodSpec,
    PodStatus,
)
from pillion.resources.kubernetes.service import Service, ServicePort, ServiceSpec
from pillion.resources.meta import Metadata
from pillion.value import FrozenMap

WEB = FrozenMap({"app": "web"})


def pod(
    name: str, *ips: str, ready: bool = True, phase: PodPhase = "Running", spec: PodSpec | None = None, ends: str = ""
) -> Pod:
    conditions = (Condition(type="Ready", status="True" if ready else "False"),)
    return Pod(
        metadata=Metadata(name=name, namespace="ns", labels=WEB, deletion_timestamp=ends),
        spec=spec or PodSpec(),
        status=PodStatus(phase=phase, pod_ips=tuple(PodIP(ip=ip) for ip in ips), conditions=conditions),
    )


def service(*ports: ServicePort, **spec: object) -> Service:
    made = ServiceSpec(selector=WEB, ports=ports or (ServicePort(port=80),), **spec)  # type: ignore[arg-type]
    return Service(metadata=Metadata(name="web", namespace="ns", labels=FrozenMap({"team": "x"})), spec=made)


def named(number: int) -> PodSpec:
    return PodSpec(containers=(Container(ports=(ContainerPort(name="http", container_port=number),)),))


def test_a_slice_has_the_ready_pods_and_says_which_are_not() -> None:
    (made,) = slices_of(service(), [pod("a", "10.0.0.1"), pod("b", "10.0.0.2", ready=False)])
    assert made.metadata.labels[SERVICE_NAME] == "web"
    assert made.metadata.labels["team"] == "x"
    assert [(one.addresses, one.conditions.ready) for one in made.endpoints] == [
        (("10.0.0.1",), True),
        (("10.0.0.2",), False),
    ]
    assert [(port.name, port.port) for port in made.ports] == [("", 80)]


def test_a_terminating_pod_serves_but_is_not_ready() -> None:
    (made,) = slices_of(service(), [pod("a", "10.0.0.1", ends="2026-01-01T00:00:00Z")])
    conditions = made.endpoints[0].conditions
    assert (conditions.ready, conditions.serving, conditions.terminating) == (False, True, True)


def test_addresses_that_are_not_ready_can_be_published() -> None:
    (made,) = slices_of(service(publish_not_ready_addresses=True), [pod("a", "10.0.0.1", ready=False)])
    assert (made.endpoints[0].conditions.ready, made.endpoints[0].conditions.serving) == (True, False)


def test_pods_without_address_that_ended_or_are_of_others_do_not_count() -> None:
    other = Pod(metadata=Metadata(name="o", namespace="ns"), status=PodStatus(pod_ip="10.0.0.9"))
    pods = [pod("a"), pod("b", "10.0.0.1", phase="Succeeded"), pod("c", "10.0.0.2", phase="Failed"), other]
    assert slices_of(service(), pods) == ()


def test_a_named_port_is_looked_up_in_each_pod() -> None:
    pods = [pod("a", "10.0.0.1", spec=named(8080)), pod("b", "10.0.0.2", spec=named(9090)), pod("c", "10.0.0.3")]
    made = slices_of(service(ServicePort(port=80, target_port="http")), pods)
    assert {(one.ports[0].port, one.endpoints[0].addresses[0]) for one in made} == {
        (8080, "10.0.0.1"),
        (9090, "10.0.0.2"),
    }
    assert len({one.metadata.name for one in made}) == 2


def test_a_named_port_must_have_the_same_protocol_and_may_be_a_native_sidecars() -> None:
    port = ServicePort(port=80, target_port="http")
    udp = ContainerPort(name="http", container_port=1, protocol="UDP")
    sidecar = Container(restart_policy="Always", ports=(ContainerPort(name="http", container_port=2),))
    init = Container(ports=(ContainerPort(name="http", container_port=3),))
    assert target_port(port, pod("a", spec=PodSpec(containers=(Container(ports=(udp,)),)))) is None
    assert target_port(port, pod("a", spec=PodSpec(init_containers=(init, sidecar)))) == 2
    assert target_port(ServicePort(port=80, target_port="8080"), pod("a")) == 8080
    assert target_port(ServicePort(port=80), pod("a")) == 80


def test_a_host_name_counts_only_under_the_service_that_is_its_subdomain() -> None:
    ours, theirs = PodSpec(hostname="db-0", subdomain="web"), PodSpec(hostname="db-1", subdomain="other")
    (made,) = slices_of(service(), [pod("a", "10.0.0.1", spec=ours), pod("b", "10.0.0.2", spec=theirs)])
    assert [one.hostname for one in made.endpoints] == ["db-0", ""]


def test_each_ip_family_has_its_own_slice() -> None:
    both = service(ip_families=("IPv4", "IPv6"))
    made = slices_of(both, [pod("a", "10.0.0.1", "fd00::1"), pod("b", "10.0.0.2")])
    assert [(one.address_type, len(one.endpoints)) for one in made] == [("IPv4", 2), ("IPv6", 1)]
    assert [one.address_type for one in slices_of(service(), [pod("a", "10.0.0.1", "fd00::1")])] == ["IPv4"]


def test_a_headless_service_needs_no_ports() -> None:
    bare = Service(
        metadata=Metadata(name="web", namespace="ns"), spec=ServiceSpec(selector=WEB, ports=(), cluster_ip="None")
    )
    (made,) = slices_of(bare, [pod("a", "10.0.0.1")])
    assert made.ports == ()
    assert "service.kubernetes.io/headless" in made.metadata.labels


def test_services_without_a_selector_and_aliases_are_left_alone() -> None:
    bare = Service(metadata=Metadata(name="web", namespace="ns"), spec=ServiceSpec(ports=(ServicePort(port=80),)))
    alias = service(type="ExternalName", external_name="example.com")
    elsewhere = Service(metadata=Metadata(name="web", namespace="other"), spec=service().spec)
    assert endpoint_slices([bare, alias, elsewhere], [pod("a", "10.0.0.1")]) == ()
    assert len(endpoint_slices([service()], [pod("a", "10.0.0.1")])) == 1


@given(st.permutations(range(12)), st.integers(1, 250))
def test_slices_do_not_depend_on_the_order_of_pods_and_hold_each_pod_once(order: list[int], count: int) -> None:
    pods = [pod(f"pod-{number:03}", f"10.0.{number}.1") for number in range(count)]
    first = endpoint_slices([service()], pods)
    shuffled = [pods[number] for number in order if number < count] + [
        p for p in pods if int(p.metadata.name[4:]) >= 12
    ]
    assert endpoint_slices([service()], shuffled) == first
    assert sorted(one.addresses[0] for each in first for one in each.endpoints) == sorted(
        p.status.pod_ips[0].ip for p in pods
    )
    assert all(0 < len(each.endpoints) <= LARGEST_SLICE for each in first)
    assert len({each.metadata.name for each in first}) == len(first)
