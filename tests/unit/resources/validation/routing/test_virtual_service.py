import sys
from types import FrameType
from typing import Any

import pytest

from pillion.resources.decode import decode
from pillion.resources.validation.validate import validate
from support.verdicts import verdicts

TO = "route: [{destination: {host: a}}]"


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        (f"{{hosts: [a], http: [{{{TO}}}]}}", []),
        ("{hosts: [a]}", ["error required spec"]),
        (f"{{hosts: ['*'], http: [{{{TO}}}]}}", ["error invalid-host spec.hosts[0]"]),
        (f"{{hosts: ['*'], gateways: [x/y], http: [{{{TO}}}]}}", []),
        (f"{{hosts: ['*.a.com', b.a.com], http: [{{{TO}}}]}}", ["error duplicate spec.hosts[0]"]),
        (f"{{hosts: [a], gateways: [x/Y_], http: [{{{TO}}}]}}", ["error invalid-name spec.gateways[0]"]),
        (f"{{hosts: [a], gateways: [y.x.svc], http: [{{{TO}}}]}}", ["warning deprecated spec.gateways[0]"]),
        (f"{{gateways: [mesh], http: [{{{TO}}}]}}", ["error oneof-conflict spec.gateways"]),
        (
            f"{{hosts: [a], http: [{{match: [{{headers: {{'@request.auth.claims.x': {{exact: y}}}}}}], {TO}}}]}}",
            ["error unsupported spec.http[0].match[0].headers.@request.auth.claims.x"],
        ),
        (f"{{hosts: [a.com], tls: [{{match: [{{sniHosts: [a.com]}}], {TO}}}]}}", []),
        (f"{{hosts: [a.com], tls: [{{{TO}}}]}}", ["error required spec.tls[0].match"]),
        (
            f"{{hosts: [a.com], tls: [{{match: [{{sniHosts: [b.com]}}], {TO}}}]}}",
            ["error invalid-host spec.tls[0].match[0].sniHosts[0]"],
        ),
        (
            f"{{hosts: [a.com], tls: [{{match: [{{sniHosts: [1.2.3.4]}}], {TO}}}]}}",
            ["warning invalid-host spec.tls[0].match[0].sniHosts[0]"],
        ),
        ("{hosts: [a], tcp: [{}]}", ["error required spec.tcp[0].route"]),
        (
            f"{{hosts: [a], tcp: [{{match: [{{port: 70000, destinationSubnets: [x]}}], {TO}}}]}}",
            [
                "error invalid-address spec.tcp[0].match[0].destinationSubnets[0]",
                "error invalid-port spec.tcp[0].match[0].port",
            ],
        ),
        (
            "{hosts: [a], tcp: [{route: [{destination: {host: a}}, {destination: {host: b}}]}]}",
            ["error required spec.tcp[0].route"],
        ),
        (f"{{hosts: [a], exportTo: [., shop], http: [{{{TO}}}]}}", ["error duplicate spec.exportTo[1]"]),
    ],
)
def test_virtual_services(spec: str, found: list[str]) -> None:
    assert verdicts("VirtualService", spec) == found


def calls_to_validate(hosts: int) -> tuple[int, int]:
    """Count the calls, and the longest message, for so many hosts and as many SNI hosts that are none of them."""
    match = [{"sniHosts": [f"x{index}.b.com" for index in range(hosts)]}]
    spec = {
        "hosts": [f"h{index}.a.com" for index in range(hosts)],
        "gateways": [f"x/g{index}" for index in range(hosts)],
        "tls": [{"match": match, "route": [{"destination": {"host": "a"}}]}],
    }
    document = {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": "x"}}
    resource, _ = decode(document | {"spec": spec})
    assert resource is not None
    calls = 0

    def count(_frame: FrameType, event: str, _more: Any) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        found = validate(resource)
    finally:
        sys.setprofile(before)
    assert len(found) == hosts
    return calls, max(len(each.message) for each in found)


def test_work_and_words_about_sni_hosts_do_not_grow_with_hosts_times_sni_hosts() -> None:
    few, many = calls_to_validate(100), calls_to_validate(400)
    assert many[0] < 6 * few[0]
    assert many[1] < few[1] + 10
