"""Whatever a proxy says of itself, somebody is told something: metadata is read, and never a reason to fail."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pillion.mesh.catalog import Catalog
from pillion.proxy.node import read_proxy
from pillion.proxy.settings import mesh_settings
from pillion.proxy.telling import Teller
from pillion.resources.decode import decode
from pillion.xds.cache import inconsistencies

KEYS = st.sampled_from(
    [
        "NAMESPACE",
        "LABELS",
        "INSTANCE_IPS",
        "SERVICE_ACCOUNT",
        "NETWORK",
        "CLUSTER_ID",
        "NODE_NAME",
        "INTERCEPTION_MODE",
        "DNS_CAPTURE",
        "DNS_AUTO_ALLOCATE",
        "CERTIFICATE_PROVIDER",
        "HTTP10",
        "IDLE_TIMEOUT",
        "UNPRIVILEGED_POD",
        "INBOUND_LISTENER_EXACT_BALANCE",
        "HTTP_PROXY_PORT",
        "ENVOY_STATUS_PORT",
        "ENVOY_PROMETHEUS_PORT",
        "PROXY_CONFIG",
        "ISTIO_VERSION",
        "anything else",
    ]
)
TEXTS = st.one_of(
    st.sampled_from(
        ["abc", "-1", "0", "15090", "²", "٣", "99999", "1e9", "1s", "-5s", "0s", "9" * 5000 + "s", "2000h"]
    ),
    st.sampled_from(["2562047h", "10.1.0.1,fd00::1", "fe80::1%eth0,,x", "TPROXY", "NONE", "none", "true", "1.2.x", ""]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)
PARTS = [
    "concurrency",
    "tracing",
    "statNameLength",
    "discoveryAddress",
    "proxyHeaders",
    "holdApplicationUntilProxyStarts",
]
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.sampled_from(PARTS), TEXTS), inner, max_size=3),
    ),
    max_leaves=6,
)
SERVICE, _ = decode(
    {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"clusterIP": "10.0.0.1", "ports": [{"name": "http", "port": 80}]},
    }
)
assert SERVICE is not None
CATALOG = Catalog().with_changes([SERVICE])


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(KEYS, st.one_of(TEXTS, JSON), max_size=6), st.one_of(st.just("10.1.0.7"), TEXTS))
def test_whatever_a_proxy_says_of_itself_it_is_told_something_whole(metadata: dict[str, Any], address: str) -> None:
    proxy = read_proxy(f"sidecar~{address.replace('~', '')}~a.shop~shop.svc.cluster.local", metadata)
    assert proxy is not None
    teller = Teller()
    world, _ = teller.build(CATALOG, mesh_settings({})[0])
    assert inconsistencies(teller.view(world, proxy)) == ()
