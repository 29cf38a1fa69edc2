import pytest

from support.verdicts import verdicts


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ("{}", []),
        ("{rules: [{}]}", []),
        ("{rules: [{from: []}]}", []),
        ("{action: DENY}", ["error required spec.rules"]),
        ("{action: CUSTOM, rules: [{}]}", ["error required spec.provider.name"]),
        ("{provider: {name: x}, rules: [{}]}", ["error oneof-conflict spec.provider"]),
        (
            "{action: CUSTOM, provider: {name: x}, rules: [{from: [{source: {namespaces: [a]}}]}]}",
            ["error unsupported spec.rules[0].from[0].namespaces"],
        ),
        ("{rules: [{from: [{}]}]}", ["error required spec.rules[0].from[0].source"]),
        ("{rules: [{from: [{source: {}}]}]}", ["error required spec.rules[0].from[0].source"]),
        (
            "{rules: [{from: [{source: {ipBlocks: [x, 10.0.0.0/8]}}]}]}",
            ["error invalid-address spec.rules[0].from[0].source.ipBlocks[0]"],
        ),
        (
            "{rules: [{from: [{source: {serviceAccounts: [a/b/c]}}]}]}",
            ["error invalid-name spec.rules[0].from[0].source.serviceAccounts[0]"],
        ),
        (
            "{rules: [{from: [{source: {trustDomains: ['a*b', '*.a']}}]}]}",
            ["error invalid-name spec.rules[0].from[0].source.trustDomains[0]"],
        ),
        (
            "{rules: [{from: [{source: {principals: [a], serviceAccounts: [b]}}]}]}",
            ["error oneof-conflict spec.rules[0].from[0].source.serviceAccounts"],
        ),
        ("{rules: [{to: [{operation: {}}]}]}", ["error required spec.rules[0].to[0].operation"]),
        (
            "{rules: [{to: [{operation: {ports: [http]}}]}]}",
            ["error invalid-port spec.rules[0].to[0].operation.ports[0]"],
        ),
        (
            "{rules: [{to: [{operation: {methods: ['']}}]}]}",
            ["error required spec.rules[0].to[0].operation.methods[0]"],
        ),
        ("{rules: [{to: [{operation: {paths: ['/a/{*}/b/{**}', /c*]}}]}]}", []),
        (
            "{rules: [{to: [{operation: {paths: ['/a/{**}/{*}']}}]}]}",
            ["error invalid-path spec.rules[0].to[0].operation.paths[0]"],
        ),
        (
            "{rules: [{to: [{operation: {paths: ['/{a}']}}]}]}",
            ["error invalid-path spec.rules[0].to[0].operation.paths[0]"],
        ),
        (
            "{rules: [{to: [{operation: {paths: ['/{*}/a*']}}]}]}",
            ["error invalid-path spec.rules[0].to[0].operation.paths[0]"],
        ),
        ("{rules: [{when: [{}]}]}", ["error required spec.rules[0].when[0].key"]),
        ("{rules: [{when: [{key: source.ip}]}]}", ["error required spec.rules[0].when[0].values"]),
        (
            "{rules: [{when: [{key: source.ip, values: [x]}]}]}",
            ["error invalid-address spec.rules[0].when[0].values[0]"],
        ),
        ("{rules: [{when: [{key: 'request.headers[x]', values: [y]}]}]}", []),
        (
            "{rules: [{when: [{key: request.headers, values: [y]}]}]}",
            [
                "error unknown-attribute spec.rules[0].when[0].values",
                "error unknown-attribute spec.rules[0].when[0].notValues",
            ],
        ),
        ("{action: DENY, rules: [{to: [{operation: {methods: [GET]}}]}]}", ["warning denies-tcp spec.rules[0]"]),
        ("{action: DENY, rules: [{to: [{operation: {methods: [GET], ports: ['80']}}]}]}", []),
        ("{selector: {}, rules: [{}]}", ["warning empty-selector spec.selector"]),
        (
            "{selector: {matchLabels: {a: b}}, targetRefs: [{kind: Service, name: x}]}",
            ["error oneof-conflict spec.targetRefs"],
        ),
        (
            "{targetRefs: [{kind: Pod, namespace: y}]}",
            [
                "error required spec.targetRefs[0].name",
                "error invalid-target spec.targetRefs[0].namespace",
                "error invalid-target spec.targetRefs[0].kind",
            ],
        ),
    ],
)
def test_authorization_policies(spec: str, found: list[str]) -> None:
    assert verdicts("AuthorizationPolicy", spec) == found


@pytest.mark.parametrize(
    ("action", "word", "found"),
    [
        ("ALLOW", "true", []),
        ("DENY", "maybe", ["error unknown-value metadata.annotations.istio.io/dry-run"]),
        ("AUDIT", "true", ["error unsupported metadata.annotations.istio.io/dry-run"]),
    ],
)
def test_dry_runs(action: str, word: str, found: list[str]) -> None:
    spec = f"{{action: {action}, rules: [{{}}]}}"
    assert verdicts("AuthorizationPolicy", spec, annotations={"istio.io/dry-run": word}) == found


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ("{mtls: {mode: STRICT}}", []),
        ("{selector: {matchLabels: {a: b}}, portLevelMtls: {80: {mode: DISABLE}}}", []),
        ("{portLevelMtls: {80: {mode: DISABLE}}}", ["error oneof-conflict spec.portLevelMtls"]),
        (
            "{selector: {matchLabels: {a: b}}, portLevelMtls: {http: {}}}",
            ["error invalid-port spec.portLevelMtls.http"],
        ),
    ],
)
def test_peer_authentications(spec: str, found: list[str]) -> None:
    assert verdicts("PeerAuthentication", spec) == found


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("issuer: x", []),
        ('jwks: \'{"keys": [{"kty": "RSA", "n": "a", "e": "AQAB"}]}\', issuer: x', []),
        ("{}", None),
        ("jwksUri: 'ftp://x'", ["error invalid-url jwksUri"]),
        ("issuer: x, jwks: '{'", ["error invalid-keys jwks"]),
        ("issuer: x, jwks: '[]'", ["error invalid-keys jwks"]),
        ('issuer: x, jwks: \'{"keys": [{"kty": "oct", "k": "a"}]}\'', ["warning private-key jwks"]),
        ("issuer: x, audiences: ['']", ["error required audiences[0]"]),
        ("issuer: x, fromHeaders: [{}]", ["error required fromHeaders[0].name"]),
        ("issuer: x, outputClaimToHeaders: [{claim: a}]", ["error required outputClaimToHeaders[0]"]),
        (
            "issuer: x, outputClaimToHeaders: [{claim: a, header: 'a.b'}]",
            ["error invalid-header outputClaimToHeaders[0].header"],
        ),
        ("issuer: x, timeout: 0s", ["error invalid-duration timeout"]),
    ],
)
def test_request_authentications(rule: str, found: list[str] | None) -> None:
    rule = "" if rule == "{}" else rule
    written = verdicts("RequestAuthentication", f"{{jwtRules: [{{{rule}}}]}}")
    assert [one.replace("spec.jwtRules[0].", "") for one in written] == (
        ["error required issuer"] if found is None else found
    )
