"""Where the application serves its own metrics, as the pod's Prometheus annotations say."""

import json
from typing import cast

from pillion.value import Value


class Scrape(Value):
    """Where the application serves its own metrics."""

    port: int
    path: str = "/metrics"


def decode(text: str) -> Scrape | None:
    """Read ISTIO_PROMETHEUS_ANNOTATIONS (`{"scrape": "true", "path": ..., "port": ...}`); None if not to be scraped."""
    try:
        value: object = json.loads(text) if text else None
    except ValueError:
        return None
    if not isinstance(value, dict):
        return None
    given = cast(dict[str, object], value)
    port = str(given.get("port") or "80")
    if str(given.get("scrape", "")).lower() == "false" or not port.isdecimal():
        return None
    return Scrape(port=int(port), path=str(given.get("path") or "/metrics"))
