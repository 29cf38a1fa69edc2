"""Adding, inserting, replacing and removing in a list in which order counts."""

from typing import Any

import pytest
from envoy.config.listener.v3 import listener_components_pb2 as components
from envoy.config.listener.v3 import listener_pb2

from pillion.envoy.patch.editing import Edits, edit, value_of
from support.patches import edits, patch


def edited(operation: str, wanted: str | None) -> tuple[list[str], bool]:
    listener = listener_pb2.Listener(listener_filters=[components.ListenerFilter(name=name) for name in "aba"])
    made = patch("LISTENER_FILTER", operation, None if operation == "REMOVE" else {"name": "x"})
    chosen: Any = None if wanted is None else lambda each: each.name == wanted
    applied = edit(listener.listener_filters, made, chosen)
    return [each.name for each in listener.listener_filters], applied


@pytest.mark.parametrize(
    ("operation", "wanted", "after"),
    [
        ("ADD", None, "abax"),
        ("INSERT_FIRST", None, "xaba"),
        ("INSERT_BEFORE", "b", "axba"),
        ("INSERT_AFTER", "b", "abxa"),
        ("INSERT_AFTER", "a", "axba"),
        ("INSERT_BEFORE", None, "xaba"),
        ("INSERT_AFTER", None, "abax"),
        ("REPLACE", "a", "xba"),
        ("REMOVE", "a", "b"),
    ],
)
def test_a_list_is_edited(operation: str, wanted: str | None, after: str) -> None:
    assert edited(operation, wanted) == (list(after), True)


@pytest.mark.parametrize(
    ("operation", "wanted"),
    [
        ("INSERT_BEFORE", "z"),
        ("INSERT_AFTER", "z"),
        ("REPLACE", "z"),
        ("REMOVE", "z"),
        ("REPLACE", None),
        ("REMOVE", None),
        ("MERGE", "a"),
    ],
)
def test_what_is_not_found_or_not_named_is_not_edited(operation: str, wanted: str | None) -> None:
    assert edited(operation, wanted) == (list("aba"), False)


def test_only_the_patches_of_the_context_work() -> None:
    every = [patch("CLUSTER", "REMOVE", context=name) for name in ("ANY", "SIDECAR_INBOUND", "SIDECAR_OUTBOUND")]
    assert [each.context for each in Edits(every, "SIDECAR_INBOUND").of("CLUSTER")] == ["ANY", "SIDECAR_INBOUND"]
    assert list(edits(*every).of("LISTENER")) == []


def test_a_value_is_a_message_of_its_own() -> None:
    made = patch("LISTENER_FILTER", "ADD", {"name": "x"})
    assert value_of(made) == components.ListenerFilter(name="x")
    assert value_of(made) is not value_of(made)
