"""What an HTTP route matches (Istio's `TranslateRouteMatch`)."""

from pillion.ir.model.match import HeaderMatch, QueryMatch, RouteMatch
from pillion.ir.model.match import StringMatch as Test
from pillion.resources.istio.virtual_service import HTTPMatchRequest, StringMatch
from pillion.value import Labels

PRESENT = Test(kind="present")
METHOD, AUTHORITY, SCHEME = ":method", ":authority", ":scheme"


def applies(match: HTTPMatchRequest | None, port: int, labels: Labels, namespace: str) -> bool:
    """Return whether a match concerns this caller and this port at all."""
    if match is None:
        return True
    if match.port not in {0, port}:
        return False
    if match.gateways:
        return "mesh" in match.gateways
    return labels.covers(match.source_labels) and match.source_namespace in {"", namespace}


def string_test(match: StringMatch | None) -> Test:
    """Return a test of a string; an empty match and the regex `*` only ask for presence."""
    if match is None:
        return PRESENT
    if match.exact is not None:
        return Test(kind="exact", value=match.exact)
    if match.prefix is not None:
        return Test(kind="prefix", value=match.prefix)
    if match.regex is not None and match.regex != "*":
        return Test(kind="regex", value=match.regex)
    return PRESENT


def route_match(match: HTTPMatchRequest | None) -> RouteMatch:
    """Return the tests of one match; without one, every request passes."""
    if match is None:
        return RouteMatch()
    headers = [HeaderMatch(name=name, match=string_test(test)) for name, test in match.headers.items()]
    for name, test in match.without_headers.items():
        own = string_test(test)
        headers.append(HeaderMatch(name=name, match=own, inverted=True, missing_as_empty=own != PRESENT))
    headers.sort(key=lambda header: header.name)
    for name, pseudo in ((METHOD, match.method), (AUTHORITY, match.authority), (SCHEME, match.scheme)):
        if pseudo is not None:
            headers.append(HeaderMatch(name=name, match=string_test(pseudo)))
    return RouteMatch(
        path=_path(match.uri),
        ignore_case=match.ignore_uri_case,
        headers=tuple(headers),
        query=tuple(QueryMatch(name=name, match=string_test(test)) for name, test in match.query_params.items()),
    )


def _path(uri: StringMatch | None) -> Test:
    if uri is not None and uri.exact is not None:
        return Test(kind="exact", value=uri.exact)
    if uri is not None and uri.prefix is not None:
        return Test(kind="prefix", value=uri.prefix)
    if uri is not None and uri.regex is not None:
        return Test(kind="regex", value=uri.regex)
    return Test(kind="prefix", value="/")
