import pytest

from support.verdicts import verdicts


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ("{host: a.com, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}, subsets: [{name: v1, labels: {a: b}}]}", []),
        ("{}", ["error invalid-host spec.host"]),
        ("{host: a, trafficPolicy: {}}", ["error required spec.trafficPolicy"]),
        ("{host: a, subsets: [{name: v1}, {name: v1}]}", ["error duplicate spec.subsets[1].name"]),
        ("{host: a, subsets: [{name: v_1}]}", ["error invalid-name spec.subsets[0].name"]),
        ("{host: a, subsets: [{name: v1, labels: {a: ' '}}]}", ["error invalid-label spec.subsets[0].labels.a"]),
        ("{host: a, workloadSelector: {matchLabels: {a: b}}, exportTo: [.]}", []),
        ("{host: a, workloadSelector: {matchLabels: {a: b}}, exportTo: ['*']}", ["error invalid-export spec.exportTo"]),
        ("{host: a, exportTo: ['~']}", ["error invalid-name spec.exportTo[0]"]),
        ("{host: a, exportTo: ['*', b]}", ["error oneof-conflict spec.exportTo"]),
    ],
)
def test_destination_rules(spec: str, found: list[str]) -> None:
    assert verdicts("DestinationRule", spec) == found
