"""Which route of a virtual host takes a request: the first whose every condition holds."""

from collections.abc import Mapping

from pillion.analysis.call import Call, Profile
from pillion.analysis.matchers import Unjudged, compiled, matches_header, matches_query
from pillion.analysis.virtual_hosts import split_port
from pillion.envoy.view.matcher import Unread
from pillion.envoy.view.route import PathMatch, Redirect, Route, RouteMatch, VirtualHost
from pillion.value import Value


class Chosen(Value):
    """The route, if any, and what else decides."""

    route: Route | None = None
    notes: tuple[str, ...] = ()


def choose_route(host: VirtualHost, call: Call, path: str, profile: Profile) -> Chosen:
    """Give the first route that matches. A condition that cannot be judged counts as failed, and is noted."""
    headers = request_headers(call, path)
    notes: list[str] = []
    for route in host.routes:
        try:
            if profile == "istio_test":
                matched = _matches_loosely(route.match, path)
            else:
                matched = _matches(route.match, path, headers)
        except Unjudged as unjudged:
            notes.append(f"route {route.name or 'without a name'} was passed over: {unjudged} is not judged here")
            continue
        if matched and 0.0 < route.match.fraction < 1.0:
            share = f"{100 * route.match.fraction:g} % of requests go to route {route.name or 'without a name'}"
            notes.append(f"{share}, the others to the routes after it")
        if matched and route.match.fraction:
            return Chosen(route=route, notes=tuple(notes))
    return Chosen(notes=tuple(notes))


def request_headers(call: Call, path: str) -> Mapping[str, str]:
    """Give the headers as the routes see them, pseudo-headers among them."""
    scheme = "http" if call.encryption == "plaintext" else "https"
    own = {":method": call.method, ":path": path, ":authority": call.host, ":scheme": scheme}
    return {"x-forwarded-proto": scheme, **call.headers, **own}


def location_of(redirect: Redirect, match: RouteMatch, call: Call, path: str) -> str:
    """Give status and location of a redirect."""
    scheme = redirect.scheme or ("http" if call.encryption == "plaintext" else "https")
    host, port = split_port(call.host)
    if redirect.host:
        host, port = split_port(redirect.host)
    if redirect.port:
        port = str(redirect.port)
    elif redirect.scheme and port in {"80", "443"}:
        port = ""
    where = f"{host}:{port}" if port else host
    return f"{redirect.status} {scheme}://{where}{_redirected_path(redirect, match, path)}"


def _redirected_path(redirect: Redirect, match: RouteMatch, path: str) -> str:
    bare, mark, query = path.partition("?")
    rest = "" if redirect.strip_query else mark + query
    if redirect.regex:
        return f"{bare}{rest}"
    if redirect.prefix and isinstance(match.path, PathMatch):
        taken = len(bare) if match.path.how in {"path", "regex"} else len(match.path.text)
        return f"{redirect.path}{bare[taken:]}{rest}"
    if not redirect.path:
        return f"{bare}{rest}"
    return redirect.path if "?" in redirect.path else f"{redirect.path}{rest}"


def _matches(match: RouteMatch, path: str, headers: Mapping[str, str]) -> bool:
    if not _matches_path(match.path, path.partition("?")[0], headers):
        return False
    if not all(matches_header(each, headers) for each in match.headers):
        return False
    if not all(matches_query(each, path) for each in match.query):
        return False
    if match.grpc and not headers.get("content-type", "").startswith("application/grpc"):
        return False
    if match.unread:
        raise Unjudged(", ".join(match.unread))
    return True


def _matches_path(match: PathMatch | Unread, path: str, headers: Mapping[str, str]) -> bool:
    if isinstance(match, Unread):
        raise Unjudged(match.kind)
    text = match.text
    if match.ignore_case:
        text, path = text.lower(), path.lower()
    match match.how:
        case "prefix":
            return path.startswith(text)
        case "path":
            return path == text
        case "path_separated_prefix":
            return path == text or path.startswith(f"{text}/")
        case "regex":
            return compiled(text).fullmatch(path) is not None
        case "connect":
            return headers[":method"] == "CONNECT"


def _matches_loosely(match: RouteMatch, path: str) -> bool:
    if isinstance(match.path, Unread):
        return False
    match match.path.how:
        case "prefix" | "path_separated_prefix":
            return path.startswith(match.path.text)
        case "path":
            return path == match.path.text
        case "regex":
            return compiled(match.path.text).search(path) is not None
        case "connect":
            return False
