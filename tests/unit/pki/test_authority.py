"""The authority, and what real TLS makes of its certificates."""

import datetime as dt
import ssl
from pathlib import Path

import pytest

from pillion.pki.authority import Authority, Leaf, create, fits, is_due, issue, renew, validity

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
DAY = dt.timedelta(days=1)


def shake_hands(trusted: str, leaf: Leaf, host: str, folder: Path) -> None:
    """Let a client and a server of Python's TLS meet in memory."""
    file = folder / "leaf.pem"
    file.write_text(leaf.certificate + leaf.key)
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(file)
    client_context = ssl.create_default_context(cadata=trusted)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(back, there, server_hostname=host)
    server = server_context.wrap_bio(there, back, server_side=True)
    for _ in range(6):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    assert client.version()


def test_vouches_for_names_and_addresses(tmp_path: Path) -> None:
    authority = create("tests", NOW)
    leaf = issue(authority, ["istiod.istio-system.svc", "127.0.0.1"], NOW)
    shake_hands(authority.certificate, leaf, "istiod.istio-system.svc", tmp_path)
    shake_hands(authority.certificate, leaf, "127.0.0.1", tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(authority.certificate, leaf, "other.svc", tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(create("tests", NOW).certificate, leaf, "127.0.0.1", tmp_path)


def test_renewed_it_is_trusted_by_those_who_know_only_the_old_and_the_reverse(tmp_path: Path) -> None:
    old = create("tests", NOW - 10 * DAY, 20 * DAY)
    new = renew(old, NOW)
    assert new.certificate != old.certificate
    shake_hands(old.certificate, issue(new, ["a.svc"], NOW), "a.svc", tmp_path)
    shake_hands(new.certificate, issue(old, ["a.svc"], NOW), "a.svc", tmp_path)


def test_a_leaf_never_outlives_its_authority() -> None:
    authority = create("tests", NOW, 3 * DAY)
    assert validity(issue(authority, ["a.svc"], NOW).certificate)[1] == NOW + 3 * DAY
    assert validity(issue(authority, ["a.svc"], NOW, DAY).certificate)[1] == NOW + DAY


def test_is_due_when_two_thirds_are_over() -> None:
    certificate = create("tests", NOW, 3 * DAY).certificate
    assert not is_due(certificate, NOW + DAY)
    assert is_due(certificate, NOW + 2 * DAY)
    assert is_due(certificate, NOW - DAY)


def test_knows_what_is_no_authority() -> None:
    authority, other = create("tests", NOW), create("tests", NOW)
    assert fits(authority)
    assert not fits(Authority(certificate=authority.certificate, key=other.key))
    assert not fits(Authority(certificate="", key=""))
    leaf = issue(authority, ["a.svc"], NOW)
    assert not fits(Authority(certificate=leaf.certificate, key=leaf.key))
