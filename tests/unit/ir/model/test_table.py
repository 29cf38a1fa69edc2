from pillion.ir.model.key import BackendKey, TableKey
from pillion.ir.model.route import Forward, Route, Weighted
from pillion.ir.model.table import InlineTable, RouteTable, VirtualHost

A = BackendKey(port=1, host="a")
HOST = VirtualHost(name="a", domains=("a",), routes=(Route(action=Forward(backends=(Weighted(backend=A, weight=0),))),))


def test_a_table_knows_where_it_sends_to() -> None:
    assert RouteTable(key=TableKey(port=1), hosts=(HOST,)).targets == {A}
    assert InlineTable(hosts=(HOST, HOST)).targets == {A}
