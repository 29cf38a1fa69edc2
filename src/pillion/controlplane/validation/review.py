"""An AdmissionReview to a ruling: a resource of Istio's is let in, with warnings, or refused field by field.

The rules are those of the CRDs and of Istio's webhook. What is none of our business is let in: deletions, subresources,
kinds that we do not read. So no webhook configuration, however wide its rules, can lock anything out that we do not
judge. An unknown field is a warning: the API server's schema knew it, so it is newer than we are.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Literal, cast

import msgspec

from pillion.proxy.findings import judge_policy
from pillion.proxy.patches import judge_patches
from pillion.resources.admission.admit import admit
from pillion.resources.decode import decode
from pillion.resources.istio.envoy_filter import EnvoyFilter
from pillion.resources.istio.security import AuthorizationPolicy, RequestAuthentication
from pillion.resources.kinds import KINDS, Resource, is_istio_group
from pillion.resources.validation.validate import validate
from pillion.value import Diagnostic, Diagnostics, has_errors

V1 = "admission.k8s.io/v1"
VERSIONS = frozenset({V1, "admission.k8s.io/v1beta1"})
MOST_TOLD = 20
"""Errors, and warnings, that an answer tells; it counts the others."""
LONGEST = 1000
"""Letters of one message."""

Fate = Literal["passed", "ignored", "unsupported_operation", "yaml_decode_error", "unknown_type",
               "crd_conversion_error", "invalid_resource"]  # fmt: skip
"""`passed` is valid, `ignored` not ours to judge; the others are Istio's reasons."""


class Ruling(msgspec.Struct, frozen=True):
    """An answer, and what is to be counted about it."""

    body: bytes
    fate: Fate
    group: str = ""
    version: str = ""
    resource: str = ""
    dry_run: bool = False


class _Kind(msgspec.Struct, frozen=True):
    group: str = ""
    version: str = ""
    kind: str = ""
    resource: str = ""


class _Request(msgspec.Struct, rename="camel", frozen=True):
    uid: str = ""
    kind: _Kind = _Kind()
    resource: _Kind = _Kind()
    sub_resource: str = ""
    name: str = ""
    namespace: str = ""
    operation: str = ""
    dry_run: bool | None = None
    object: msgspec.Raw = msgspec.Raw(b"null")


class _Review(msgspec.Struct, rename="camel", frozen=True):
    api_version: str = ""
    kind: str = ""
    request: _Request | None = None


class _Verdict(msgspec.Struct, frozen=True):
    fate: Fate
    errors: Diagnostics = ()
    warnings: tuple[str, ...] = ()
    message: str = ""
    """Why it is refused, where no field is to blame."""


_REVIEW = msgspec.json.Decoder(_Review)
_DECODING = (msgspec.DecodeError, UnicodeError, RecursionError)


def rule(body: bytes) -> Ruling:
    """Answer a request's body; whatever it is, there is an AdmissionReview to answer with."""
    try:
        review = _REVIEW.decode(body)
    except _DECODING as error:
        return _ruled(_Review(api_version=V1), _unreadable(f"the body is no AdmissionReview: {error}"))
    if review.kind != "AdmissionReview" or review.api_version not in VERSIONS:
        what = f"{review.api_version} {review.kind}".strip() or "something else"
        known = " or ".join(sorted(VERSIONS))
        wrong = _unreadable(f"an AdmissionReview of {known} was expected, not {what}")
        return _ruled(_Review(api_version=V1, request=review.request), wrong)
    if review.request is None:
        return _ruled(review, _unreadable("the AdmissionReview has no request"))
    return _ruled(review, _verdict(review.request))


def _verdict(request: _Request) -> _Verdict:
    if request.operation not in {"CREATE", "UPDATE"}:
        return _Verdict("unsupported_operation")
    if request.sub_resource:
        return _Verdict("ignored")
    try:
        content = msgspec.json.decode(request.object)
    except _DECODING as error:
        return _unreadable(f"the request's object cannot be read: {error}")
    if not isinstance(content, dict):
        return _unreadable("the request holds no object")
    document = cast("dict[str, Any]", content)
    metadata = document.get("metadata")
    if isinstance(metadata, Mapping) and cast("Mapping[str, Any]", metadata).get("deletionTimestamp"):
        # Whoever takes its finalizers off must be able to, however wrong it is.
        return _Verdict("ignored")
    return _judged(document)


