from pillion.envoy.capabilities import Capabilities, capabilities


def test_stock_envoy_has_none_of_istios_filters() -> None:
    assert capabilities(frozenset({"envoy.filters.http.router"})) == Capabilities()


def test_what_a_proxy_lists_it_has() -> None:
    assert capabilities(frozenset({"istio.alpn", "istio.stats"})) == Capabilities(alpn=True, statistics=True)
