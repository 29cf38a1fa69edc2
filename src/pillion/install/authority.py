"""Who vouches for the injector: an authority of our own in a Secret, and the certificate that it issues.

An authority that is there is kept, whoever made it: the API server and the proxies trust it. It is the control plane's
too, which renews it under its key, so that the `caBundle` of the webhook stays good.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any, cast

from pillion.controlplane.writing.certificate import hosts_of, renewal
from pillion.install.manifest import KINDS, Manifest, ObjectKey, manifest
from pillion.install.names import AUTHORITY_SECRET, names_of
from pillion.install.options import Options
from pillion.install.ownership import OWNER, OWNER_LABEL, REVISION_LABEL
from pillion.pki.authority import create
from pillion.pki.kept import CERTIFICATE, KEY, alone, kept_in, written

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
    kept = alone(create(OWNER, now), "", now) if of_authority is None else kept_in(of_authority, now)
    if kept is None:
        message = f"Secret {AUTHORITY_SECRET} holds no authority ({CERTIFICATE} and {KEY}): delete or mend it"
        raise AuthorityError(message)
    made = [] if of_authority is not None else [_secret(options, AUTHORITY_SECRET, written(kept), "Opaque")]
    names = names_of(options)
    data = renewal(of_leaf, kept, hosts_of(names.injector, options.system_namespace), now)
    if data:
        made.append(_secret(options, names.injector_certificate, data, "kubernetes.io/tls"))
    return kept.roots, tuple(made)


def _secret(options: Options, name: str, data: Mapping[str, str], kind: str) -> Manifest:
    labels = {OWNER_LABEL: OWNER}
    if name != AUTHORITY_SECRET:
        labels[REVISION_LABEL] = options.revision
    return manifest({
        "apiVersion": KINDS["Secret"][0],
        "kind": "Secret",
        "metadata": {"name": name, "namespace": options.system_namespace, "labels": labels},
        "type": kind,
        "data": dict(data),
    })  # fmt: skip
