import pytest

from support.verdicts import verdicts


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ("{ports: [{port: 80, targetPort: http}]}", []),
        ("{clusterIP: None}", []),
        ("{type: ExternalName, externalName: a.b.com}", []),
        ("{}", ["error required spec.ports"]),
        ("{type: ExternalName}", ["error invalid-host spec.externalName"]),
        ("{clusterIP: x, ports: [{port: 80}]}", ["error invalid-address spec.clusterIP"]),
        ("{ports: [{port: 0}]}", ["error invalid-port spec.ports[0].port"]),
        ("{ports: [{port: 80, targetPort: UPPER}]}", ["error invalid-name spec.ports[0].targetPort"]),
        ("{ports: [{port: 80, name: a}, {port: 81}]}", ["error required spec.ports[1].name"]),
        ("{ports: [{port: 80, name: a}, {port: 80, name: b}]}", ["error duplicate spec.ports[1]"]),
        ("{ports: [{port: 80, name: a}, {port: 80, name: b, protocol: UDP}]}", []),
        (
            "{ports: [{port: 80}, {port: 81}]}",
            ["error required spec.ports[0].name", "error required spec.ports[1].name"],
        ),
        ("{ports: [{port: 80, name: a}, {port: 81, name: a}]}", ["error duplicate spec.ports[1]"]),
        ("{ports: [{port: 80, name: A_b}]}", ["error invalid-name spec.ports[0].name"]),
    ],
)
def test_services(spec: str, found: list[str]) -> None:
    assert verdicts("Service", spec) == found


def test_a_services_name_is_a_label() -> None:
    assert verdicts("Service", "{ports: [{port: 80}]}", name="a.b") == ["error invalid-name metadata.name"]
