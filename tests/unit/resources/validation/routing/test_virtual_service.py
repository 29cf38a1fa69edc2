import pytest

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
