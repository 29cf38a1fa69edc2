"""Answers, written and read back."""

import json
from http import HTTPStatus

from pillion.controlplane.webhook.answer import V1, Verdict, failure, read, write

PATCH = b'"W10="'


def test_an_answer_reads_back_as_what_it_was_written_from() -> None:
    for verdict in (
        Verdict("injected", patch=PATCH),
        Verdict("skipped"),
        failure("no", HTTPStatus.UNPROCESSABLE_ENTITY),
    ):
        assert read(write(verdict, V1, "u1")) == verdict


def test_a_patch_is_marked_as_one() -> None:
    response = json.loads(write(Verdict("injected", patch=PATCH), V1, "u1"))["response"]
    assert response == {"uid": "u1", "allowed": True, "patchType": "JSONPatch", "patch": "W10="}


def test_a_refusal_says_why() -> None:
    response = json.loads(write(failure("no", HTTPStatus.BAD_REQUEST), V1, "u1"))["response"]
    assert response["allowed"] is False
    assert response["status"] == {"status": "Failure", "message": "no", "reason": "BadRequest", "code": 400}


def test_what_fails_open_warns() -> None:
    response = json.loads(write(failure("no"), V1, "u1", refuse=False))["response"]
    assert response == {"uid": "u1", "allowed": True, "warnings": ["the sidecar was not injected: no"]}
    old = json.loads(write(failure("no"), "admission.k8s.io/v1beta1", "u1", refuse=False))["response"]
    assert old == {"uid": "u1", "allowed": True}
