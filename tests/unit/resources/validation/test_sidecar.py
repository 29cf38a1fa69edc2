import pytest

from support.verdicts import verdicts


@pytest.mark.parametrize(
    "spec",
    [
        "{egress: [{hosts: [./*, istio-system/*]}]}",
        "{outboundTrafficPolicy: {}}",
        "{egress: [{port: {number: 80, protocol: HTTP, name: http}, hosts: ['*/*']}, {hosts: [./*]}]}",
        "{egress: [{port: {protocol: HTTP}, bind: 'unix:///var/run/x', hosts: [./*]}]}",
        "{ingress: [{port: {number: 80}, defaultEndpoint: 'unix:///var/run/x'}]}",
        "{ingress: [{port: {number: 80}, defaultEndpoint: '[::1]:81'}], egress: [{hosts: ['~ns/*', './*']}]}",
        "{egress: [{hosts: ['*/*.example.com']}]}",
    ],
)
def test_accepted(spec: str) -> None:
    assert verdicts("Sidecar", spec) == []


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ("{}", ["error required spec"]),
        ("{egress: [{}]}", ["error required spec.egress[0].hosts"]),
        ("{egress: [{hosts: [cart]}]}", ["error invalid-host spec.egress[0].hosts[0]"]),
        ("{egress: [{hosts: [./cart]}]}", ["error invalid-host spec.egress[0].hosts[0]"]),
        ("{egress: [{hosts: ['./a.*.com']}]}", ["error invalid-host spec.egress[0].hosts[0]"] * 2),
        ("{egress: [{hosts: [NS_/*]}]}", ["error invalid-host spec.egress[0].hosts[0]"]),
        ("{egress: [{hosts: [./*]}, {hosts: [./*]}]}", ["error order spec.egress[0]"]),
        ("{egress: [{port: {number: 0}, hosts: [./*]}]}", ["error invalid-address spec.egress[0].bind"]),
        (
            "{egress: [{port: {number: 80}, hosts: [./*]}, {port: {number: 80}, hosts: [./*]}]}",
            ["error duplicate spec.egress[1].port.number"],
        ),
        ("{egress: [{hosts: [./a.b, shop/a.b]}]}", ["warning duplicate spec.egress[0].hosts[1]"]),
        ("{egress: [{hosts: ['*/*', ./a.b]}]}", ["warning duplicate spec.egress[0].hosts"]),
        ("{workloadSelector: {}, egress: [{hosts: [./*]}]}", ["warning empty-selector spec.workloadSelector"]),
        (
            "{workloadSelector: {labels: {a: '*'}}, egress: [{hosts: [./*]}]}",
            ["error invalid-label spec.workloadSelector.labels.a"],
        ),
        ("{ingress: [{}]}", ["error required spec.ingress[0].port"]),
        (
            "{ingress: [{port: {number: 80}, defaultEndpoint: '10.0.0.1:80'}]}",
            ["error invalid-address spec.ingress[0].defaultEndpoint"],
        ),
        (
            "{ingress: [{port: {number: 80}, defaultEndpoint: '127.0.0.1:http'}]}",
            ["error invalid-port spec.ingress[0].defaultEndpoint"],
        ),
        (
            "{ingress: [{port: {number: 80}, defaultEndpoint: 'unix://x'}]}",
            ["error invalid-address spec.ingress[0].defaultEndpoint"],
        ),
        (
            "{ingress: [{port: {number: 80, protocol: HTTP}, tls: {mode: SIMPLE, credentialName: x}}]}",
            [
                "error unsupported spec.ingress[0].tls.credentialName",
                "error protocol-conflict spec.ingress[0].port.protocol",
            ],
        ),
        (
            "{ingress: [{port: {number: 80, protocol: TCP}, connectionPool: {http: {maxRetries: 1}}}]}",
            ["warning ignored-field spec.ingress[0].connectionPool.http"],
        ),
        (
            "{outboundTrafficPolicy: {egressProxy: {host: a.b, port: {number: 80}}}}",
            ["error oneof-conflict spec.outboundTrafficPolicy.egressProxy"],
        ),
        (
            "{outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: a.b}}}",
            ["error required spec.outboundTrafficPolicy.egressProxy.port"],
        ),
        ("{inboundConnectionPool: {}}", ["error required spec.inboundConnectionPool"]),
    ],
)
def test_refused_or_warned(spec: str, found: list[str]) -> None:
    assert verdicts("Sidecar", spec) == found
