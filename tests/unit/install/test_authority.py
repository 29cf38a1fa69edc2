"""Who vouches for the injector."""

import datetime as dt
import ssl
from base64 import b64decode, b64encode
from typing import Any

import pytest
from cryptography import x509

from pillion.controlplane.serve.settings import ServeSettings
from pillion.install.authority import AuthorityError, secret_keys, vouched
from pillion.install.names import AUTHORITY_SECRET
from pillion.install.options import Options
from pillion.pki.authority import Authority, renew

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def test_a_new_authority_issues_the_injectors_certificate() -> None:
    bundle, secrets = vouched(Options(), (None, None), NOW)
    assert [each.key for each in secrets] == list(secret_keys(Options()))
    ssl.create_default_context(cadata=bundle)
    leaf = secrets[1].document()
    assert leaf["type"] == "kubernetes.io/tls"
    certificate = x509.load_pem_x509_certificate(_text(leaf, "tls.crt").encode())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "istio-sidecar-injector.istio-system.svc" in names.get_values_for_type(x509.DNSName)
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(bundle.encode()))


def test_what_is_good_is_kept() -> None:
    bundle, (authority, leaf) = vouched(Options(), (None, None), NOW)
    assert vouched(Options(), (authority.document(), leaf.document()), NOW) == (bundle, ())


def test_a_lost_or_old_certificate_is_issued_anew_by_the_same_authority() -> None:
    bundle, (authority, leaf) = vouched(Options(), (None, None), NOW)
    again, written = vouched(Options(), (authority.document(), None), NOW)
    assert (again, [each.key for each in written]) == (bundle, [leaf.key])
    later = NOW + dt.timedelta(days=3000)
    assert [each.key for each in vouched(Options(), (authority.document(), leaf.document()), later)[1]] == [leaf.key]


def test_a_renewed_authority_vouches_anew() -> None:
    _, (authority, leaf) = vouched(Options(), (None, None), NOW)
    old = authority.document()
    kept = Authority(certificate=_text(old, "ca-cert.pem"), key=_text(old, "ca-key.pem"))
    old["data"]["ca-cert.pem"] = b64encode(renew(kept, NOW).certificate.encode()).decode()
    _, written = vouched(Options(), (old, leaf.document()), NOW)
    assert [each.key for each in written] == [leaf.key]


def test_a_secret_that_holds_something_else_is_not_touched() -> None:
    with pytest.raises(AuthorityError, match="pillion-ca holds no authority"):
        vouched(Options(), ({"data": {"ca-cert.pem": "eA=="}}, None), NOW)


def test_the_control_plane_keeps_the_same_secret() -> None:
    assert ServeSettings().secret == AUTHORITY_SECRET


def _text(secret: dict[str, Any], key: str) -> str:
    return b64decode(secret["data"][key]).decode()
