"""Who is calling: a service account, proved by a Kubernetes token or a certificate; and what it may ask for.

A token is shown to the API server (TokenReview). The answer is remembered for a moment, so that a proxy whose line is
bad does not cost a question a try, and that one whose token is bad does not keep the others waiting.
"""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, final

import msgspec

from pillion.pki.identity import parse_identity
from pillion.proxy.node import Proxy
from pillion.sources.kubernetes.client import ApiError, KubernetesClient
from pillion.value import FrozenMap, Value
from pillion.xds.provider import UnauthenticatedError

PLAINTEXT = "plaintext"
"""The name of a caller who proved nothing, where that is allowed."""
REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"
ACCOUNT = "system:serviceaccount:"
POD_NAME = "authentication.kubernetes.io/pod-name"
REMEMBERED = 10.0
MOST_REMEMBERED = 10_000
REFUSED = 5.0
"""Seconds for which a bad token is not shown to the API server again."""
MOST_REFUSED = 1_000
AT_ONCE = 32


class UserInfo(Value):
    """Whom a token belongs to."""

    username: str = ""
    extra: FrozenMap[Any] | None = None


class ReviewStatus(Value):
    """What the API server says about a token."""

    authenticated: bool = False
    user: UserInfo = UserInfo()
    audiences: tuple[str, ...] = ()
    error: str = ""


class Review(Value):
    """A TokenReview's answer."""

    status: ReviewStatus = ReviewStatus()


_review = msgspec.json.Decoder(Review, dec_hook=lambda _, value: FrozenMap(value))


class _BadTokenError(UnauthenticatedError):
    """The token is not good, and will not be in a moment either."""


@final
class _Memory:
    """Answers about tokens, each for some seconds; the oldest goes when there are too many."""

    def __init__(self, seconds: float, most: int, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._most = most
        self._clock = clock
        self._known: OrderedDict[bytes, tuple[float, str]] = OrderedDict()

    def get(self, key: bytes) -> str | None:
        found = self._known.get(key)
        return found[1] if found is not None and self._clock() < found[0] else None

    def keep(self, key: bytes, answer: str) -> None:
        self._known.pop(key, None)
        self._known[key] = (self._clock() + self._seconds, answer)
        while len(self._known) > self._most:
            self._known.popitem(last=False)


@final
class Authenticator:
    """Names callers: `NAMESPACE/ACCOUNT`, and `/POD` where the proof says so."""

    def __init__(
        self,
        client: KubernetesClient,
        audiences: tuple[str, ...],
        trust_domains: Callable[[], frozenset[str]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.failures = 0
        self._client = client
        self._audiences = audiences
        self._trust_domains = trust_domains
        self._known = _Memory(REMEMBERED, MOST_REMEMBERED, clock)
        self._refused = _Memory(REFUSED, MOST_REFUSED, clock)
        self._free = asyncio.Semaphore(AT_ONCE)

    async def admit(self, peer: str, metadata: Mapping[str, str]) -> str:
        """Name the caller (an `xds.provider.Admit`); `peer` is the URI of its certificate, or empty.

        Raises `UnauthenticatedError`.
        """
        scheme, _, token = metadata.get("authorization", "").partition(" ")
        try:
            if scheme.lower() == "bearer" and token:
                return await self._by_token(token)
            return self._by_certificate(peer)
        except UnauthenticatedError:
            self.failures += 1
            raise

    def _by_certificate(self, uri: str) -> str:
        identity = parse_identity(uri)
        if identity is None:
            raise UnauthenticatedError("show a service account's token, or a certificate of the mesh")
        if identity.trust_domain not in self._trust_domains():
            raise UnauthenticatedError(f"the trust domain of {uri} is none of this mesh")
        return f"{identity.namespace}/{identity.account}"

    async def _by_token(self, token: str) -> str:
        key = hashlib.sha256(token.encode()).digest()
        name = self._recalled(key)
        if name is None:
            async with self._free:
                name = self._recalled(key) or await self._asked(key, token)
        return name

    def _recalled(self, key: bytes) -> str | None:
        problem = self._refused.get(key)
        if problem is not None:
            raise UnauthenticatedError(problem)
        return self._known.get(key)

    async def _asked(self, key: bytes, token: str) -> str:
        try:
            name = await self._reviewed(token)
        except _BadTokenError as problem:
            self._refused.keep(key, str(problem))
            raise
        self._known.keep(key, name)
        return name

    async def _reviewed(self, token: str) -> str:
        spec = {"token": token, "audiences": list(self._audiences)}
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": spec}
        try:
            status = _review.decode(await self._client.request("POST", REVIEWS, body=body)).status
        except (ApiError, msgspec.MsgspecError) as problem:
            raise UnauthenticatedError(f"the token cannot be checked now: {problem}") from problem
        if not status.authenticated:
            raise _BadTokenError(f"the token is not good: {status.error or 'the API server does not know it'}")
        if not set(status.audiences) & set(self._audiences):
            raise _BadTokenError("the token is not meant for this mesh")
        name = status.user.username
        namespace, _, account = name.removeprefix(ACCOUNT).partition(":")
        if not name.startswith(ACCOUNT) or not namespace or not account:
            raise _BadTokenError(f"the token is {name}'s, which is no service account")
        pods = (status.user.extra or FrozenMap[Any]()).get(POD_NAME) or ()
        return "/".join([namespace, account, *pods[:1]])


def may_be(peer: str, proxy: Proxy) -> str | None:
    """Let a caller be a proxy of its own service account only, and of its own pod where that is proved."""
    if peer == PLAINTEXT:
        return None
    namespace, _, rest = peer.partition("/")
    account, _, pod = rest.partition("/")
    workload = proxy.workload
    if (namespace, account) != (workload.namespace, workload.account):
        return f"{namespace}/{account} cannot speak for {workload.namespace}/{workload.account}"
    if pod and pod != workload.name:
        return f"pod {namespace}/{pod} cannot speak for pod {workload.namespace}/{workload.name}"
    return None
