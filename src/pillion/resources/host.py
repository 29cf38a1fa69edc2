"""Host names, some of them wildcards: `reviews.default.svc.cluster.local`, `*.example.com`, `*`.

Mirrors Istio's `pkg/config/host`: a wildcard is a `*` in front, and what follows it is a suffix, so `*.foo.com` does
not cover `foo.com`.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import TypeVar

V = TypeVar("V")


def is_wildcard(host: str) -> bool:
    """Return whether the name stands for many."""
    return host.startswith("*")


def overlaps(host: str, other: str) -> bool:
    """Return whether one of the names covers the other (Istio's `Matches`)."""
    return is_subset_of(host, other) or is_subset_of(other, host)


def first_overlaps(hosts: Sequence[str]) -> dict[int, int]:
    """Find for each name the next one behind it that it overlaps, by their places; in a time that grows with the text.

    A name that overlaps none behind it is left out.
    """
    found: dict[int, int] = {}
    same: dict[str, int] = {}
    wild: dict[str, int] = {}
    ends: dict[str, int] = {}
    for place in range(len(hosts) - 1, -1, -1):
        host = hosts[place]
        tail = host[1:] if is_wildcard(host) else host
        tails = [tail[start:] for start in range(len(tail) + 1)]
        nearest = [wild[each] for each in tails if each in wild]
        nearest += [same[host]] if host in same else []
        nearest += [ends[tail]] if is_wildcard(host) and tail in ends else []
        if nearest:
            found[place] = min(nearest)
        same[host] = place
        if is_wildcard(host):
            wild[tail] = place
        ends.update(dict.fromkeys(tails, place))
    return found


def is_subset_of(host: str, other: str) -> bool:
    """Return whether `other` covers every name that `host` stands for."""
    if not is_wildcard(other):
        return host == other
    if is_wildcard(host):
        return len(host) >= len(other) and host[1:].endswith(other[1:])
    return host.endswith(other[1:])


class Cover:
    """Tells whether any of many names covers another one, in a time that grows with the text and not with the names."""

    __slots__ = ("_exact", "_lengths", "_tails")

    def __init__(self, hosts: Iterable[str]) -> None:
        self._exact: set[str] = set()
        self._tails: set[str] = set()
        for host in hosts:
            if is_wildcard(host):
                self._tails.add(host[1:])
            else:
                self._exact.add(host)
        self._lengths = sorted({len(tail) for tail in self._tails})

    def __contains__(self, host: str) -> bool:
        """Return whether one of the names covers every name that `host` stands for."""
        if host in self._exact:
            return True
        tail = host[1:] if is_wildcard(host) else host
        fitting = takewhile(lambda length: length <= len(tail), self._lengths)
        return any(tail[len(tail) - length :] in self._tails for length in fitting)


def specificity(host: str) -> tuple[bool, int, str]:
    """Return a key that sorts the most specific name first: exact before wildcard, long before short, then by name."""
    return is_wildcard(host), -len(host), host


def most_specific(host: str, candidates: Mapping[str, V]) -> tuple[str, V] | None:
    """Find the candidate that covers `host` best: itself, else the longest wildcard."""
    if host in candidates:
        return host, candidates[host]
    if not candidates:
        return None
    covering = [name for name in candidates if is_wildcard(name) and is_subset_of(host, name)]
    if not covering:
        return None
    best = min(covering, key=specificity)
    return best, candidates[best]


def intersection(hosts: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
    """Return the narrower name of each pair that overlaps, in order, each once."""
    second = tuple(others)
    narrow = (
        host if is_subset_of(host, other) else other
        for host in hosts
        for other in second
        if is_subset_of(host, other) or is_subset_of(other, host)
    )
    return tuple(dict.fromkeys(narrow))


def resolve_short_name(host: str, namespace: str, domain: str) -> str:
    """Expand a name without a dot to the service of that name in the resource's namespace.

    `domain` is the cluster's, such as `cluster.local`; without one the name ends in the namespace. Dotted names,
    wildcards and addresses stay as they are.
    """
    if "." in host or ":" in host or host == "*" or not host:
        return host
    return f"{host}.{namespace}.svc.{domain}" if domain else f"{host}.{namespace}"
