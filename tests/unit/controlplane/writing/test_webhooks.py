"""What of a webhook configuration is corrected."""

from base64 import b64encode
from typing import Any

from pillion.controlplane.writing.webhooks import fail_closed, trust

PEM = "a certificate"
GOOD = b64encode(PEM.encode()).decode()


def configuration(*webhooks: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"resourceVersion": "7"}, "webhooks": list(webhooks)}


def webhook(name: str, policy: str = "Ignore", **client: str) -> dict[str, Any]:
    return {"name": name, "failurePolicy": policy, "clientConfig": client}


TEST = {"op": "test", "path": "/metadata/resourceVersion", "value": "7"}


def test_those_alone_are_corrected_that_trust_somebody_else_or_nobody() -> None:
    found = trust(configuration(webhook("a", caBundle=GOOD), webhook("b", caBundle="T0xE"), webhook("c")), PEM)
    assert found == [
        TEST,
        {"op": "add", "path": "/webhooks/1/clientConfig/caBundle", "value": GOOD},
        {"op": "add", "path": "/webhooks/2/clientConfig/caBundle", "value": GOOD},
    ]
    assert trust(configuration(webhook("a", caBundle=GOOD)), PEM) == []
    assert trust({}, PEM) == []


def test_all_are_closed_but_those_at_home() -> None:
    found = fail_closed(configuration(webhook("home.x"), webhook("a", "Fail"), webhook("b")))
    assert found == [TEST, {"op": "add", "path": "/webhooks/2/failurePolicy", "value": "Fail"}]
    assert fail_closed(configuration(webhook("home.x"), webhook("a", "Fail"))) == []
