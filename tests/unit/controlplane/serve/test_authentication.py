"""Which proxy a caller may be."""

import pytest

from pillion.controlplane.serve.authentication import PLAINTEXT, may_be
from pillion.proxy.node import Proxy, read_proxy


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
