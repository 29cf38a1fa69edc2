import pytest

from support.verdicts import verdicts

DNS = "hosts: [a.b.com], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS"


@pytest.mark.parametrize(
    "spec",
    [
        f"{{{DNS}}}",
        f"{{{DNS}, endpoints: [{{address: c.d.com, ports: {{http: 8080}}}}]}}",
        "{hosts: ['*.a.com'], ports: [{number: 80, name: http, protocol: HTTP}]}",
        "{hosts: [a.com], addresses: [10.0.0.0/8], ports: [{number: 9, name: tcp, protocol: TCP}]}",
        "{hosts: [a.com], resolution: STATIC, ports: [{number: 1, name: x, protocol: HTTP}], endpoints: [{address: 'unix:///x'}]}",
        "{hosts: ['*.a.com'], resolution: DYNAMIC_DNS, ports: [{number: 443, name: tls, protocol: TLS}]}",
    ],
)
def test_accepted(spec: str) -> None:
    assert verdicts("ServiceEntry", spec) == []


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ("{}", ["error required spec.hosts"]),
        ("{hosts: ['*']}", ["error invalid-host spec.hosts[0]"]),
        ("{hosts: ['*-a.com']}", ["warning invalid-host spec.hosts[0]"]),
        ("{hosts: [a.com], addresses: [x]}", ["error invalid-address spec.addresses[0]"]),
        (f"{{{DNS}, addresses: [10.0.0.0/8]}}", ["error oneof-conflict spec.addresses"]),
        (f"{{{DNS}, endpoints: [{{address: x_y}}]}}", ["error invalid-address spec.endpoints[0].address"]),
        (
            f"{{{DNS}, endpoints: [{{address: a.b, ports: {{x: 1}}}}]}}",
            ["error unknown-port spec.endpoints[0].ports.x"],
        ),
        (f"{{{DNS}_ROUND_ROBIN, endpoints: [{{address: a}}, {{address: b}}]}}", ["error too-many spec.endpoints"]),
        ("{hosts: ['*.a.com'], resolution: DNS}", ["error invalid-host spec.hosts[0]"]),
        ("{hosts: [a.com], resolution: DYNAMIC_DNS}", ["error invalid-host spec.hosts[0]"]),
        ("{hosts: [a.com], ports: [{number: 80, name: x}]}", ["warning missing-address spec.ports[0].protocol"]),
        ("{hosts: [a.com], endpoints: [{address: 1.2.3.4}]}", ["error oneof-conflict spec.endpoints"]),
        ("{hosts: [a.com], resolution: STATIC, endpoints: [{}]}", ["error required spec.endpoints[0].address"]),
        (
            "{hosts: [a.com, b.com], resolution: DNS, ports: [{number: 80, name: x, protocol: TCP}]}",
            ["error protocol-conflict spec.hosts"],
        ),
        (f"{{{DNS}, exportTo: ['~', a]}}", ["error oneof-conflict spec.exportTo"]),
        (
            f"{{{DNS}, workloadSelector: {{labels: {{a: b}}}}, endpoints: [{{address: a.b}}]}}",
            ["error oneof-conflict spec.endpoints"],
        ),
    ],
)
def test_refused_or_warned(spec: str, found: list[str]) -> None:
    assert verdicts("ServiceEntry", spec) == found


def test_what_a_waypoint_cannot_do() -> None:
    spec = "{hosts: ['*.a.com'], resolution: DYNAMIC_DNS, location: MESH_INTERNAL}"
    assert verdicts("ServiceEntry", spec) == []
    labels = {"istio.io/use-waypoint": "w"}
    assert verdicts("ServiceEntry", spec, labels=labels) == ["error unsupported spec.location"]


def test_an_address_of_its_own_may_be_declined() -> None:
    spec = "{hosts: [a.com], resolution: DNS, ports: [{number: 80, name: x, protocol: TCP}]}"
    assert verdicts("ServiceEntry", spec) == []
    labels = {"networking.istio.io/enable-autoallocate-ip": "false"}
    assert verdicts("ServiceEntry", spec, labels=labels) == ["warning missing-address spec.ports[0].protocol"]


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ("{address: 1.2.3.4, ports: {http: 80}}", []),
        ("{address: a.b.com}", []),
        ("{network: x}", ["warning missing-address spec"]),
        ("{}", ["error required spec.address"]),
        ("{address: 'unix:///a/'}", ["error invalid-address spec.address"]),
        ("{address: 'unix:///a', ports: {http: 80}}", ["error oneof-conflict spec.ports"]),
        ("{address: 1.2.3.4, labels: {a: -}}", ["error invalid-label spec.labels.a"]),
    ],
)
def test_workload_entries(spec: str, found: list[str]) -> None:
    assert verdicts("WorkloadEntry", spec) == found


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ("{template: {}, probe: {httpGet: {port: 80}}}", []),
        ("{}", ["error required spec.template"]),
        ("{template: {}, probe: {}}", ["error required spec.probe"]),
        ("{template: {}, probe: {exec: {}}}", ["error required spec.probe.exec.command"]),
        ("{template: {}, probe: {tcpSocket: {port: 0}}}", ["error invalid-port spec.probe.tcpSocket.port"]),
        (
            "{template: {}, probe: {httpGet: {port: 80, scheme: FTP, httpHeaders: [{name: 'a b'}]}}}",
            [
                "error unknown-value spec.probe.httpGet.scheme",
                "error invalid-header spec.probe.httpGet.httpHeaders[0].name",
            ],
        ),
    ],
)
def test_workload_groups(spec: str, found: list[str]) -> None:
    assert verdicts("WorkloadGroup", spec) == found
