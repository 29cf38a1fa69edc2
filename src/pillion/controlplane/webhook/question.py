"""What an API server asks: an AdmissionReview, read no deeper than it takes to know whether it was answered before.

Two pods of one rollout differ in their names at most, so a question has two keys: what it asks without the pod's name,
and all that it asks. Both are digests of the bytes, not of a choice of fields.
"""

from hashlib import blake2b
from http import HTTPStatus
from typing import Any

import msgspec

from pillion.controlplane.webhook.answer import V1, VERSIONS, Verdict, failure
from pillion.value import Value


class Question(Value):
    """A review that can be answered."""

    version: str
    uid: str
    shared: bytes
    """The key of what is asked, the pod's name apart."""
    own: bytes
    """The key of all that is asked."""


class Refused(Value):
    """A review that cannot be answered."""

    version: str
    uid: str
    verdict: Verdict


class _Kind(msgspec.Struct, frozen=True):
    group: str = ""
    version: str = ""
    kind: str = ""


class _Request(msgspec.Struct, rename="camel"):
    uid: str = ""
    kind: _Kind = _Kind()
    sub_resource: str = ""
    namespace: str = ""
    operation: str = ""
    object: msgspec.Raw = msgspec.Raw(b"null")


class _Review(msgspec.Struct, rename="camel"):
    api_version: str = ""
    kind: str = ""
    request: _Request | None = None


class _Pod(msgspec.Struct):
    metadata: dict[str, Any]
    spec: msgspec.Raw


_REVIEW = msgspec.json.Decoder(_Review)
_POD = msgspec.json.Decoder(_Pod)
_DECODING = (msgspec.DecodeError, UnicodeError, RecursionError)


def read(body: bytes, path: str) -> Question | Refused:
    """Read a request's body; `path` is its URL's, whose parameters become the proxy's environment."""
    try:
        review = _REVIEW.decode(body)
    except _DECODING as error:
        return _refused(V1, "", f"the body is no AdmissionReview: {error}")
    request = review.request or _Request()
    if review.kind != "AdmissionReview" or review.api_version not in VERSIONS:
        what = f"{review.api_version} {review.kind}".strip() or "something else"
        return _refused(
            V1, request.uid, f"an AdmissionReview of {' or '.join(sorted(VERSIONS))} was expected, not {what}"
        )
    if review.request is None:
        return _refused(review.api_version, "", "the AdmissionReview has no request")
    wrong = _no_pod(request)
    if wrong:
        return _refused(review.api_version, request.uid, wrong)
    try:
        pod = _POD.decode(request.object)
    except _DECODING as error:
        return _refused(review.api_version, request.uid, f"the request holds no pod: {error}")
    return _question(review.api_version, request, pod, path)


def _no_pod(request: _Request) -> str:
    """Say why a request is not about a pod: its webhook configuration asks for more than it should."""
    kind = request.kind
    if (kind.group, kind.kind) not in {("", "Pod"), ("", "")}:
        what = "/".join(part for part in (kind.group, kind.version, kind.kind) if part)
        return f"pods can be injected, not {what}; the webhook's rules should name the resource pods alone"
    if request.sub_resource:
        what = f"pods/{request.sub_resource}"
        return f"pods can be injected, not their subresource {what}; the webhook's rules should name pods alone"
    if request.operation in {"DELETE", "CONNECT"}:
        return f"operation {request.operation} leaves nothing to inject; the webhook's rules should name CREATE alone"
    return ""


def _question(version: str, request: _Request, pod: _Pod, path: str) -> Question:
    metadata = pod.metadata
    namespace, name = metadata.get("namespace") or request.namespace, metadata.get("name")
    rest = {key: value for key, value in metadata.items() if key not in {"name", "namespace", "managedFields"}}
    digest = blake2b(digest_size=24)
    for part in (path.encode(), str(namespace).encode(), msgspec.json.encode(rest), pod.spec):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    shared = digest.digest()
    return Question(version=version, uid=request.uid, shared=shared, own=shared + str(name or "").encode())


def _refused(version: str, uid: str, message: str) -> Refused:
    return Refused(version=version, uid=uid, verdict=failure(message, HTTPStatus.BAD_REQUEST))
