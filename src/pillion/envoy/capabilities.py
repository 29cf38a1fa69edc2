"""Which of Istio's own filters a proxy has: stock Envoy has none of them, and refuses what it does not know."""

from pillion.value import Value

ALPN, EXCHANGE, STATISTICS = "istio.alpn", "istio.metadata_exchange", "istio.stats"


class Capabilities(Value):
    """What a proxy can do beyond stock Envoy, from the extensions that it lists."""

    alpn: bool = False
    metadata_exchange: bool = False
    statistics: bool = False


def capabilities(extensions: frozenset[str]) -> Capabilities:
    """Read what matters out of a proxy's extensions."""
    return Capabilities(
        alpn=ALPN in extensions, metadata_exchange=EXCHANGE in extensions, statistics=STATISTICS in extensions
    )
