"""Keeps our authority in a Secret that all replicas share, and the certificate of this replica young."""

import base64
import binascii
import datetime as dt
import ssl
import tempfile
from typing import Any, cast, final

import msgspec

from pillion.pki.authority import Authority, Leaf, create, fits, is_due, issue, renew, validity
from pillion.sources.kubernetes.client import ApiError, KubernetesClient

CERTIFICATE, KEY = "ca-cert.pem", "ca-key.pem"
LABELS = {"app.kubernetes.io/managed-by": "pillion"}
TRIES = 5


class KeeperError(Exception):
    """There is no authority to be had; the text says why."""


@final
class Keeper:
    """The authority, and the certificate that it issued to us."""

    def __init__(self, client: KubernetesClient, namespace: str, name: str, hosts: tuple[str, ...]) -> None:
        self.context = server_context()
        """For the TLS front; it is kept current."""
        self.leaf: Leaf | None = None
        self.authority: Authority | None = None
        self._client = client
        self._path = f"/api/v1/namespaces/{namespace}/secrets"
        self._name = name
        self._hosts = hosts

    async def refresh(self, now: dt.datetime) -> None:
        """Take the authority from the Secret, made or renewed if need be, and a new certificate when it is time.

        Raises `ApiError` and `KeeperError`; what was there before stays in use.
        """
        before = self.authority
        self.authority = await self._kept(now)
        if self.authority != before:
            self.context.load_verify_locations(cadata=self.authority.certificate)
        if self.leaf is None or self.authority != before or is_due(self.leaf.certificate, now):
            self.leaf = issue(self.authority, self._hosts, now)
            load(self.context, self.leaf)

    def ends(self) -> dict[str, float]:
        """Tell when the authority's certificate and ours end, in seconds since 1970."""
        texts = {"root": self.authority and self.authority.certificate, "leaf": self.leaf and self.leaf.certificate}
        return {name: validity(text)[1].timestamp() for name, text in texts.items() if text}

    async def _kept(self, now: dt.datetime) -> Authority:
        for _ in range(TRIES):
            try:
                content = await self._client.request("GET", f"{self._path}/{self._name}")
            except ApiError as problem:
                if problem.code != 404:
                    raise
                # A Secret that was deleted under us comes back as it was: proxies trust that authority.
                authority = self.authority or create("pillion", now)
                if await self._wrote("POST", self._path, self._secret(authority)):
                    return authority
                continue
            document: dict[str, Any] = msgspec.json.decode(content)
            authority = self._read(document)
            if not is_due(authority.certificate, now):
                return authority
            renewed = renew(authority, now)
            version = str(document["metadata"]["resourceVersion"])
            if await self._wrote("PUT", f"{self._path}/{self._name}", self._secret(renewed, version)):
                return renewed
        raise KeeperError(f"Secret {self._name} is changed by somebody all the time")

    async def _wrote(self, method: str, path: str, secret: dict[str, Any]) -> bool:
        """Write the Secret; return whether nobody was faster."""
        try:
            await self._client.request(method, path, body=secret)
        except ApiError as problem:
            if problem.code in {404, 409}:
                return False
            raise
        return True

    def _read(self, document: dict[str, Any]) -> Authority:
        data = cast("dict[str, str]", document.get("data") or {})
        try:
            texts = [base64.b64decode(data[key]).decode() for key in (CERTIFICATE, KEY)]
        except (KeyError, binascii.Error, UnicodeDecodeError):
            texts = ["", ""]
        authority = Authority(certificate=texts[0], key=texts[1])
        if not fits(authority):
            raise KeeperError(f"Secret {self._name} holds no authority ({CERTIFICATE} and {KEY}): delete or mend it")
        return authority

    def _secret(self, authority: Authority, version: str = "") -> dict[str, Any]:
        metadata: dict[str, Any] = {"name": self._name, "labels": LABELS}
        if version:
            metadata["resourceVersion"] = version
        data = {CERTIFICATE: authority.certificate, KEY: authority.key}
        encoded = {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}
        return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": encoded}


def server_context() -> ssl.SSLContext:
    """Make a context for xDS: HTTP/2, and a client's certificate is welcome but not needed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_OPTIONAL
    context.set_alpn_protocols(["h2"])
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.num_tickets = 0  # a proxy connects once and stays
    return context


def load(context: ssl.SSLContext, leaf: Leaf) -> None:
    """Use a certificate for connections to come; Python's `ssl` reads it from a file only."""
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:  # 0600, and gone when loaded
        file.write(leaf.key + leaf.certificate)
        file.flush()
        context.load_cert_chain(file.name)
