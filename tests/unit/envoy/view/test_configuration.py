from pillion.envoy.view.configuration import Configuration
from pillion.envoy.view.listener import Listener


def test_listeners_are_found_by_address_and_by_name() -> None:
    first = Listener(name="one", addresses=(("10.0.0.1", 80), ("::", 80)))
    second = Listener(name="two", addresses=(("10.0.0.1", 80), ("10.0.0.1", 81)))
    config = Configuration(listeners=(first, second))
    assert config.listener_at("10.0.0.1", 80) is first
    assert config.listener_at("::", 80) is first
    assert config.listener_at("10.0.0.1", 81) is second
    assert config.listener_at("10.0.0.2", 80) is None
    assert config.listener_named("two") is second
    assert config.listener_named("three") is None
