import pytest

from pillion.resources.istio.virtual_service import HeaderOperations, Headers
from pillion.resources.validation.report import Report
from pillion.resources.validation.routing import headers
from pillion.value import FrozenMap


@pytest.mark.parametrize(
    "value",
    ["", "foo", "%HOSTNAME%", "100%%", "a %REQ(X:Y)% b", '%DYNAMIC_METADATA(["a", "b"])%', "%START_TIME( x )%", "a\tb"],
)
def test_values(value: str) -> None:
    report = Report()
    headers.check_value(value, report)
    assert report.diagnostics == ()


@pytest.mark.parametrize("value", ["abc%123", "%START_TIME%%", "%", "%A(", '%A(["a" "b"])%', "%A(b)", "a\nb", "\x00"])
def test_values_that_envoy_refuses(value: str) -> None:
    report = Report()
    headers.check_value(value, report)
    assert len(report.diagnostics) == 1


@pytest.mark.parametrize(
    ("name", "claim"),
    [
        ("@request.auth.claims.a", True),
        ("@request.auth.claims[a][b]", True),
        ("@Request.Auth.Claims.a", True),
        ("@request.auth.claims", False),
        ("@request.auth.claims.", False),
        ("@request.auth.claims-a", False),
        ("x", False),
    ],
)
def test_claims(name: str, claim: bool) -> None:
    assert headers.is_claim(name) is claim


def test_what_may_be_changed() -> None:
    report = Report()
    names = FrozenMap({"Host": "a", ":authority": "b", "x": "c", ":path": "d", "": "e"})
    headers.check_headers(Headers(request=HeaderOperations(set=names, remove=("host",))), report.at("headers"))
    assert [found.where.field for found in report.diagnostics] == [
        "headers.request.set.",
        "headers.request.set.:path",
        "headers.request.remove[0]",
    ]
