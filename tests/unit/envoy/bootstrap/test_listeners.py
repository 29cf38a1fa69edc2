from typing import Any, cast

from pillion.envoy.bootstrap import model
from pillion.envoy.bootstrap.listeners import listeners
from pillion.value import FrozenMap

NODE = model.Node(id="sidecar~~~", cluster="c", metadata=FrozenMap())


def made(**fields: Any) -> dict[str, Any]:
    bootstrap = model.Bootstrap(node=NODE, xds=model.Pipe(path="/x"), **fields)
    return {str(each["name"]): cast(Any, each) for each in listeners(bootstrap)}


def test_prometheus_and_readiness_for_all_who_reach_the_pod() -> None:
    assert list(made()) == ["0.0.0.0_15090", "0.0.0.0_15021"]


def test_metrics_can_be_kept_inside_the_pod() -> None:
    assert list(made(stats=model.Stats(localhost_only=True))) == ["127.0.0.1_15090", "0.0.0.0_15021"]


def test_a_dual_stack_pod_listens_in_both_families() -> None:
    addresses = model.Addresses(localhost=("::1", "127.0.0.1"), wildcard=("::", "0.0.0.0"))
    more = made(addresses=addresses)["::_15021"]["additionalAddresses"]
    assert more[0]["address"]["socket_address"]["address"] == "0.0.0.0"


def test_readiness_is_the_agent_s_to_answer() -> None:
    chain = made()["0.0.0.0_15021"]["filter_chains"][0]
    route = chain["filters"][0]["typed_config"]["route_config"]["virtual_hosts"][0]["routes"][0]
    assert route == {"match": {"prefix": "/healthz/ready"}, "route": {"cluster": "agent"}}


def test_secure_metrics_want_a_certificate() -> None:
    chain = made(secure_metrics_port=15091)["0.0.0.0_15091"]["filter_chains"][0]
    assert chain["transport_socket"]["typed_config"]["require_client_certificate"] is True


def test_compression_can_be_left_out() -> None:
    for compression, count in ((True, 4), (False, 1)):
        chain = made(stats=model.Stats(compression=compression))["0.0.0.0_15090"]["filter_chains"][0]
        assert len(chain["filters"][0]["typed_config"]["http_filters"]) == count
