"""SPIFFE identities."""

import pytest

from pillion.pki.identity import Identity, parse_identity


def test_reads_what_it_writes() -> None:
    identity = Identity(trust_domain="cluster.local", namespace="shop", account="web")
    assert str(identity) == "spiffe://cluster.local/ns/shop/sa/web"
    assert parse_identity(str(identity)) == identity


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "spiffe://td/ns/a/sa/",
        "spiffe://td/ns/a/sa/b/c",
        "https://td/ns/a/sa/b",
        "spiffe://td/sa/a/ns/b",
        "td/ns/a/sa/b",
    ],
)
def test_takes_nothing_else_for_an_identity(uri: str) -> None:
    assert parse_identity(uri) is None
