"""What the status of an object is to say of its being read."""

import datetime as dt
from typing import Any

import pytest

from pillion.controlplane.writing.status import CODE, MESSAGE, correction
from pillion.sources.kubernetes.decoding import is_marked
from pillion.value import Diagnostic, Where

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
WRONG = (
    Diagnostic(code="wrong-type", severity="error", message="is a text", where=Where(path=("spec", "egress"))),
    Diagnostic(code="unknown-field", severity="warning", message="unknown field x"),
)
OTHER = {"type": "Other", "status": "True"}
THEIRS = {"type": {"code": "IST0101"}, "level": "ERROR"}


def document(**status: Any) -> dict[str, Any]:
    return {"metadata": {"generation": 3}, "status": status}


def test_what_cannot_be_read_says_so_once() -> None:
    status = correction(document(conditions=[OTHER], validationMessages=[THEIRS]), WRONG, NOON)
    assert status == {
        "conditions": [
            OTHER,
            {
                "type": "Accepted", "status": "False", "reason": "Invalid", "observedGeneration": 3,
                "message": "spec.egress: is a text [wrong-type]", "lastTransitionTime": "2026-01-01T12:00:00Z",
            },
        ],
        "validationMessages": [THEIRS, MESSAGE],
    }  # fmt: skip
    assert is_marked(document(**status))
    later = NOON + dt.timedelta(hours=1)
    assert correction(document(**status), WRONG, later) is None
    changed = correction({**document(**status), "metadata": {"generation": 4}}, WRONG, later)
    assert changed is not None
    assert changed["conditions"][1]["lastTransitionTime"] == "2026-01-01T12:00:00Z"
    assert changed["validationMessages"] == [THEIRS, MESSAGE]


def test_what_can_be_read_again_says_nothing_more_of_it() -> None:
    said = correction(document(conditions=[OTHER], validationMessages=[THEIRS]), WRONG, NOON)
    assert said is not None
    assert correction(document(**said), (), NOON) == {"conditions": [OTHER], "validationMessages": [THEIRS]}
    alone = correction(document(), WRONG, NOON)
    assert alone is not None
    assert correction(document(**alone), (), NOON) == {"conditions": None, "validationMessages": None}


@pytest.mark.parametrize("status", [{}, {"conditions": [OTHER]}, {"validationMessages": [{"type": {"code": CODE}}]}])
def test_what_can_be_read_and_says_nothing_is_left_alone(status: dict[str, Any]) -> None:
    assert correction(document(**status), (), NOON) is None


@pytest.mark.parametrize("status", [None, "x", {"conditions": "x"}, {"conditions": ["x"], "validationMessages": [7]}])
def test_a_status_of_any_form_can_be_corrected(status: Any) -> None:
    found = correction({"metadata": None, "status": status}, WRONG, NOON)
    assert found is not None
    assert found["conditions"][-1]["type"] == "Accepted"