def _judged(document: dict[str, Any]) -> _Verdict:
    api_version, kind = str(document.get("apiVersion") or ""), str(document.get("kind") or "")
    group, _, version = api_version.rpartition("/")
    known = KINDS.get((group, kind)) if is_istio_group(group) else None
    if known is None:
        what = f"{api_version} {kind}".strip() or "a resource without apiVersion and kind"
        return _Verdict("unknown_type", warnings=(f"{what} is none of the kinds that are read here: it is not judged",))
    if version not in known[1]:
        # Every version of a kind is of one form: a newer one is judged like those that we know.
        document["apiVersion"] = f"{group}/{known[1][0]}"
    found = tuple(_newer(each) for each in admit(document))
    fate: Fate = "crd_conversion_error"
    if not has_errors(found):
        fate = "invalid_resource"
        resource, _ = decode(document)
        if resource is not None:
            found += (*validate(resource), *_beyond_its_words(resource))
    errors = tuple(each for each in found if each.severity == "error")
    warnings = tuple(each for each in found if each.severity == "warning")
    return _Verdict(fate if errors else "passed", errors, some(told(warnings)))


def _beyond_its_words(resource: Resource) -> Diagnostics:
    """Say what nobody can tell from a resource's words alone: what proxies make of it, here."""
    match resource:
        case EnvoyFilter():
            return judge_patches(resource)
        case AuthorizationPolicy() | RequestAuthentication():
            # It is not wrong, so it is let in; but who writes it counts on it.
            return tuple(msgspec.structs.replace(each, severity="warning") for each in judge_policy(resource))
        case _:
            return ()


def _newer(diagnostic: Diagnostic) -> Diagnostic:
    """Let a field pass that a newer schema knows; beside `spec` there is nothing to come."""
    if diagnostic.code != "unknown-field" or len(diagnostic.where.path) < 2:
        return diagnostic
    return msgspec.structs.replace(diagnostic, severity="warning")


def _unreadable(message: str) -> _Verdict:
    return _Verdict("yaml_decode_error", message=message)


def _ruled(review: _Review, verdict: _Verdict) -> Ruling:
    request = review.request or _Request()
    response: dict[str, Any] = {"uid": request.uid, "allowed": not verdict.errors and not verdict.message}
    if verdict.errors:
        response["status"] = _refusal(request, verdict.errors)
    elif verdict.message:
        code = HTTPStatus.BAD_REQUEST
        response["status"] = {"status": "Failure", "message": verdict.message, "reason": "BadRequest", "code": code}
    if verdict.warnings and review.api_version == V1:
        response["warnings"] = verdict.warnings
    answer = {"apiVersion": review.api_version, "kind": "AdmissionReview", "response": response}
    of = request.resource
    return Ruling(
        msgspec.json.encode(answer), verdict.fate, of.group, of.version, of.resource, dry_run=bool(request.dry_run)
    )


def _refusal(request: _Request, errors: Diagnostics) -> dict[str, Any]:
    """Write a Status as the API server writes its own: kubectl shows a line for each cause."""
    causes = [
        {"reason": "FieldValueInvalid", "message": _said(each), "field": each.where.field}
        for each in errors[:MOST_TOLD]
    ]
    named = {"name": request.name, "group": request.kind.group, "kind": request.kind.kind}
    return {
        "status": "Failure",
        "message": "; ".join(some(told(errors))),
        "reason": "Invalid",
        "code": HTTPStatus.UNPROCESSABLE_ENTITY,
        "details": {key: value for key, value in named.items() if value} | {"causes": causes},
    }


def told(diagnostics: Diagnostics) -> tuple[str, ...]:
    """Write findings, a line each and each once."""
    return tuple(dict.fromkeys(_text(each) for each in diagnostics))


def some(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Keep the first ones, and count the others."""
    more = len(texts) - MOST_TOLD
    return (*texts[:MOST_TOLD], f"and {more} more") if more > 0 else texts


def _text(diagnostic: Diagnostic) -> str:
    """Write a finding on one line; the resource is named by whoever shows it."""
    return ": ".join(_parts((diagnostic.where.field, _said(diagnostic))))


def _said(diagnostic: Diagnostic) -> str:
    said = "; ".join(_parts((f"{diagnostic.message} [{diagnostic.code}]", diagnostic.hint)))
    # A message may quote what the user wrote, and a warning becomes a header.
    line = "".join(letter if letter.isprintable() else " " for letter in said)
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}..."


def _parts(texts: Iterable[str]) -> list[str]:
    return [text for text in texts if text]
