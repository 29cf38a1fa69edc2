"""Who vouches for the injector: an authority of our own in a Secret, and the certificate that it issues.

An authority that is there is kept, whoever made it: the API server and the proxies trust it. It is the control plane's
too, which renews it under its key, so that the `caBundle` of the webhook stays good.
"""

import binascii
import datetime as dt
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any, cast

from pillion.controlplane.serve.keeper import CERTIFICATE, KEY
from pillion.install.manifest import KINDS, Manifest, ObjectKey, manifest
from pillion.install.names import AUTHORITY_SECRET, names_of
from pillion.install.options import Options
from pillion.install.ownership import OWNER, OWNER_LABEL, REVISION_LABEL
from pillion.pki.authority import LIFETIME, Authority, create, fits, is_due, issue

Found = Mapping[str, Any] | None


class AuthorityError(Exception):
    """The Secret of the authority cannot be used; the text says why."""


def secret_keys(options: Options) -> tuple[ObjectKey, ObjectKey]:
    """Name the Secrets of the authority and of the injector's certificate."""
    names = (AUTHORITY_SECRET, names_of(options).injector_certificate)
    return cast(
        "tuple[ObjectKey, ObjectKey]",
        tuple(
            ObjectKey(api_version="v1", kind="Secret", namespace=options.system_namespace, name=name) for name in names
        ),
    )


def vouched(options: Options, found: tuple[Found, Found], now: dt.datetime) -> tuple[str, tuple[Manifest, ...]]:
    """Return whom to trust (PEM), and the Secrets that have to be written for it.

    Raises `AuthorityError`.
    """
    of_authority, of_leaf = found
    authority = create(OWNER, now) if of_authority is None else _authority(of_authority)
    written = [] if of_authority is not None else [_secret(options, AUTHORITY_SECRET, _texts(authority), "Opaque")]
    if not _is_good(of_leaf, authority, now):
        service = f"{names_of(options).injector}.{options.system_namespace}.svc"
        leaf = issue(authority, (service, f"{service}.cluster.local"), now, LIFETIME)
        data = {"tls.crt": leaf.certificate, "tls.key": leaf.key, "ca.crt": authority.certificate}
        written.append(_secret(options, names_of(options).injector_certificate, data, "kubernetes.io/tls"))
    return authority.certificate, tuple(written)


def _texts(authority: Authority) -> dict[str, str]:
    return {CERTIFICATE: authority.certificate, KEY: authority.key}


def _authority(secret: Mapping[str, Any]) -> Authority:
    texts = _decoded(secret)
    authority = Authority(certificate=texts.get(CERTIFICATE, ""), key=texts.get(KEY, ""))
    if not fits(authority):
        message = f"Secret {AUTHORITY_SECRET} holds no authority ({CERTIFICATE} and {KEY}): delete or mend it"
        raise AuthorityError(message)
    return authority


def _is_good(secret: Found, authority: Authority, now: dt.datetime) -> bool:
    texts = _decoded(secret or {})
    if "tls.key" not in texts or texts.get("ca.crt") != authority.certificate:
        return False
    try:
        return not is_due(texts.get("tls.crt", ""), now)
    except ValueError:
        return False


def _decoded(secret: Mapping[str, Any]) -> dict[str, str]:
    data = cast("Mapping[str, str]", secret.get("data") or {})
    try:
        return {key: b64decode(text).decode() for key, text in data.items()}
    except (binascii.Error, UnicodeDecodeError):
        return {}


def _secret(options: Options, name: str, data: Mapping[str, str], kind: str) -> Manifest:
    labels = {OWNER_LABEL: OWNER}
    if name != AUTHORITY_SECRET:
        labels[REVISION_LABEL] = options.revision
    return manifest({
        "apiVersion": KINDS["Secret"][0],
        "kind": "Secret",
        "metadata": {"name": name, "namespace": options.system_namespace, "labels": labels},
        "type": kind,
        "data": {key: b64encode(text.encode()).decode() for key, text in data.items()},
    })  # fmt: skip
