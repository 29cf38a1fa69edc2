"""When the injector needs another certificate."""

import datetime as dt
from typing import Any

from cryptography import x509

from pillion.controlplane.writing.certificate import LIFETIME, hosts_of, renewal
from pillion.pki.authority import create
from pillion.pki.kept import alone, decoded, succeeding

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
HOSTS = hosts_of("istio-sidecar-injector", "istio-system")
KEPT = alone(create("a", NOW), "", NOW)


def secret(data: dict[str, str]) -> dict[str, Any]:
    return {"data": data}


def test_a_good_one_stays() -> None:
    data = renewal(None, KEPT, HOSTS, NOW)
    assert renewal(secret(data), KEPT, HOSTS, NOW) == {}
    leaf = x509.load_pem_x509_certificate(decoded(secret(data))["tls.crt"].encode())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "istio-sidecar-injector.istio-system.svc" in names.get_values_for_type(x509.DNSName)


def test_an_old_one_a_broken_one_and_one_of_another_authority_go() -> None:
    data = renewal(None, KEPT, HOSTS, NOW)
    assert renewal(secret(data), KEPT, HOSTS, NOW + LIFETIME * 3 / 4)
    for key in ("tls.crt", "tls.key", "ca.crt"):
        assert renewal(secret({name: text for name, text in data.items() if name != key}), KEPT, HOSTS, NOW)
    assert renewal(secret({**data, "tls.crt": "eA=="}), KEPT, HOSTS, NOW)
    another = succeeding(KEPT, alone(create("b", NOW), "", NOW), NOW)
    assert decoded(secret(renewal(secret(data), another, HOSTS, NOW)))["ca.crt"] == another.roots
