import pytest

from pillion.analysis.call import Call, Direction
from pillion.analysis.listeners import choose_listener
from pillion.envoy.view.configuration import Configuration
from pillion.envoy.view.listener import Listener

CONFIG = Configuration(
    listeners=(
        Listener(name="virtualOutbound", addresses=(("0.0.0.0", 15001),), use_original_dst=True),
        Listener(name="virtualInbound", addresses=(("0.0.0.0", 15006),)),
        Listener(name="0.0.0.0_80", addresses=(("0.0.0.0", 80),), bind_to_port=False),
        Listener(name="10.0.0.1_80", addresses=(("10.0.0.1", 80),), bind_to_port=False),
        Listener(name="[::]_80", addresses=(("::", 80),), bind_to_port=False),
        Listener(name="0.0.0.0_15090", addresses=(("0.0.0.0", 15090),)),
    )
)


@pytest.mark.parametrize(
    ("direction", "address", "port", "expected"),
    [
        ("outbound", "10.0.0.1", 80, "10.0.0.1_80"),
        ("outbound", "10.0.0.2", 80, "0.0.0.0_80"),
        ("outbound", "fd00::1", 80, "[::]_80"),
        ("outbound", "10.0.0.1", 81, "virtualOutbound"),
        ("inbound", "10.0.0.1", 80, "virtualInbound"),
        ("direct", "10.0.0.1", 15090, "0.0.0.0_15090"),
        ("direct", "10.0.0.1", 80, None),
        ("direct", "10.0.0.1", 81, None),
    ],
)
def test_the_most_exact_address_wins(direction: Direction, address: str, port: int, expected: str | None) -> None:
    found = choose_listener(CONFIG, Call(direction=direction, address=address, port=port), "envoy")
    assert (found.name if found else None) == expected


def test_nothing_captures_where_nothing_listens() -> None:
    assert choose_listener(Configuration(), Call(address="10.0.0.1", port=80), "envoy") is None


def test_istios_own_tests_know_one_wildcard() -> None:
    found = choose_listener(CONFIG, Call(address="fd00::1", port=80), "istio_test")
    assert found is not None
    assert found.name == "0.0.0.0_80"
