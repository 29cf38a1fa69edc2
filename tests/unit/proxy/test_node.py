import pytest

from pillion.mesh.endpoint import Locality
from pillion.mesh.workload import NamedPort, Workload
from pillion.proxy.node import Proxy, read_proxy, with_pod
from pillion.value import FrozenMap

ID = "sidecar~10.1.0.5~web-1.shop~shop.svc.cluster.local"


def proxy(node_id: str = ID, **metadata: object) -> Proxy:
    found = read_proxy(node_id, metadata)
    assert found is not None
    return found


def test_a_sidecars_id_and_metadata_say_who_it_is() -> None:
    found = proxy(NAMESPACE="shop", LABELS={"app": "web"}, SERVICE_ACCOUNT="web", INSTANCE_IPS="10.1.0.5,fd00::5")
    assert found.workload.name == "web-1"
    assert found.workload.namespace == "shop"
    assert found.workload.labels == FrozenMap({"app": "web"})
    assert found.workload.addresses == ("10.1.0.5", "fd00::5")
    assert found.families == ("v4", "v6")


def test_the_namespace_comes_from_the_domain_where_metadata_is_silent() -> None:
    assert proxy().workload.namespace == "shop"


@pytest.mark.parametrize("node_id", ["", "router~1.1.1.1~a.b~b.svc.cluster.local", "sidecar~1.1.1.1~a.b", "web"])
def test_what_is_no_sidecar_is_no_proxy(node_id: str) -> None:
    assert read_proxy(node_id, {}) is None


def test_it_has_no_certificates_when_it_says_that_nobody_provides_them() -> None:
    assert proxy().certificates
    assert not proxy(CERTIFICATE_PROVIDER="none").certificates


@pytest.mark.parametrize(
    ("said", "meant"), [("TPROXY", "TPROXY"), ("NONE", "NONE"), ("odd", "REDIRECT"), ("", "REDIRECT")]
)
def test_an_unknown_interception_mode_is_redirect(said: str, meant: str) -> None:
    assert proxy(INTERCEPTION_MODE=said).interception == meant


def test_a_pod_adds_what_the_proxy_does_not_know() -> None:
    ports = (NamedPort(name="web", number=8080),)
    pod = Workload(name="web-1", namespace="shop", locality=Locality(region="r1"), node="n1", ports=ports)
    found = with_pod(proxy(NAMESPACE="shop").workload, pod)
    assert found.ports == ports
    assert found.locality.region == "r1"
    assert found.node == "", "what a proxy does not say of its node is not known"
    assert found.addresses == ("10.1.0.5",)


@pytest.mark.parametrize(
    ("said", "read"), [("15080", 15080), (15080.0, 15080), ("abc", 0), ("", 0), ("-1", 0), ("70000", 0), ("²", 0)]
)
def test_a_port_that_is_none_is_none(said: object, read: int) -> None:
    found = proxy(HTTP_PROXY_PORT=said, ENVOY_STATUS_PORT=said)
    assert found.http_proxy_port == read
    assert found.reserved_ports == ({read} if read else set())
