"""A small certificate authority: makes itself, renews itself under the same key, and vouches for servers.

The time is always given. An authority that is renewed keeps its key and its name, so what the old certificate vouches
for is good under the new one, and whoever still trusts the old one trusts what is issued now.
"""

import datetime as dt
from collections.abc import Iterable
from ipaddress import ip_address
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pillion.value import Value

BACKDATED = dt.timedelta(minutes=5)
"""Certificates begin a little earlier, for clocks that are slow."""
LIFETIME = dt.timedelta(days=3650)
LEAF_LIFETIME = dt.timedelta(days=30)


class Authority(Value):
    """A certificate that vouches for others, and its key; both PEM."""

    certificate: str
    key: str


class Leaf(Value):
    """A server's certificate, its authority's behind it, and its key; all PEM."""

    certificate: str
    key: str


def create(organization: str, now: dt.datetime, lifetime: dt.timedelta = LIFETIME) -> Authority:
    """Make an authority with a new key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization)])
    return Authority(certificate=_self_signed(name, key, now, lifetime), key=_key_text(key))


def renew(authority: Authority, now: dt.datetime, lifetime: dt.timedelta = LIFETIME) -> Authority:
    """Give the authority a new certificate for its key."""
    name = x509.load_pem_x509_certificate(authority.certificate.encode()).subject
    return Authority(certificate=_self_signed(name, _key_of(authority), now, lifetime), key=authority.key)


def is_due(certificate: str, now: dt.datetime) -> bool:
    """Return whether two thirds of a certificate's time are over, or it is not valid yet. Raises `ValueError`."""
    first, last = validity(certificate)
    return not first <= now < first + (last - first) * 2 / 3


def validity(certificate: str) -> tuple[dt.datetime, dt.datetime]:
    """Tell from when to when the first certificate of a PEM text is valid. Raises `ValueError`."""
    found = x509.load_pem_x509_certificate(certificate.encode())
    return found.not_valid_before_utc, found.not_valid_after_utc


def bundle(texts: Iterable[str], now: dt.datetime) -> str:
    """Join certificates of authorities, as PEM: of each key the first one, without those whose time is over.

    Raises `ValueError`.
    """
    found: dict[bytes, str] = {}
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    for text in texts:
        for each in x509.load_pem_x509_certificates(text.encode()) if text.strip() else ():
            if each.not_valid_after_utc > now:
                key = each.public_key().public_bytes(serialization.Encoding.DER, form)
                found.setdefault(key, each.public_bytes(serialization.Encoding.PEM).decode())
    return "".join(found.values())


def issue(authority: Authority, hosts: Iterable[str], now: dt.datetime, lifetime: dt.timedelta = LEAF_LIFETIME) -> Leaf:
    """Vouch for a server of these DNS names and IP addresses, with a new key; never for longer than the authority."""
    root = x509.load_pem_x509_certificate(authority.certificate.encode())
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    names = x509.SubjectAlternativeName([_general_name(each) for each in hosts])
    certificate = (
        _begun(x509.Name([]), key, now, min(now + lifetime, root.not_valid_after_utc))
        .issuer_name(root.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=False)
        .add_extension(names, critical=True)
        .sign(_key_of(authority), hashes.SHA256())
    )
    chain = certificate.public_bytes(serialization.Encoding.PEM).decode() + authority.certificate
    return Leaf(certificate=chain, key=_key_text(key))


def fits(authority: Authority) -> bool:
    """Return whether the texts are a certificate of an authority and its key."""
    try:
        certificate = x509.load_pem_x509_certificate(authority.certificate.encode())
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        return constraints.value.ca and _key_of(authority).public_key() == certificate.public_key()
    except (ValueError, TypeError, x509.ExtensionNotFound):
        return False


def _self_signed(name: x509.Name, key: ec.EllipticCurvePrivateKey, now: dt.datetime, lifetime: dt.timedelta) -> str:
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        _begun(name, key, now, now + lifetime)
        .issuer_name(name)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _begun(
    subject: x509.Name, key: ec.EllipticCurvePrivateKey, now: dt.datetime, ends: dt.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.UniformResourceIdentifier(host) if "://" in host else x509.DNSName(host)


def _key_of(authority: Authority) -> ec.EllipticCurvePrivateKey:
    return cast(ec.EllipticCurvePrivateKey, serialization.load_pem_private_key(authority.key.encode(), None))


def _key_text(key: ec.EllipticCurvePrivateKey) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
