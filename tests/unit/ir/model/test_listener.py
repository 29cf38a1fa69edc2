from pillion.ir.model.key import BLACK_HOLE, PASSTHROUGH, ListenerKey, TableKey
from pillion.ir.model.listener import Chain, Http, Listener, Tcp, TcpTarget


def test_a_listener_knows_its_chains_and_where_they_end() -> None:
    tcp = Chain(handler=Tcp(targets=(TcpTarget(backend=PASSTHROUGH),)))
    closed = Chain(handler=Tcp(targets=(TcpTarget(backend=BLACK_HOLE),)))
    http = Chain(handler=Http(table=TableKey(port=80)))
    listener = Listener(key=ListenerKey(), addresses=("0.0.0.0",), chains=(tcp, http), default=closed)
    assert listener.all_chains == (tcp, http, closed)
    assert listener.targets == {PASSTHROUGH, BLACK_HOLE}
