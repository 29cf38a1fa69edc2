import pytest

from support.verdicts import verdicts

PORT = "port: {number: 80, protocol: HTTP, name: http}"


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        (f"{{servers: [{{{PORT}, hosts: ['*', a.com, ns/b.com]}}]}}", []),
        (f"{{servers: [{{{PORT}, hosts: [1.2.3.4], tls: {{httpsRedirect: true}}}}]}}", []),
        ("{}", ["error required spec.servers"]),
        (
            "{servers: [{}]}",
            ["error required spec.servers[0].hosts", "error required spec.servers[0].port"],
        ),
        (f"{{servers: [{{{PORT}, hosts: [short]}}]}}", ["error invalid-host spec.servers[0].hosts[0]"]),
        (f"{{servers: [{{{PORT}, hosts: [A_/a.com]}}]}}", ["error invalid-host spec.servers[0].hosts[0]"]),
        (f"{{servers: [{{{PORT}, hosts: ['~/a.com']}}]}}", ["error invalid-host spec.servers[0].hosts[0]"]),
        (
            f"{{servers: [{{{PORT}, hosts: [a.com]}}, {{{PORT}, hosts: [b.com]}}]}}",
            ["error duplicate spec.servers[1].port.name"],
        ),
        (
            "{servers: [{port: {number: 443, protocol: HTTPS, name: x}, hosts: [a.com]}]}",
            ["error required spec.servers[0].tls"],
        ),
        (
            f"{{servers: [{{{PORT}, hosts: [a.com], tls: {{mode: SIMPLE, credentialName: x}}}}]}}",
            ["error protocol-conflict spec.servers[0].tls"],
        ),
        (
            "{servers: [{port: {number: 1, protocol: TCP, name: x}, hosts: [a.com], tls: {httpsRedirect: true}}]}",
            ["error protocol-conflict spec.servers[0].tls", "warning ignored-field spec.servers[0].tls.httpsRedirect"],
        ),
        (
            "{servers: [{port: {protocol: X, targetPort: 1}, hosts: [a.com]}]}",
            [
                "error unknown-protocol spec.servers[0].port.protocol",
                "error invalid-port spec.servers[0].port.number",
                "error ignored-field spec.servers[0].port.targetPort",
                "error required spec.servers[0].port.name",
            ],
        ),
        (f"{{servers: [{{{PORT}, bind: x, hosts: [a.com]}}]}}", ["error invalid-address spec.servers[0].bind"]),
        (
            f"{{servers: [{{{PORT}, bind: 'unix://a', hosts: [a.com]}}]}}",
            ["error invalid-address spec.servers[0].bind", "error oneof-conflict spec.servers[0].port.number"],
        ),
    ],
)
def test_gateways(spec: str, found: list[str]) -> None:
    assert verdicts("Gateway", spec) == found


def test_what_the_gateway_api_may_say() -> None:
    spec = f"{{servers: [{{{PORT}, hosts: ['~/a.com']}}]}}"
    annotations = {"internal.istio.io/gateway-semantics": "gateway"}
    assert verdicts("Gateway", spec, name="a.b", annotations=annotations) == []
    assert "error invalid-name metadata.name" in verdicts("Gateway", spec, name="a.b")
