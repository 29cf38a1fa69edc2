from msgspec.structs import replace

from pillion.mesh.service import ServicePort
from pillion.scope.merge import ServiceUnion
from support.scopes import entry

FIRST = entry("a.example", {80: "HTTP"})
TCP = (ServicePort(name="tcp", number=5432, protocol="TCP", target=6432),)


def _targets(name: str) -> list[tuple[int, int | str]]:
    union = ServiceUnion()
    union.add(FIRST)
    union.add(replace(FIRST, name=name, ports=TCP))
    [joined] = union.services()
    return [(port.number, port.target) for port in joined.ports]


def test_ports_of_the_same_entry_come_with_their_target() -> None:
    assert _targets(FIRST.name) == [(80, 0), (5432, 6432)]


def test_ports_of_another_entry_come_without() -> None:
    assert _targets("other") == [(80, 0), (5432, 0)]
