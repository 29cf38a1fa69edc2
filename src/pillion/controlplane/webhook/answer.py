"""AdmissionReviews as answers: a pod is allowed, changed, or refused with a reason."""

from http import HTTPStatus
from typing import Any, Literal

import msgspec

V1 = "admission.k8s.io/v1"
VERSIONS = frozenset({V1, "admission.k8s.io/v1beta1"})
_EMPTY = msgspec.Raw(b"")

Fate = Literal["injected", "skipped", "failed"]


class Verdict(msgspec.Struct, frozen=True):
    """What was found about a pod: it holds for every request that asks the same."""

    fate: Fate
    patch: bytes = b""
    """The patch as the answer holds it: a JSON string of base64."""
    message: str = ""
    """Why it failed."""
    code: int = HTTPStatus.INTERNAL_SERVER_ERROR


class _Status(msgspec.Struct):
    message: str = ""


class _Response(msgspec.Struct, rename="camel"):
    allowed: bool
    patch: msgspec.Raw = _EMPTY
    status: _Status | None = None


class _Review(msgspec.Struct):
    response: _Response


def failure(message: str, code: HTTPStatus = HTTPStatus.INTERNAL_SERVER_ERROR) -> Verdict:
    """Return the verdict on a request that could not be answered."""
    return Verdict("failed", message=message, code=code)


def read(body: bytes) -> Verdict:
    """Read an answer back, but for the request that it answers."""
    response = msgspec.json.decode(body, type=_Review).response
    if not response.allowed:
        message = response.status.message if response.status else ""
        return failure(message, HTTPStatus.UNPROCESSABLE_ENTITY)
    patch = bytes(response.patch)
    return Verdict("injected", patch=patch) if patch else Verdict("skipped")


def write(verdict: Verdict, version: str, uid: str, *, refuse: bool = True) -> bytes:
    """Write an answer; when failures are not refused, the user is warned instead."""
    response: dict[str, Any] = {"uid": uid, "allowed": True}
    if verdict.fate == "injected":
        response |= {"patchType": "JSONPatch", "patch": msgspec.Raw(verdict.patch)}
    elif verdict.fate == "failed" and refuse:
        reason = HTTPStatus(verdict.code).phrase.replace(" ", "")
        response |= {
            "allowed": False,
            "status": {"status": "Failure", "message": verdict.message, "reason": reason, "code": int(verdict.code)},
        }
    elif verdict.fate == "failed" and version == V1:
        response["warnings"] = [f"the sidecar was not injected: {verdict.message}"]
    return msgspec.json.encode({"apiVersion": version, "kind": "AdmissionReview", "response": response})
