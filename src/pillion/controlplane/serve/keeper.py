"""Keeps our authority in a Secret that all replicas share, and the certificate of this replica young."""

import datetime as dt
import ssl
from typing import Any, final

import msgspec

from pillion.controlplane.webhook import certificate
from pillion.pki.authority import Authority, Leaf, create, is_due, issue, renew, validity
from pillion.pki.kept import CERTIFICATE, KEY, Kept, alone, kept_in, succeeding, written
from pillion.sources.kubernetes.client import ApiError, KubernetesClient

LABELS = {"app.kubernetes.io/managed-by": "pillion"}
TRIES = 5
LOOK_EVERY = 3600.0
"""Seconds between looks, when nothing says that something is new."""


class KeeperError(Exception):
    """There is no authority to be had; the text says why."""


@final
class Keeper:
    """The authority, and the certificate that it issued to us."""

    def __init__(
        self, client: KubernetesClient, place: tuple[str, str], hosts: tuple[str, ...], handover: float = 0.0
    ) -> None:
        """Set up.

        Args:
            client: an entered client.
            place: namespace and name of the Secret.
            hosts: what our certificate is for.
            handover: seconds for which our certificate stays after the authority was replaced by another one, so that
                whoever connects has learnt to trust that.
        """
        self.context = server_context()
        """For the TLS front; it is kept current."""
        self.web = certificate.context()
        """For HTTPS; it is kept current."""
        self.leaf: Leaf | None = None
        self.kept: Kept | None = None
        self._client = client
        namespace, self._name = place
        self._path = f"/api/v1/namespaces/{namespace}/secrets"
        self._hosts = hosts
        self._handover = dt.timedelta(seconds=handover)
        self._issue_at: dt.datetime | None = None

    @property
    def authority(self) -> Authority | None:
        """Who vouches for us."""
        return None if self.kept is None else self.kept.authority

    @property
    def roots(self) -> str:
        """Whom to trust who connects to us, as PEM; empty when that is not known yet."""
        return "" if self.kept is None else self.kept.roots

    async def refresh(self, now: dt.datetime) -> None:
        """Take the authority from the Secret, made or renewed if need be, and a new certificate when it is time.

        Raises `ApiError` and `KeeperError`; what was there before stays in use.
        """
        before, self.kept = self.kept, await self._found(now)
        authority = self.kept.authority
        if before is None or self.kept.roots != before.roots:
            self.context.load_verify_locations(cadata=self.kept.roots)
        if before is not None and authority != before.authority:
            is_another = authority.key != before.authority.key
            self._issue_at = now + self._handover if is_another else now
        is_time = self._issue_at is not None and now >= self._issue_at
        if self.leaf is None or is_time or is_due(self.leaf.certificate, now):
            self.leaf = issue(authority, self._hosts, now)
            self._issue_at = None
            pair = certificate.KeyPair(chain=self.leaf.certificate.encode(), key=self.leaf.key.encode())
            for context in (self.context, self.web):
                certificate.use(pair, context)

    def pause(self, now: dt.datetime) -> float:
        """Tell for how many seconds there is nothing to do."""
        if self._issue_at is None:
            return LOOK_EVERY
        return min(LOOK_EVERY, max(0.0, (self._issue_at - now).total_seconds()))

    def ends(self) -> dict[str, float]:
        """Tell when the authority's certificate and ours end, in seconds since 1970."""
        texts = {"root": self.authority and self.authority.certificate, "leaf": self.leaf and self.leaf.certificate}
        return {name: validity(text)[1].timestamp() for name, text in texts.items() if text}

    async def _found(self, now: dt.datetime) -> Kept:
        for _ in range(TRIES):
            try:
                content = await self._client.request("GET", f"{self._path}/{self._name}")
            except ApiError as problem:
                if problem.code != 404:
                    raise
                # A Secret that was deleted under us comes back as it was: proxies trust that authority.
                kept = self.kept or alone(create("pillion", now), "", now)
                if await self._wrote("POST", self._path, self._secret(kept)):
                    return kept
                continue
            secret: dict[str, Any] = msgspec.json.decode(content)
            found = kept_in(secret, now)
            if found is None:
                names = f"{CERTIFICATE} and {KEY}"
                raise KeeperError(f"Secret {self._name} holds no authority ({names}): delete or mend it")
            kept = succeeding(self.kept, found, now)
            if is_due(kept.authority.certificate, now):
                kept = alone(renew(kept.authority, now), kept.roots, now)
            if kept == found or await self._wrote("PUT", f"{self._path}/{self._name}", _with(secret, kept)):
                return kept
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

    def _secret(self, kept: Kept) -> dict[str, Any]:
        metadata: dict[str, Any] = {"name": self._name, "labels": LABELS}
        return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": written(kept)}


def _with(secret: dict[str, Any], kept: Kept) -> dict[str, Any]:
    """Write a Secret anew; its version says which one is replaced."""
    return {**secret, "data": {**(secret.get("data") or {}), **written(kept)}}


def server_context() -> ssl.SSLContext:
    """Make a context for xDS: HTTP/2, and a client's certificate is welcome but not needed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_OPTIONAL
    context.set_alpn_protocols(["h2"])
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.num_tickets = 0  # a proxy connects once and stays
    return context
