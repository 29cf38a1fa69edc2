"""The server's certificate, on an SSL context that lives on when the files change.

Both files are read once and tried on another context first: a certificate without its key, as seen between two writes,
would leave the live one useless.
"""

import os
import ssl
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pillion.value import Value


class CertificateError(Exception):
    """The files are no certificate with its key; the message says which and why."""


class KeyPair(Value):
    """Certificate chain and private key, as PEM."""

    chain: bytes
    key: bytes


def read(chain: str, key: str) -> KeyPair:
    """Read the files; raises `CertificateError`."""
    parts: list[bytes] = []
    for name in (chain, key):
        try:
            parts.append(Path(name).read_bytes())
        except OSError as error:
            raise CertificateError(f"{name}: cannot be read: {error.strerror}") from None
    return KeyPair(chain=parts[0], key=parts[1])


def context() -> ssl.SSLContext:
    """Return a context for a server, which has no certificate yet."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_alpn_protocols(["http/1.1"])
    return made


def use(pair: KeyPair, live: ssl.SSLContext) -> None:
    """Use a key pair for new connections; raises `CertificateError`, and then the last one stays."""
    with _as_files(pair) as (chain, key):
        try:
            context().load_cert_chain(chain, key, password=_no_password)
            live.load_cert_chain(chain, key, password=_no_password)
        except (ssl.SSLError, ValueError) as error:
            raise CertificateError(f"certificate and key do not make a pair: {error}") from None


def _no_password() -> str:
    """Refuse an encrypted key, where OpenSSL would ask the terminal."""
    raise ValueError("the key is encrypted")


@contextmanager
def _as_files(pair: KeyPair) -> Generator[tuple[str, str]]:
    """Lay both into memory that OpenSSL can open by name."""
    with ExitStack() as stack:
        names: list[str] = []
        for part in (pair.chain, pair.key):
            file = os.memfd_create("pem", os.MFD_CLOEXEC)
            stack.callback(os.close, file)
            os.write(file, part)
            names.append(f"/proc/self/fd/{file}")
        yield names[0], names[1]
