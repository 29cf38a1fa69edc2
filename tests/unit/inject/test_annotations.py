"""Annotations are checked before a template reads them."""

import pytest

from pillion.inject.annotations import problems

GOOD = {
    "sidecar.istio.io/interceptionMode": ["REDIRECT", "TPROXY", "NONE"],
    "status.sidecar.istio.io/port": ["0", "15020", " 80 "],
    "readiness.status.sidecar.istio.io/periodSeconds": ["0", "4294967295"],
    "traffic.sidecar.istio.io/includeOutboundIPRanges": ["*", "", "10.0.0.0/8,fd00::/8", "10.0.0.1/8"],
    "traffic.sidecar.istio.io/excludeOutboundIPRanges": ["", "10.0.0.0/8"],
    "traffic.sidecar.istio.io/includeInboundPorts": ["*", "", "80, 81"],
    "traffic.sidecar.istio.io/excludeOutboundPorts": ["", "443"],
    "traffic.sidecar.istio.io/excludeInterfaces": ["", "eth0,net-1"],
    "prometheus.istio.io/merge-metrics": ["true", "F", "1"],
    "proxy.istio.io/config": ["{}", "concurrency: 2", "unknownField: 1"],
    "sidecar.istio.io/proxyCPU": ["100m", "2"],
    "example.com/other": ["anything"],
}
BAD = {
    "sidecar.istio.io/interceptionMode": ["redirect", ""],
    "status.sidecar.istio.io/port": ["", "-1", "65536", "http"],
    "readiness.status.sidecar.istio.io/failureThreshold": ["-1", "4294967296", "1.5", "x"],
    "traffic.sidecar.istio.io/includeOutboundIPRanges": ["10.0.0.0", "10.0.0.0/33", "*,10.0.0.0/8", "10.0.0.0/08"],
    "traffic.sidecar.istio.io/excludeOutboundIPRanges": ["*"],
    "traffic.sidecar.istio.io/includeInboundPorts": ["80,,81", "http", "*,80"],
    "traffic.sidecar.istio.io/kubevirtInterfaces": ["eth0,", "0eth", "a-name-that-is-too-long", "e th"],
    "prometheus.istio.io/merge-metrics": ["yes", ""],
    "proxy.istio.io/config": [
        "[",
        "concurrency: many",
        "- a",
        "statusPort: 0",
        "discoveryAddress: ''",
        "discoveryAddress: a b:1",
    ],
    "sidecar.istio.io/proxyMemory": ["", "1 Gi", "1Gi\n", "lots"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in GOOD.items() for value in values])
def test_good_values_pass(name: str, value: str) -> None:
    assert problems({name: value}) == []


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_bad_values_are_named(name: str, value: str) -> None:
    ((found, message),) = problems({name: value})
    assert found == name
    assert name in message
