import pytest

from support.verdicts import verdicts


def patch(spec: str) -> list[str]:
    first, *rest = verdicts("EnvoyFilter", f"{{configPatches: [{{{spec}}}]}}")
    assert first == "warning fragile "
    return [one.replace("spec.configPatches[0].", "") for one in rest]


MERGE = "patch: {operation: MERGE, value: {}}"
IN_FILTER = "match: {{listener: {{filterChain: {{filter: {}}}}}}}, patch: {{operation: REMOVE}}"


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        (f"applyTo: CLUSTER, match: {{cluster: {{}}}}, {MERGE}", []),
        ("applyTo: CLUSTER, patch: {operation: REMOVE}", []),
        ("match: {context: WAYPOINT}", []),
        (f"applyTo: HTTP_FILTER, {MERGE}", ["warning deprecated patch.value"]),
        ("applyTo: HTTP_FILTER, patch: {operation: MERGE, value: {typed_config: {}}}", []),
        (
            "applyTo: CLUSTER, patch: {operation: MERGE, value: {transport_socket: {name: tls}}}",
            ["warning deprecated patch.value.transport_socket"],
        ),
        (f"{MERGE}", ["error required applyTo"]),
        ("applyTo: CLUSTER", ["error required patch"]),
        ("applyTo: CLUSTER, patch: {}", ["error required patch.operation"]),
        ("applyTo: CLUSTER, patch: {operation: ADD}", ["error required patch.value"]),
        (f"applyTo: CLUSTER, match: {{listener: {{}}}}, {MERGE}", ["error oneof-conflict match.cluster"]),
        (f"applyTo: HTTP_ROUTE, match: {{cluster: {{}}}}, {MERGE}", ["error oneof-conflict match.routeConfiguration"]),
        (f"applyTo: LISTENER, match: {{cluster: {{}}}}, {MERGE}", ["error oneof-conflict match.listener"]),
        (
            f"applyTo: LISTENER, match: {{proxy: {{proxyVersion: 'a++'}}}}, {MERGE}",
            ["error invalid-expression match.proxy.proxyVersion"],
        ),
        (
            "applyTo: NETWORK_FILTER, " + IN_FILTER.format("{name: envoy.tcp_proxy}"),
            ["warning deprecated match.listener.filterChain.filter.name"],
        ),
        (
            "applyTo: HTTP_FILTER, " + IN_FILTER.format("{name: x, subFilter: {name: y}}"),
            ["error oneof-conflict match.listener.filterChain.filter.name"],
        ),
    ],
)
def test_patches(spec: str, found: list[str]) -> None:
    assert patch(spec) == found
