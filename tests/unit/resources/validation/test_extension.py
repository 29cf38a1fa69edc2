import pytest

from support.verdicts import verdicts


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ("{url: ghcr.io/a/b:v1}", []),
        ("{url: 'oci://ghcr.io/a/b'}", []),
        ("{url: /var/x.wasm}", []),
        ("{}", ["error required spec.url"]),
        ("{url: 'ftp://x'}", ["error invalid-url spec.url"]),
        ("{url: a, sha256: x}", ["error invalid-digest spec.sha256"]),
        ("{url: a, vmConfig: {env: [{}]}}", ["error invalid-name spec.vmConfig.env[0].name"]),
        (
            "{url: a, vmConfig: {env: [{name: a, valueFrom: HOST, value: b}]}}",
            ["error oneof-conflict spec.vmConfig.env[0].value"],
        ),
        ("{url: a, vmConfig: {env: [{name: a}, {name: a}]}}", ["error duplicate spec.vmConfig.env[1].name"]),
        ("{url: a, match: [{ports: [{}]}]}", ["error invalid-port spec.match[0].ports[0].number"]),
    ],
)
def test_wasm_plugins(spec: str, found: list[str]) -> None:
    assert verdicts("WasmPlugin", spec) == found


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ("{lua: {inlineCode: x}}", []),
        ("{wasm: {url: a}}", []),
        ("{}", ["error oneof-conflict spec"]),
        ("{lua: {}}", ["error required spec.lua.inlineCode"]),
        (f"{{lua: {{inlineCode: {'x' * 65537}}}}}", ["error too-large spec.lua.inlineCode"]),
    ],
)
def test_traffic_extensions(spec: str, found: list[str]) -> None:
    assert verdicts("TrafficExtension", spec) == found
