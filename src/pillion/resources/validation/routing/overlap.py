"""Rules that are never used, because one before takes everything that they would match."""

from bisect import bisect_left
from sys import maxunicode

import msgspec

from pillion.resources.istio.virtual_service import (
    HTTPMatchRequest,
    HTTPRoute,
    L4MatchAttributes,
    StringMatch,
    TCPRoute,
    TLSMatchAttributes,
    TLSRoute,
)
from pillion.resources.validation.report import Report
from pillion.value import FrozenMap, Value


class _Prefix(Value):
    """A match by prefix, as far as it is compared with others."""

    rule: int
    match: int
    prefix: str
    port: int
    texts: tuple[str, ...]
    """Method and authority."""
    maps: tuple[FrozenMap[str], ...]
    """Headers, query parameters, headers that must be absent."""


def check_overlaps(routes: tuple[HTTPRoute | TLSRoute | TCPRoute, ...], report: Report) -> None:
    """Warn of rules and matches that are never reached."""
    seen: dict[Value, int] = {}
    catch_all = False
    prefixes: list[_Prefix] = []
    for rule, route in enumerate(routes):
        if not route.match:
            if catch_all:
                report.warn("unreachable-rule", "a rule before matches everything", rule)
            catch_all = True
            continue
        if catch_all:
            report.warn("unreachable-rule", "a rule before matches everything", rule)
            continue
        prefixes.extend(_check_duplicates(rule, route.match, seen, report.at(rule)))
    _check_prefixes(prefixes, report)


def _check_duplicates(
    rule: int,
    matches: tuple[HTTPMatchRequest | TLSMatchAttributes | L4MatchAttributes, ...],
    seen: dict[Value, int],
    report: Report,
) -> list[_Prefix]:
    prefixes: list[_Prefix] = []
    duplicates = 0
    for index, match in enumerate(matches):
        nameless = msgspec.structs.replace(match, name="") if isinstance(match, HTTPMatchRequest) else match
        if nameless in seen:
            report.warn("unreachable-match", f"rule {seen[nameless]} has the same match", "match", index)
            duplicates += 1
            continue
        seen[nameless] = rule
        if isinstance(match, HTTPMatchRequest) and match.uri is not None and match.uri.prefix:
            prefixes.append(_prefix_of(rule, index, match, match.uri.prefix))
    if duplicates == len(matches):
        report.warn("unreachable-rule", "rules before have all its matches")
    return prefixes


def _check_prefixes(prefixes: list[_Prefix], report: Report) -> None:
    """Compare each prefix with those alone that go on where it ends: a long list has few of them."""
    groups: dict[tuple[int, tuple[tuple[str, ...], ...]], list[tuple[str, int]]] = {}
    for place, each in enumerate(prefixes):
        groups.setdefault(_group(each), []).append((each.prefix, place))
    for group in groups.values():
        group.sort()
    for place, first in enumerate(prefixes):
        group = groups[_group(first)]
        begin = bisect_left(group, (first.prefix, len(prefixes)))
        end = bisect_left(group, (first.prefix + chr(maxunicode), 0))
        for later in sorted(at for _, at in group[begin:end] if at > place):
            second = prefixes[later]
            if _covers(first, second):
                message = f"prefix {first.prefix} of rule {first.rule} takes everything below {second.prefix}"
                report.warn("unreachable-match", message, second.rule, "match", second.match, "uri", "prefix")


def _group(prefix: _Prefix) -> tuple[int, tuple[tuple[str, ...], ...]]:
    """Give what must be equal for one to cover the other."""
    return prefix.port, tuple(tuple(each) for each in prefix.maps)


def _prefix_of(rule: int, index: int, match: HTTPMatchRequest, prefix: str) -> _Prefix:
    texts = (_text(match.method) or "exact:GET", _text(match.authority))
    maps = tuple(
        FrozenMap({key: _text(value) for key, value in values.items()})
        for values in (match.headers, match.query_params, match.without_headers)
    )
    return _Prefix(rule=rule, match=index, prefix=prefix, port=match.port, texts=texts, maps=maps)


def _text(match: StringMatch | None) -> str:
    if match is not None and match.exact:
        return f"exact:{match.exact}"
    return f"prefix:{match.prefix}" if match is not None and match.prefix else ""


def _covers(first: _Prefix, second: _Prefix) -> bool:
    """Compare two of a group as Istio does, whose notion of covering is rough: beginnings of texts."""
    if not all(a.startswith(b) for a, b in zip(first.texts, second.texts, strict=True)):
        return False
    pairs = zip(first.maps, second.maps, strict=True)
    return all(a[key].startswith(b[key]) for a, b in pairs for key in a)
