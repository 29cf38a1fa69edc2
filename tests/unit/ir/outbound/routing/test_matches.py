from typing import Any

import pytest

from pillion.ir.model.match import StringMatch as Wanted
from pillion.ir.outbound.routing.matches import PRESENT, applies, route_match, string_test
from pillion.resources.istio.virtual_service import HTTPMatchRequest, StringMatch
from pillion.value import FrozenMap
from support.scopes import virtual_service


def _match(**match: Any) -> HTTPMatchRequest:
    spec = {"hosts": ["a"], "http": [{"match": [match], "route": [{"destination": {"host": "a"}}]}]}
    return virtual_service(spec).spec.http[0].match[0]


@pytest.mark.parametrize(
    ("match", "concerns"),
    [
        ({}, True),
        ({"port": 80}, True),
        ({"port": 81}, False),
        ({"gateways": ["mesh"], "sourceLabels": {"app": "other"}}, True),
        ({"gateways": ["gate"]}, False),
        ({"sourceLabels": {"app": "web"}}, True),
        ({"sourceLabels": {"app": "other"}}, False),
        ({"sourceNamespace": "shop"}, True),
        ({"sourceNamespace": "other"}, False),
    ],
)
def test_whom_a_match_concerns(match: dict[str, Any], concerns: bool) -> None:
    assert applies(_match(**match), 80, FrozenMap({"app": "web"}), "shop") == concerns


def test_strings() -> None:
    assert string_test(StringMatch(prefix="a")) == Wanted(kind="prefix", value="a")
    assert string_test(StringMatch(regex="*")) == PRESENT
    assert string_test(StringMatch()) == PRESENT
    assert string_test(None) == PRESENT


def test_all_tests_of_a_match() -> None:
    found = route_match(
        _match(
            uri={"regex": ".*"},
            method={"exact": "GET"},
            headers={"b": {"exact": "1"}},
            withoutHeaders={"a": {"prefix": "x"}, "c": {}},
            queryParams={"q": {"exact": "1"}},
            ignoreUriCase=True,
        )
    )
    assert [header.name for header in found.headers] == ["a", "b", "c", ":method"]
    assert [(header.inverted, header.missing_as_empty) for header in found.headers][:3] == [
        (True, True), (False, False), (True, False),
    ]  # fmt: skip
    assert found.ignore_case
    assert found.query[0].name == "q"
    assert route_match(None).catches_all
