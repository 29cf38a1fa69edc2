"""What the status of an object says of its being read: Istio's fields, with Istio's code for a bad schema.

An object that cannot be read gets the condition `Accepted`, False, with what is wrong and where; and a validation
message as Istio's analysis writes them. One that can be read (again) has neither.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any, cast

from pillion.controlplane.validation.review import some, told
from pillion.sources.kubernetes.decoding import ACCEPTED
from pillion.value import Diagnostics

REASON = "Invalid"
CODE = "IST0106"
MESSAGE = {
    "type": {"name": "SchemaValidationError", "code": CODE},
    "level": "ERROR",
    "documentationUrl": f"https://istio.io/latest/docs/reference/config/analysis/{CODE.lower()}/",
}


def correction(document: Mapping[str, Any], diagnostics: Diagnostics, now: dt.datetime) -> dict[str, Any] | None:
    """Return what is to be merged into an object's status, or None when it is right as it is.

    Args:
        document: the object.
        diagnostics: why it cannot be read; empty when it can.
        now: when the condition changes, if it does.
    """
    status = _map(document.get("status"))
    conditions, messages = _list(status.get("conditions")), _list(status.get("validationMessages"))
    ours = next((each for each in conditions if _is_ours(each)), None)
    other = [each for each in conditions if not _is_ours(each)]
    if not diagnostics:
        return withdrawal(status)
    wanted = _condition(document, diagnostics, now)
    before = _map(ours)
    if before.get("status") == wanted["status"] and before.get("lastTransitionTime"):
        wanted["lastTransitionTime"] = before["lastTransitionTime"]
    is_told = any(_code(each) == CODE for each in messages)
    if before == wanted and is_told:
        return None
    return {"conditions": [*other, wanted], "validationMessages": messages if is_told else [*messages, MESSAGE]}


def withdrawal(status: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what is to be merged into a status so that it says no more that its object cannot be read; or None."""
    conditions, messages = _list(status.get("conditions")), _list(status.get("validationMessages"))
    other = [each for each in conditions if not _is_ours(each)]
    if len(other) == len(conditions):
        return None  # a message without our condition may be somebody else's
    elses = [each for each in messages if _code(each) != CODE]
    return {"conditions": other or None, "validationMessages": elses or None}


def _condition(document: Mapping[str, Any], diagnostics: Diagnostics, now: dt.datetime) -> dict[str, Any]:
    errors = tuple(each for each in diagnostics if each.severity == "error")
    return {
        "type": ACCEPTED,
        "status": "False",
        "reason": REASON,
        "message": "; ".join(some(told(errors))),
        "observedGeneration": _map(document.get("metadata")).get("generation", 0),
        "lastTransitionTime": now.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _is_ours(condition: Any) -> bool:
    return _map(condition).get("type") == ACCEPTED


def _code(message: Any) -> Any:
    return _map(_map(message).get("type")).get("code")


def _map(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []
