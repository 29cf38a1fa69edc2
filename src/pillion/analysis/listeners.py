"""Which listener takes a connection."""

from ipaddress import ip_address
from typing import Final

from pillion.analysis.call import Call, Profile
from pillion.envoy.view.configuration import Configuration
from pillion.envoy.view.listener import Listener

CAPTURED_INBOUND: Final = "virtualInbound"
CAPTURED_OUTBOUND: Final = "virtualOutbound"
ANY_V4: Final = "0.0.0.0"  # noqa: S104  # compared, not bound
ANY_V6: Final = "::"


def choose_listener(config: Configuration, call: Call, profile: Profile) -> Listener | None:
    """Give the listener for a call, or None.

    A captured connection comes to the listener that restores its original destination, and is handed to the listener
    on exactly that address, else on any address with that port, else it stays.
    """
    if call.direction == "inbound":
        return config.listener_named(CAPTURED_INBOUND)
    wildcard = ANY_V4 if profile == "istio_test" or ip_address(call.address).version == 4 else ANY_V6
    found = config.listener_at(call.address, call.port) or config.listener_at(wildcard, call.port)
    if call.direction == "direct" and profile == "envoy":
        return found if found is not None and found.bind_to_port else None
    return found or config.listener_named(CAPTURED_OUTBOUND)
