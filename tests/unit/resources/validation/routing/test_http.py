import pytest

from support.verdicts import verdicts

TO = "route: [{destination: {host: a}}]"


def http(route: str) -> list[str]:
    found = verdicts("VirtualService", f"{{hosts: [a], http: [{route}]}}")
    return [one.replace("spec.http[0].", "") for one in found]


@pytest.mark.parametrize(
    ("route", "found"),
    [
        ("{}", ["error required spec.http[0]"]),
        ("{redirect: {uri: /a}}", []),
        ("{directResponse: {status: 200}}", []),
        (f"{{redirect: {{uri: /a}}, {TO}}}", ["error oneof-conflict route"]),
        (f"{{directResponse: {{status: 200}}, {TO}}}", ["error oneof-conflict route"]),
        (f"{{delegate: {{name: x}}, {TO}}}", ["error oneof-conflict route"]),
        ("{delegate: {name: x}}", []),
        (f"{{{TO}, timeout: 0s}}", ["error invalid-duration timeout"]),
        (f"{{{TO}, timeout: 1us}}", ["error invalid-duration timeout"]),
        (f"{{{TO}, mirror: {{host: b}}, mirrors: [{{destination: {{host: c}}}}]}}", ["error oneof-conflict mirrors"]),
        (f"{{{TO}, mirrorPercent: 10, mirror: {{host: b}}}}", ["warning deprecated mirrorPercent"]),
        (f"{{{TO}, mirrorPercentage: {{value: 101}}}}", ["error out-of-range mirrorPercentage.value"]),
        (
            f"{{{TO}, rewrite: {{authority: b}}, headers: {{request: {{set: {{Host: c}}}}}}}}",
            ["error oneof-conflict headers.request"],
        ),
        ("{route: [{}]}", ["error required route[0].destination"]),
        ("{route: [{destination: {host: '*'}}]}", ["error invalid-host route[0].destination.host"]),
        ("{route: [{destination: {host: a, port: {}}}]}", ["error invalid-port route[0].destination.port.number"]),
    ],
)
def test_rules(route: str, found: list[str]) -> None:
    assert http(route) == found


@pytest.mark.parametrize(
    ("match", "found"),
    [
        ("{uri: {prefix: ''}}", []),
        ("{uri: {regex: '(?=a)'}}", ["error invalid-expression match[0].uri.regex"]),
        ("{uri: {regex: ''}}", ["error required match[0].uri.regex"]),
        ("{method: {prefix: ''}}", ["error required match[0].method.prefix"]),
        ("{headers: {'a b': {exact: x}}}", ["error invalid-header match[0].headers.a b"]),
        ("{headers: {':path': {exact: x}}}", []),
        ("{withoutHeaders: {x: {regex: '*'}}}", []),
        ("{port: 70000}", ["error invalid-port match[0].port"]),
        ("{sourceLabels: {'a b': x}}", ["error invalid-label match[0].sourceLabels.a b"]),
        ("{sourceNamespace: A_}", ["error invalid-name match[0].sourceNamespace"]),
        ("{gateways: [a.b]}", ["info deprecated match[0].gateways[0]"]),
        (f"{{uri: {{regex: {'a' * 1025}}}}}", ["error invalid-expression match[0].uri.regex"]),
    ],
)
def test_matches(match: str, found: list[str]) -> None:
    assert http(f"{{match: [{match}], {TO}}}") == found
