"""What is to be corrected in a webhook configuration: whom the API server trusts, and what follows from no answer.

A webhook that judges is created with `failurePolicy: Ignore`, and set to `Fail` when it has proved that it judges, as
Istio does. Those of the namespaces that must never be locked out (`HOME`) stay as they are.
"""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any, cast

HOME = "home."
"""How the names of webhooks begin that must never stand in the way."""
Operation = dict[str, Any]


def trust(document: Mapping[str, Any], roots: str) -> list[Operation]:
    """Say, as a JSON patch, what makes a configuration trust these certificates (PEM)."""
    bundle = b64encode(roots.encode()).decode()
    found: list[Operation] = []
    for index, each in enumerate(_webhooks(document)):
        if cast("Mapping[str, Any]", each.get("clientConfig") or {}).get("caBundle") != bundle:
            # `add` replaces what is there.
            found.append({"op": "add", "path": f"/webhooks/{index}/clientConfig/caBundle", "value": bundle})
    return _guarded(document, found)


def fail_closed(document: Mapping[str, Any]) -> list[Operation]:
    """Say, as a JSON patch, what makes a configuration refuse what nobody judged."""
    found: list[Operation] = [
        {"op": "add", "path": f"/webhooks/{index}/failurePolicy", "value": "Fail"}
        for index, each in enumerate(_webhooks(document))
        if each.get("failurePolicy") != "Fail" and not str(each.get("name", "")).startswith(HOME)
    ]
    return _guarded(document, found)


def _webhooks(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return cast("list[Mapping[str, Any]]", document.get("webhooks") or [])


def _guarded(document: Mapping[str, Any], operations: list[Operation]) -> list[Operation]:
    """Let a patch hold for the version only that was looked at: its indices mean nothing elsewhere."""
    version = cast("Mapping[str, Any]", document.get("metadata") or {}).get("resourceVersion")
    test = {"op": "test", "path": "/metadata/resourceVersion", "value": version}
    return [test, *operations] if operations else []
