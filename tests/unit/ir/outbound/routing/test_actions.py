from typing import Any

import pytest

from pillion.ir.model.route import DirectResponse, Fault, Fraction, NoAction, Redirect
from pillion.ir.outbound.routing.actions import cors, direct_response, fault, redirect, share
from pillion.resources.istio.virtual_service import HTTPRoute, Percent
from support.scopes import virtual_service


def _route(**route: Any) -> HTTPRoute:
    base = {"route": [{"destination": {"host": "a"}}]} if not {"redirect", "directResponse"} & route.keys() else {}
    return virtual_service({"hosts": ["a"], "http": [base | route]}).spec.http[0]


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        ({"uri": "/a", "authority": "h"}, Redirect(path="/a", host="h")),
        ({"prefixRewrite": "/p", "redirectCode": 307}, Redirect(prefix="/p", code=307)),
        ({"uri": "/", "port": 80}, Redirect(path="/")),
        ({"uri": "/", "port": 443, "scheme": "https"}, Redirect(path="/", scheme="https")),
        ({"uri": "/", "port": 443}, Redirect(path="/", port=443)),
        ({"uri": "/", "derivePort": "FROM_REQUEST_PORT"}, Redirect(path="/", port=8080)),
        ({"uri": "/", "redirectCode": 418}, NoAction()),
    ],
)
def test_redirects(rule: dict[str, Any], wanted: Redirect | NoAction) -> None:
    found = _route(redirect=rule).redirect
    assert found is not None
    assert redirect(found, 8080) == wanted


def test_direct_responses() -> None:
    for body, wanted in (
        (None, DirectResponse(status=200)),
        ({"string": "x"}, DirectResponse(status=200, text="x")),
        ({"bytes": "eA=="}, DirectResponse(status=200, raw=b"x")),
    ):
        found = _route(directResponse={"status": 200} | ({"body": body} if body else {})).direct_response
        assert found is not None
        assert direct_response(found) == wanted


def test_shares_are_exact_to_a_millionth() -> None:
    assert share(Percent(value=0.05)) == Fraction(numerator=500, denominator=1_000_000)


def test_faults() -> None:
    both = fault(_route(fault={
        "delay": {"percent": 5, "fixedDelay": "2s"},
        "abort": {"grpcStatus": "UNAVAILABLE", "percentage": {"value": 50}},
    }).fault)  # fmt: skip
    assert both == Fault(
        delay=2 * 10**9,
        delay_share=Fraction(numerator=5),
        abort_grpc=14,
        abort_share=Fraction(numerator=500_000, denominator=1_000_000),
    )
    assert fault(None) is None


def test_cors() -> None:
    found = cors(_route(corsPolicy={
        "allowOrigins": [{"exact": "a"}], "allowMethods": ["GET", "PUT"], "maxAge": "90.5s",
        "unmatchedPreflights": "IGNORE",
    }).cors_policy)  # fmt: skip
    assert found is not None
    assert (found.methods, found.max_age, found.forward_unmatched) == ("GET,PUT", "90", False)
    older = cors(_route(corsPolicy={"allowOrigin": ["b"]}).cors_policy)
    assert older is not None
    assert older.origins[0].value == "b"
    assert cors(None) is None
