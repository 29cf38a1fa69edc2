import msgspec

from pillion.mesh.service import ServicePort
from pillion.scope.merge import ServiceUnion
from support.scopes import entry


def test_ports_of_a_second_entry_come_without_their_target() -> None:
    first = entry("a.example", {80: "HTTP"})
    ports = (ServicePort(name="tcp", number=5432, protocol="TCP", target=6432),)
    union = ServiceUnion()
    union.add(first)
    union.add(msgspec.structs.replace(first, ports=ports))
    [joined] = union.services()
    assert [(port.number, port.target) for port in joined.ports] == [(80, first.ports[0].target), (5432, 0)]
