from envoy.config.route.v3 import route_components_pb2, route_pb2
from hypothesis import given
from hypothesis import strategies as st

from pillion.envoy.messages.wire import repeated, varint


def test_numbers() -> None:
    assert [varint(number) for number in (0, 1, 127, 128, 300)] == [b"\0", b"\1", b"\x7f", b"\x80\x01", b"\xac\x02"]


@given(st.lists(st.text(max_size=300), max_size=5))
def test_parts_put_together_are_the_whole(names: list[str]) -> None:
    hosts = [route_components_pb2.VirtualHost(name=name) for name in names]
    whole = route_pb2.RouteConfiguration(virtual_hosts=hosts).SerializeToString(deterministic=True)
    parts = (host.SerializeToString(deterministic=True) for host in hosts)
    assert repeated(route_pb2.RouteConfiguration.VIRTUAL_HOSTS_FIELD_NUMBER, parts) == whole
