"""An authority as its Secret keeps it: certificate, key, and whom to trust beside it.

Who replaces the authority by another one leaves servers behind whose certificates are the old one's. So the old
certificate stays among those to trust, in the Secret, where every replica finds it.
"""

import binascii
import datetime as dt
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any, cast

from pillion.pki.authority import Authority, bundle, fits
from pillion.value import Value

CERTIFICATE, KEY, ROOTS = "ca-cert.pem", "ca-key.pem", "root-cert.pem"
"""The names of Istio's `cacerts`."""


class Kept(Value):
    """What the Secret holds."""

    authority: Authority
    roots: str
    """PEM of all that are to be trusted, the authority's own first."""


def kept_in(secret: Mapping[str, Any], now: dt.datetime) -> Kept | None:
    """Read the Secret; None when it holds no authority."""
    texts = decoded(secret)
    authority = Authority(certificate=texts.get(CERTIFICATE, ""), key=texts.get(KEY, ""))
    if not fits(authority):
        return None
    try:
        return alone(authority, texts.get(ROOTS, ""), now)
    except ValueError:
        return alone(authority, "", now)


def alone(authority: Authority, others: str, now: dt.datetime) -> Kept:
    """Trust an authority, and others beside it. Raises `ValueError` when those are no certificates."""
    return Kept(authority=authority, roots=bundle((authority.certificate, others), now) or authority.certificate)


def succeeding(before: Kept | None, found: Kept, now: dt.datetime) -> Kept:
    """Trust those of before too, when the authority is another one now."""
    if before is None or before.authority.key == found.authority.key:
        return found
    return alone(found.authority, found.roots + before.roots, now)


def written(kept: Kept) -> dict[str, str]:
    """Write the data of the Secret."""
    authority = kept.authority
    return encoded({CERTIFICATE: authority.certificate, KEY: authority.key, ROOTS: kept.roots})


def decoded(secret: Mapping[str, Any]) -> dict[str, str]:
    """Read the texts of a Secret; nothing when they are none."""
    data = cast("Mapping[str, str]", secret.get("data") or {})
    try:
        return {key: b64decode(text).decode() for key, text in data.items()}
    except (binascii.Error, UnicodeDecodeError):
        return {}


def encoded(texts: Mapping[str, str]) -> dict[str, str]:
    """Write texts as a Secret's data."""
    return {key: b64encode(text.encode()).decode() for key, text in texts.items()}
