"""The injector's certificate in its Secret: when it is good, and what is written when it is not."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from pillion.pki.authority import is_due, issue
from pillion.pki.kept import Kept, decoded, encoded

LIFETIME = dt.timedelta(days=365)
"""Long enough to outlast a control plane that nobody looks after for months."""
CHAIN, KEY, ROOTS = "tls.crt", "tls.key", "ca.crt"


def hosts_of(service: str, namespace: str) -> tuple[str, ...]:
    """Name a Service as an API server calls it."""
    name = f"{service}.{namespace}.svc"
    return (name, f"{name}.cluster.local")


def renewal(secret: Mapping[str, Any] | None, kept: Kept, hosts: tuple[str, ...], now: dt.datetime) -> dict[str, str]:
    """Return the data of a new Secret, or nothing when the one that is there is good."""
    texts = decoded(secret or {})
    try:
        is_young = KEY in texts and not is_due(texts.get(CHAIN, ""), now)
    except ValueError:
        is_young = False
    if is_young and texts.get(ROOTS) == kept.roots:
        return {}
    leaf = issue(kept.authority, hosts, now, LIFETIME)
    return encoded({CHAIN: leaf.certificate, KEY: leaf.key, ROOTS: kept.roots})
