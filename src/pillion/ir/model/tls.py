"""TLS on either side of a proxy."""

from typing import Literal

from pillion.ir.model.key import BackendKey
from pillion.value import Value

ClientMode = Literal["none", "mesh", "simple", "mutual"]


class ClientTls(Value):
    """How a proxy secures its connections to a backend."""

    mode: ClientMode = "none"
    """`mesh`: the workload's own certificate; `mutual`: another client certificate; `simple`: none."""
    automatic: bool = False
    """Only towards members that take the mesh's mutual TLS; plain text to the others."""
    sni: str = ""
    sni_key: BackendKey | None = None
    """The SNI is this backend's name."""
    sans: tuple[str, ...] = ()
    """Identities that the server may have; empty accepts any."""
    certificate: str = ""
    """File of the client certificate (`mutual`)."""
    key: str = ""
    ca: str = ""
    """File of the certificate authorities; `system` for the machine's."""
    crl: str = ""
    credential: str = ""
    """Name of a credential that is delivered by secret discovery, instead of files."""
    skip_verify: bool = False
    host_sni: bool = False
    """SNI from the request's host."""
    host_san: bool = False
    """Check the server's name against the request's host."""
    alpn: tuple[str, ...] = ()
    ecdh_curves: tuple[str, ...] = ()
    cipher_suites: tuple[str, ...] = ()


PLAIN = ClientTls()

TlsVersion = Literal["", "1.0", "1.1", "1.2", "1.3"]
"""Empty: the proxy's own choice."""
ServerMode = Literal["mesh", "simple", "mutual", "optional-mutual"]


class ServerTls(Value):
    """How a proxy terminates TLS for the workload beside it."""

    mode: ServerMode = "mesh"
    alpn: tuple[str, ...] = ()
    trust_domains: tuple[str, ...] = ()
    """Clients of these trust domains are let in (`mesh`)."""
    sans: tuple[str, ...] = ()
    certificate: str = ""
    key: str = ""
    ca: str = ""
    crl: str = ""
    credential: str = ""
    cipher_suites: tuple[str, ...] = ()
    ecdh_curves: tuple[str, ...] = ()
    minimum: TlsVersion = "1.2"
    maximum: TlsVersion = "1.3"
    certificate_hashes: tuple[str, ...] = ()
    certificate_spki: tuple[str, ...] = ()
