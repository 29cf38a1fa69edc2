"""SPIFFE identities as Istio writes them: `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT`."""

from pillion.value import Value

SCHEME = "spiffe://"


class Identity(Value):
    """A service account, as a certificate names it."""

    trust_domain: str
    namespace: str
    account: str

    def __str__(self) -> str:
        return f"{SCHEME}{self.trust_domain}/ns/{self.namespace}/sa/{self.account}"


def parse_identity(uri: str) -> Identity | None:
    """Read an identity; None when the URI is none of a service account."""
    parts = uri.removeprefix(SCHEME).split("/")
    if not uri.startswith(SCHEME) or len(parts) != 5 or parts[1] != "ns" or parts[3] != "sa" or "" in parts:
        return None
    return Identity(trust_domain=parts[0], namespace=parts[2], account=parts[4])
