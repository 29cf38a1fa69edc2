"""Which proxy a caller may be, and how often the API server is asked about a token."""

import asyncio
import json

import pytest

from pillion.controlplane.serve.authentication import AT_ONCE, PLAINTEXT, REFUSED, REVIEWS, Authenticator, may_be
from pillion.proxy.node import Proxy, read_proxy
from pillion.sources.kubernetes.access import Access
from pillion.sources.kubernetes.client import KubernetesClient
from pillion.xds.provider import UnauthenticatedError
from support.web import Web, serving


def proxy() -> Proxy:
    found = read_proxy("sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local", {"SERVICE_ACCOUNT": "web"})
    assert found is not None
    return found


@pytest.mark.parametrize("peer", ["shop/web", "shop/web/web-1", PLAINTEXT])
def test_may_be_itself(peer: str) -> None:
    assert may_be(peer, proxy()) is None


@pytest.mark.parametrize("peer", ["", "shop", "shop/other", "other/web", "shop/web/web-2", "shop/web/web-1/more"])
def test_may_be_nobody_else(peer: str) -> None:
    assert may_be(peer, proxy()) is not None


class Told:
    """An authenticator, what the API server is asked about tokens, and a clock."""

    def __init__(self, web: Web, client: KubernetesClient) -> None:
        self.now = 0.0
        self.web = web
        self.authenticator = Authenticator(client, ("istio-ca",), frozenset, lambda: self.now)

    async def refusal(self, token: str) -> str:
        """Return why a token is not good, and how often it was asked till now."""
        with pytest.raises(UnauthenticatedError) as refused:
            await self.authenticator.admit("", {"authorization": f"Bearer {token}"})
        return f"{len(self.web.asked)}: {refused.value}"


BAD = json.dumps({"status": {"authenticated": False, "error": "expired"}})
GOOD = {"authenticated": True, "audiences": ["istio-ca"], "user": {"username": "system:serviceaccount:shop:web"}}


def test_a_bad_token_is_not_shown_again_for_a_moment() -> None:
    web = Web({REVIEWS: BAD})

    async def talk(port: int) -> None:
        async with KubernetesClient(Access(server=f"http://127.0.0.1:{port}")) as client:
            told = Told(web, client)
            for _ in range(3):
                assert await told.refusal("old") == "1: the token is not good: expired"
            assert await told.refusal("other") == "2: the token is not good: expired"
            told.now = REFUSED
            web.answers[REVIEWS] = json.dumps({"status": GOOD})
            assert await told.authenticator.admit("", {"authorization": "Bearer old"}) == "shop/web"
            assert told.authenticator.failures == 4

    serving(web, talk)


def test_a_flood_of_one_bad_token_is_asked_about_no_oftener_than_there_are_slots() -> None:
    web = Web({REVIEWS: BAD})

    async def talk(port: int) -> None:
        async with KubernetesClient(Access(server=f"http://127.0.0.1:{port}")) as client:
            told = Told(web, client)
            await asyncio.gather(*(told.refusal("old") for _ in range(4 * AT_ONCE)))
        assert 1 <= len(web.asked) <= AT_ONCE

    serving(web, talk)


def test_a_token_that_could_not_be_checked_is_tried_again_at_once() -> None:
    web = Web({})

    async def talk(port: int) -> None:
        async with KubernetesClient(Access(server=f"http://127.0.0.1:{port}")) as client:
            told = Told(web, client)
            assert "cannot be checked now" in await told.refusal("mine")
            web.answers[REVIEWS] = json.dumps({"status": GOOD})
            assert await told.authenticator.admit("", {"authorization": "Bearer mine"}) == "shop/web"

    serving(web, talk)
