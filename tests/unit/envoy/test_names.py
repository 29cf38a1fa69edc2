import pytest

from pillion.envoy import names
from pillion.ir.model.key import (
    BLACK_HOLE,
    DYNAMIC_DNS,
    INBOUND_PASSTHROUGH,
    PASSTHROUGH,
    BackendKey,
    ListenerKey,
    TableKey,
)
from pillion.ir.model.table import VirtualHost


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (BackendKey(port=80, subset="v1", host="a.b"), "outbound|80|v1|a.b"),
        (BackendKey(kind="inbound", port=8080), "inbound|8080||"),
        (BackendKey(kind="named", host="x"), "x"),
        (PASSTHROUGH, "PassthroughCluster"),
        (INBOUND_PASSTHROUGH, "InboundPassthroughCluster"),
        (BLACK_HOLE, "BlackHoleCluster"),
        (DYNAMIC_DNS, "AllowAnyDynamicDNSCluster"),
    ],
)
def test_clusters(key: BackendKey, name: str) -> None:
    assert names.cluster(key) == name


def test_server_names() -> None:
    assert names.server_name(BackendKey(port=80, host="a.b")) == "outbound_.80_._.a.b"


def test_listeners() -> None:
    assert names.listener(ListenerKey(address="0.0.0.0", port=80)) == "0.0.0.0_80"
    assert names.listener(ListenerKey(kind="virtual-inbound")) == "virtualInbound"
    assert names.listener(ListenerKey(kind="virtual-outbound")) == "virtualOutbound"


def test_route_tables_and_their_hosts() -> None:
    assert names.route_table(TableKey(port=80)) == "80"
    assert names.route_table(TableKey(port=80, host="a")) == "a:80"
    assert names.route_table(TableKey(socket="unix:///s")) == "unix:///s"
    assert names.virtual_host(VirtualHost(name="a", port=80, domains=(), routes=())) == "a:80"
    assert names.virtual_host(VirtualHost(name="::1", port=80, domains=(), routes=())) == "[::1]:80"
    assert names.virtual_host(VirtualHost(name="allow_any", domains=(), routes=())) == "allow_any"
    assert names.statistics("a|b") == "a|b;"
