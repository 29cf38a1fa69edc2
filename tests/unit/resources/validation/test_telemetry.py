import pytest

from support.verdicts import verdicts


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ("{accessLogging: [{filter: {expression: response.code}}]}", []),
        (
            "{accessLogging: [{filter: {expression: ')'}}]}",
            ["error invalid-expression spec.accessLogging[0].filter.expression"],
        ),
        ("{accessLogging: [{providers: [{}]}]}", ["error required spec.accessLogging[0].providers[0].name"]),
        ("{tracing: [{}, {}]}", ["warning too-many spec.tracing"]),
        ("{tracing: [{providers: [{name: a}, {name: b}]}]}", ["warning too-many spec.tracing[0].providers"]),
        (
            "{tracing: [{randomSamplingPercentage: 101}]}",
            ["error out-of-range spec.tracing[0].randomSamplingPercentage"],
        ),
        (
            "{tracing: [{customTags: {a: {literal: {}}, b: {header: {}}, c: {environment: {}}}}]}",
            [
                "error required spec.tracing[0].customTags.a.literal.value",
                "error required spec.tracing[0].customTags.b.header.name",
                "error required spec.tracing[0].customTags.c.environment.name",
            ],
        ),
        (
            "{metrics: [{overrides: [{tagOverrides: {a: {}, b: {operation: REMOVE, value: x}}}]}]}",
            [
                "error required spec.metrics[0].overrides[0].tagOverrides.a.value",
                "error oneof-conflict spec.metrics[0].overrides[0].tagOverrides.b.value",
            ],
        ),
        (
            "{metrics: [{overrides: [{match: {customMetric: ''}}]}]}",
            ["error required spec.metrics[0].overrides[0].match.customMetric"],
        ),
    ],
)
def test_telemetries(spec: str, found: list[str]) -> None:
    assert verdicts("Telemetry", spec) == found
