"""Certificates and kubeconfigs of a cluster for tests; it lives for minutes."""

import datetime as dt
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HOSTS = ("localhost", "kubernetes.default.svc")
ADDRESSES = ("127.0.0.1", "10.96.0.1")


class Authority:
    """Signs certificates into a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
        builder = self._builder(self.name, self.key).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), True
        )
        self._write("ca", builder.sign(self.key, hashes.SHA256()), self.key)

    def sign(self, name: str, user: str, group: str = "", *, server: bool = False) -> None:
        """Make NAME.crt and NAME.key of a user, or of the API server."""
        key = ec.generate_private_key(ec.SECP256R1())
        said = [x509.NameAttribute(NameOID.COMMON_NAME, user)]
        if group:
            said.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, group))
        builder = self._builder(x509.Name(said), key)
        usage = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), False)
        if server:
            names = [x509.DNSName(each) for each in HOSTS]
            places = [x509.IPAddress(ipaddress.ip_address(each)) for each in ADDRESSES]
            builder = builder.add_extension(x509.SubjectAlternativeName([*names, *places]), False)
        self._write(name, builder.sign(self.key, hashes.SHA256()), key)

    def service_account_key(self) -> None:
        """Make sa.key and sa.pub, for the tokens of service accounts."""
        key = rsa.generate_private_key(65537, 2048)
        (self.folder / "sa.key").write_bytes(_pem(key))
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        (self.folder / "sa.pub").write_bytes(public)

    def kubeconfig(self, name: str, server: str) -> Path:
        """Write NAME.kubeconfig for the holder of NAME.crt."""
        path = self.folder / f"{name}.kubeconfig"
        path.write_text(f"""
apiVersion: v1
kind: Config
current-context: tests
clusters: [{{name: tests, cluster: {{server: "{server}", certificate-authority: {self.folder}/ca.crt}}}}]
contexts: [{{name: tests, context: {{cluster: tests, user: {name}}}}}]
users: [{{name: {name}, user: {{client-certificate: {self.folder}/{name}.crt, client-key: {self.folder}/{name}.key}}}}]
""")
        return path

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(days=7))
        )

    def _write(self, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        (self.folder / f"{name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (self.folder / f"{name}.key").write_bytes(_pem(key))


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    kind = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption())
