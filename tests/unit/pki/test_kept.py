"""An authority as its Secret keeps it."""

import datetime as dt
from base64 import b64encode

import pytest

from pillion.pki.authority import bundle, create, renew
from pillion.pki.kept import Kept, alone, kept_in, succeeding, written

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
FIRST, SECOND = (alone(create(name, NOW), "", NOW) for name in ("first", "second"))


def test_what_is_written_is_read() -> None:
    assert kept_in({"data": written(FIRST)}, NOW) == FIRST
    both = succeeding(FIRST, SECOND, NOW)
    assert kept_in({"data": written(both)}, NOW) == both


def test_an_authority_that_follows_another_is_trusted_beside_it() -> None:
    both = succeeding(FIRST, SECOND, NOW)
    assert both == Kept(authority=SECOND.authority, roots=SECOND.roots + FIRST.roots)
    assert succeeding(both, both, NOW) == both
    assert succeeding(None, FIRST, NOW) == FIRST


def test_one_that_was_renewed_is_the_same_and_is_trusted_once() -> None:
    later = NOW + dt.timedelta(days=1)
    renewed = alone(renew(FIRST.authority, later), FIRST.roots, later)
    assert renewed.roots == renewed.authority.certificate
    assert succeeding(FIRST, renewed, later) == renewed


def test_what_is_over_is_trusted_no_more() -> None:
    short = create("short", NOW, dt.timedelta(days=1))
    assert bundle((FIRST.roots, short.certificate), NOW) == FIRST.roots + short.certificate
    assert bundle((FIRST.roots, short.certificate), NOW + dt.timedelta(days=2)) == FIRST.roots


@pytest.mark.parametrize("roots", ["x", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"])
def test_certificates_that_are_none_are_left_out(roots: str) -> None:
    data = {**written(FIRST), "root-cert.pem": b64encode(roots.encode()).decode()}
    assert kept_in({"data": data}, NOW) == FIRST


def test_a_secret_without_an_authority_holds_none() -> None:
    wrong = {**written(FIRST), "ca-key.pem": written(SECOND)["ca-key.pem"]}
    for data in ({}, {"ca-cert.pem": "eA=="}, wrong, {"ca-cert.pem": "?"}):
        assert kept_in({"data": data}, NOW) is None
