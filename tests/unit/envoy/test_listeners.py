from typing import Any

from google.protobuf import json_format

from pillion.envoy.capabilities import Capabilities
from pillion.envoy.listeners import listener
from pillion.ir.model.key import PASSTHROUGH, ListenerKey
from pillion.ir.model.listener import Chain, Inspection, Listener, Tcp, TcpTarget

CHAIN = Chain(name="c", handler=Tcp(targets=(TcpTarget(backend=PASSTHROUGH),)))


def _listener(**value: Any) -> dict[str, Any]:
    key = {"key": ListenerKey(address="10.0.0.1", port=80), "addresses": ("10.0.0.1",), "port": 80}
    return json_format.MessageToDict(listener(Listener(**(key | value)), Capabilities()))


def test_addresses() -> None:
    found = _listener(addresses=("10.0.0.1", "fd00::1"), bound=False)
    assert (found["name"], found["trafficDirection"], found["bindToPort"]) == ("10.0.0.1_80", "OUTBOUND", False)
    assert found["additionalAddresses"][0]["address"]["socketAddress"]["address"] == "fd00::1"
    socket = _listener(key=ListenerKey(address="unix:///s"), addresses=("unix:///s",), port=0)
    assert (socket["name"], socket["address"]) == ("unix:///s_0", {"pipe": {"path": "/s"}})


def test_what_catches_redirected_connections() -> None:
    found = _listener(key=ListenerKey(kind="virtual-outbound"), hand_off=True, transparent=True, exact_balance=True)
    assert (found["name"], found["useOriginalDst"], found["transparent"]) == ("virtualOutbound", True, True)
    assert "continueOnListenerFiltersTimeout" not in found
    assert found["connectionBalanceConfig"] == {"exactBalance": {}}


def test_detectors() -> None:
    found = _listener(
        recover_destination=True, keep_source=True, detect_tls=Inspection(only_ports=(1,)),
        detect_http=Inspection(except_ports=(2, 3)), detection_timeout=0,
    )  # fmt: skip
    filters = {each["name"].rpartition(".")[2]: each for each in found["listenerFilters"]}
    assert list(filters) == ["original_dst", "original_src", "tls_inspector", "http_inspector"]
    assert filters["tls_inspector"]["filterDisabled"] == {"notMatch": {"destinationPortRange": {"start": 1, "end": 2}}}
    assert len(filters["http_inspector"]["filterDisabled"]["orMatch"]["rules"]) == 2
    assert found["listenerFiltersTimeout"] == "0s"
    assert "filterDisabled" not in _listener(detect_tls=Inspection())["listenerFilters"][0]


def test_chains() -> None:
    found = _listener(chains=(CHAIN,), default=CHAIN)
    assert [each["name"] for each in found["filterChains"]] == ["c"]
    assert found["defaultFilterChain"]["name"] == "c"
