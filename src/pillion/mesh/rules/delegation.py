"""How the routes of a delegate VirtualService are narrowed by the root's route that names it (Istio's rules).

Each match of the delegate must fit into some match of the root; where it does, the two are joined. Fields that the
delegate leaves out come from the root.
"""

from collections.abc import Iterable, Iterator

import msgspec

from pillion.resources.istio.virtual_service import HTTPMatchRequest, HTTPRoute, StringMatch
from pillion.value import FrozenMap, Where

replace = msgspec.structs.replace


class PlacedRoute(HTTPRoute, rename="camel"):
    """A route that stands elsewhere than its index says, for delegates were merged into the rule that holds it."""

    written: Where


def placed(route: HTTPRoute, written: Where) -> PlacedRoute:
    """Say of a route where it is written."""
    return PlacedRoute(**msgspec.structs.asdict(route), written=written)


def merge_routes(root: HTTPRoute, delegates: Iterable[HTTPRoute]) -> tuple[tuple[HTTPRoute, ...], tuple[str, ...]]:
    """Join each of the delegate's routes with the root's; the names of those that contradict it come second."""
    merged: list[HTTPRoute] = []
    conflicts: list[str] = []
    for route in delegates:
        matches = _merge_matches(root.match, route.match)
        if matches is None:
            conflicts.append(route.name)
        else:
            merged.append(_merge_route(root, route, matches))
    return tuple(merged), tuple(conflicts)


def _merge_route(root: HTTPRoute, route: HTTPRoute, matches: tuple[HTTPMatchRequest, ...]) -> HTTPRoute:
    return replace(
        route,
        name=_joined_name(root.name, route.name),
        match=matches,
        rewrite=route.rewrite or root.rewrite,
        direct_response=route.direct_response or root.direct_response,
        timeout=route.timeout if route.timeout is not None else root.timeout,
        retries=route.retries or root.retries,
        fault=route.fault or root.fault,
        mirror=route.mirror or root.mirror,
        mirror_percent=route.mirror_percent if route.mirror_percent is not None else root.mirror_percent,
        mirror_percentage=route.mirror_percentage or root.mirror_percentage,
        cors_policy=route.cors_policy or root.cors_policy,
        mirrors=route.mirrors or root.mirrors,
        headers=route.headers or root.headers,
    )


def _joined_name(root: str, leaf: str) -> str:
    return "-".join(name for name in (root, leaf) if name)


def _merge_matches(
    roots: tuple[HTTPMatchRequest, ...], leaves: tuple[HTTPMatchRequest, ...]
) -> tuple[HTTPMatchRequest, ...] | None:
    if not roots:
        return leaves
    if not leaves:
        return roots
    merged: list[HTTPMatchRequest] = []
    for leaf in leaves:
        fitting = [_merge_match(root, leaf) for root in roots if not _conflict(root, leaf)]
        if not fitting:
            return None
        merged.extend(fitting)
    return tuple(merged)


def _merge_match(root: HTTPMatchRequest, leaf: HTTPMatchRequest) -> HTTPMatchRequest:
    return replace(
        leaf,
        name=_joined_name(root.name, leaf.name),
        uri=leaf.uri or root.uri,
        scheme=leaf.scheme or root.scheme,
        method=leaf.method or root.method,
        authority=leaf.authority or root.authority,
        headers=FrozenMap({**root.headers, **leaf.headers}),
        without_headers=FrozenMap({**root.without_headers, **leaf.without_headers}),
        query_params=FrozenMap({**root.query_params, **leaf.query_params}),
        port=leaf.port or root.port,
        source_labels=FrozenMap({**root.source_labels, **leaf.source_labels}),
        source_namespace=leaf.source_namespace or root.source_namespace,
        gateways=leaf.gateways or root.gateways,
        stat_prefix=leaf.stat_prefix or root.stat_prefix,
    )


def _conflict(root: HTTPMatchRequest, leaf: HTTPMatchRequest) -> bool:
    return (
        any(_strings_conflict(*pair) for pair in _string_pairs(root, leaf))
        or root.ignore_uri_case != leaf.ignore_uri_case
        or (root.port > 0 and leaf.port > 0 and root.port != leaf.port)
        or root.source_namespace not in {"", leaf.source_namespace}
        or any(root.source_labels.get(key, value) != value for key, value in leaf.source_labels.items())
        or _gateways_conflict(root.gateways, leaf.gateways)
    )


def _string_pairs(
    root: HTTPMatchRequest, leaf: HTTPMatchRequest
) -> Iterator[tuple[StringMatch | None, StringMatch | None]]:
    yield from ((root.uri, leaf.uri), (root.scheme, leaf.scheme), (root.method, leaf.method))
    yield root.authority, leaf.authority
    for ours, theirs in (
        (root.headers, leaf.headers),
        (root.without_headers, leaf.without_headers),
        (root.query_params, leaf.query_params),
    ):
        for key, match in theirs.items():
            yield ours.get(key), match


def _gateways_conflict(roots: tuple[str, ...], leaves: tuple[str, ...]) -> bool:
    if not roots or not leaves:
        return False
    return len(roots) < len(leaves) or not set(leaves) <= set(roots)


def _strings_conflict(root: StringMatch | None, leaf: StringMatch | None) -> bool:
    """Return whether no text that `leaf` matches could be matched by `root`, as far as Istio looks."""
    if root is None or leaf is None:
        return False
    if (root.regex and _says_something(leaf)) or (leaf.regex and _says_something(root)):
        return True
    if root.exact:
        return bool(leaf.prefix) or leaf.exact != root.exact
    if root.prefix:
        narrower = leaf.prefix or leaf.exact
        if narrower:
            return not narrower.startswith(root.prefix)
    return True


def _says_something(match: StringMatch) -> bool:
    return bool(match.regex or match.prefix or match.exact)
