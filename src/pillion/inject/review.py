"""AdmissionReview in, AdmissionReview out: what a mutating webhook answers, with no server around it.

A `Reviewer` takes a request's content type and body and gives status and body; a server only has to carry bytes. It
remembers its patches: the pods of a rollout differ in their names alone, and unless a template reads the name they get
the same patch, without being decoded. Versions v1 and v1beta1 are answered in kind.
"""

import base64
from collections import OrderedDict
from typing import Any, NamedTuple, cast

import msgspec

from pillion.inject.injection import Injection, Injector, Options
from pillion.inject.patch import difference
from pillion.inject.policy import Namespace
from pillion.inject.schema.types import Json
from pillion.value import FrozenMap, Labels, has_errors

_V1 = "admission.k8s.io/v1"
_VERSIONS = frozenset({_V1, "admission.k8s.io/v1beta1"})
_VARIABLES = {"cluster": "ISTIO_META_CLUSTER_ID", "net": "ISTIO_META_NETWORK"}
_REMEMBERED = 512


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    body: bytes
    injection: Injection | None = None
    """What was done, for logs and metrics; `None` when the request was refused or the patch was remembered."""


class _Request(msgspec.Struct):
    uid: str = ""
    namespace: str = ""
    object: msgspec.Raw = msgspec.Raw(b"null")


class _Review(msgspec.Struct, rename="camel"):
    api_version: str = ""
    kind: str = ""
    request: _Request | None = None


class _Pod(msgspec.Struct):
    """A pod that is decoded no further than its metadata."""

    metadata: Json
    spec: msgspec.Raw


class Reviewer:
    """Answers the reviews of one injector."""

    def __init__(self, injector: Injector) -> None:
        self.injector: Injector = injector
        self._patches: OrderedDict[object, bytes] = OrderedDict()

    def respond(self, content_type: str, body: bytes, options: Options, namespace: Namespace | None = None) -> Answer:
        """Answer a webhook's HTTP request; the namespace is the pod's, where more is known of it than its name."""
        if not body:
            return Answer(400, b"no body found")
        if content_type.partition(";")[0].strip() != "application/json":
            return Answer(415, b"invalid Content-Type, want `application/json`")
        try:
            review = msgspec.json.decode(body, type=_Review)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            return Answer(200, _refusal(_V1, "", f"the body is no AdmissionReview: {error}"))
        request = review.request or _Request()
        if review.kind != "AdmissionReview" or review.api_version not in _VERSIONS:
            what = f"{review.api_version} {review.kind}".strip() or "something else"
            return Answer(200, _refusal(_V1, request.uid, f"an AdmissionReview was expected, not {what}"))
        try:
            pod = msgspec.json.decode(request.object, type=_Pod)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            return Answer(200, _refusal(review.api_version, request.uid, f"the request holds no pod: {error}"))
        return self._reviewed(review.api_version, request, pod, (options, namespace))

    def _reviewed(self, version: str, request: _Request, pod: _Pod, how: tuple[Options, Namespace | None]) -> Answer:
        metadata = {key: value for key, value in pod.metadata.items() if key != "managedFields"}
        metadata["namespace"] = metadata.get("namespace") or request.namespace
        key = _key(metadata, pod.spec, how)
        patch = self._patches.get(key)
        if patch is not None:
            self._patches.move_to_end(key)
            return Answer(200, _allowed(version, request.uid, patch))
        document = _document(request.object, metadata)
        options, namespace = how
        injection = self.injector.inject(document, namespace, options)
        if has_errors(injection.diagnostics):
            reasons = "; ".join(each.message for each in injection.diagnostics if each.severity == "error")
            return Answer(200, _refusal(version, request.uid, reasons), injection)
        if not injection.is_injected:
            return Answer(200, _allowed(version, request.uid, b""), injection)
        patch = base64.b64encode(msgspec.json.encode(difference(document, injection.document)))
        if not injection.depends_on_name:
            self._remember(key, patch)
        return Answer(200, _allowed(version, request.uid, patch), injection)

    def _remember(self, key: object, patch: bytes) -> None:
        self._patches[key] = patch
        if len(self._patches) > _REMEMBERED:
            self._patches.popitem(last=False)


def _key(metadata: Json, spec: msgspec.Raw, how: tuple[Options, Namespace | None]) -> object:
    """All that a patch depends on, but the pod's name."""
    rest = {key: value for key, value in metadata.items() if key != "name"}
    return (bytes(spec), msgspec.json.encode(rest), how)


def _document(raw: msgspec.Raw, metadata: Json) -> Json:
    """The pod as the injector sees it: in its namespace, without the bookkeeping of managed fields."""
    pod = cast(Json, msgspec.json.decode(raw))
    return {"apiVersion": "v1", "kind": "Pod"} | pod | {"metadata": metadata}


def _refusal(version: str, uid: str, message: str) -> bytes:
    return _encoded(version, {"uid": uid, "allowed": False, "status": {"message": message}})


def _allowed(version: str, uid: str, patch: bytes) -> bytes:
    response: Json = {"uid": uid, "allowed": True}
    if patch:
        response |= {"patchType": "JSONPatch", "patch": patch.decode("ascii")}
    return _encoded(version, response)


def _encoded(version: str, response: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"apiVersion": version, "kind": "AdmissionReview", "response": response})


def variables_in(path: str) -> Labels:
    """Return the proxy's environment that a webhook's URL carries: `/inject/cluster/c1/net/n1`.

    Slashes inside values are written `--slash--`; the older form `/inject/:ENV:cluster=c1:ENV:net=n1` is read too.
    """
    parts = path.removesuffix("/").split("/", 2)
    rest = parts[2] if len(parts) == 3 else ""
    if rest.startswith(":ENV:"):
        split = (pair.partition("=") for pair in rest.split(":ENV:")[1:])
        pairs = [(name, value) for name, equals, value in split if name and equals]
    else:
        words = rest.split("/") if rest else []
        pairs = [(name, value.replace("--slash--", "/")) for name, value in zip(words[::2], words[1::2], strict=False)]
    return FrozenMap({_VARIABLES.get(name, name.upper()): value for name, value in pairs if name})
