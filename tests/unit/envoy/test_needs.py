from pillion.envoy import needs
from pillion.envoy.rendered import ASSIGNMENT, CLUSTER, ROUTES, Need
from pillion.ir.model.backend import Backend
from pillion.ir.model.key import BLACK_HOLE, PASSTHROUGH, BackendKey, ListenerKey, TableKey
from pillion.ir.model.listener import Chain, Http, Listener, Tcp, TcpTarget
from pillion.ir.model.route import Forward, Route, Weighted
from pillion.ir.model.table import RouteTable, VirtualHost

A = BackendKey(port=80, host="a")
NOTHING: needs.Missing = frozenset()


def test_a_cluster_needs_its_members() -> None:
    assert needs.of_backend(Backend(key=A)) == (Need(ASSIGNMENT, "outbound|80||a"),)
    assert needs.of_backend(Backend(key=A, discovery="static")) == ()


def test_a_table_needs_its_clusters_but_those_that_are_known_to_be_missing() -> None:
    route = Route(action=Forward(backends=(Weighted(backend=A, weight=0),)))
    table = RouteTable(key=TableKey(port=80), hosts=(VirtualHost(name="a", domains=("a",), routes=(route,)),))
    assert needs.of_table(table, NOTHING) == (Need(CLUSTER, "outbound|80||a"),)
    assert needs.of_table(table, frozenset({A})) == ()


def test_a_listener_needs_tables_and_clusters() -> None:
    chains = (
        Chain(handler=Tcp(targets=(TcpTarget(backend=PASSTHROUGH), TcpTarget(backend=BLACK_HOLE)))),
        Chain(handler=Http(table=TableKey(port=80))),
    )
    listener = Listener(key=ListenerKey(), addresses=("0.0.0.0",), chains=chains)
    assert needs.of_listener(listener, NOTHING) == (
        Need(CLUSTER, "BlackHoleCluster"), Need(CLUSTER, "PassthroughCluster"), Need(ROUTES, "80"),
    )  # fmt: skip
