"""AdmissionReview in, AdmissionReview out: what a mutating webhook answers, with no server around it.

`respond` takes a request's content type and body and gives status and body; a server only has to carry bytes.
`review` is the same for documents. Versions v1 and v1beta1 are answered in kind.
"""

import base64
from typing import Any, NamedTuple, cast

import msgspec

from pillion.inject.injection import Injection, Injector, Options
from pillion.inject.patch import difference
from pillion.inject.policy import Namespace
from pillion.inject.schema.types import Json, section
from pillion.value import FrozenMap, Labels, has_errors

_VERSIONS = frozenset({"admission.k8s.io/v1", "admission.k8s.io/v1beta1"})
_VARIABLES = {"cluster": "ISTIO_META_CLUSTER_ID", "net": "ISTIO_META_NETWORK"}


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    body: bytes
    injection: Injection | None = None
    """What was done, for logs and metrics; `None` when the request was refused before anything was done."""


def respond(
    content_type: str, body: bytes, injector: Injector, options: Options, namespace: Namespace | None = None
) -> Answer:
    """Answer a webhook's HTTP request."""
    if not body:
        return Answer(400, b"no body found")
    if content_type.partition(";")[0].strip() != "application/json":
        return Answer(415, b"invalid Content-Type, want `application/json`")
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        return Answer(200, msgspec.json.encode(_refusal("admission.k8s.io/v1", "", f"the body is no JSON: {error}")))
    answer, injection = review(document, injector, options, namespace)
    return Answer(200, msgspec.json.encode(answer), injection)


def review(
    document: Any, injector: Injector, options: Options, namespace: Namespace | None = None
) -> tuple[Json, Injection | None]:
    """Answer an AdmissionReview."""
    found = cast(Json, document) if isinstance(document, dict) else {}
    version = str(found.get("apiVersion", ""))
    request = section(found, "request")
    uid = str(request.get("uid", ""))
    if found.get("kind") != "AdmissionReview" or version not in _VERSIONS:
        what = f"{version} {found.get('kind', '')}".strip() or "something else"
        return _refusal("admission.k8s.io/v1", uid, f"an AdmissionReview was expected, not {what}"), None
    pod = request.get("object")
    if not isinstance(pod, dict):
        return _refusal(version, uid, "the request holds no pod"), None
    before = _prepared(cast(Json, pod), str(request.get("namespace", "")))
    injection = injector.inject(before, namespace, options)
    if has_errors(injection.diagnostics):
        reasons = "; ".join(each.message for each in injection.diagnostics if each.severity == "error")
        return _refusal(version, uid, reasons), injection
    response: Json = {"uid": uid, "allowed": True}
    if injection.is_injected:
        operations = difference(before, injection.document)
        patch = base64.b64encode(msgspec.json.encode(operations)).decode()
        response |= {"patchType": "JSONPatch", "patch": patch}
    return {"apiVersion": version, "kind": "AdmissionReview", "response": response}, injection


def _prepared(pod: Json, namespace: str) -> Json:
    """The pod as the injector sees it: in its namespace, without the bookkeeping of managed fields."""
    metadata = {key: value for key, value in section(pod, "metadata").items() if key != "managedFields"}
    if not metadata.get("namespace"):
        metadata["namespace"] = namespace
    return {"apiVersion": "v1", "kind": "Pod"} | pod | {"metadata": metadata}


def _refusal(version: str, uid: str, message: str) -> Json:
    response: Json = {"uid": uid, "allowed": False, "status": {"message": message}}
    return {"apiVersion": version, "kind": "AdmissionReview", "response": response}


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
