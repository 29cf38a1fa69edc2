"""Patches are read, or what is wrong with them is told with its place; neither is ever an exception."""

from typing import Any

import pytest
from envoy.config.cluster.v3 import cluster_pb2
from hypothesis import given
from hypothesis import strategies as st

from pillion.envoy.patch.read import read
from pillion.ir.model.proxy import EnvoyPatch
from support.patches import lua, patch, written

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def test_a_value_becomes_the_message_that_is_patched() -> None:
    found = patch("CLUSTER", "MERGE", {"connect_timeout": "6s"}, cluster={"name": "a"})
    assert cluster_pb2.Cluster.FromString(found.value or b"").connect_timeout.seconds == 6
    assert found.match.cluster is not None
    assert found.match.cluster.name == "a"
    assert found.where.resource == "EnvoyFilter shop/patch"


def test_a_removal_needs_no_value() -> None:
    assert patch("CLUSTER", "REMOVE").value is None


@pytest.mark.parametrize("operation", ["INSERT_BEFORE", "INSERT_AFTER", "INSERT_FIRST"])
def test_where_no_order_counts_an_insertion_is_an_addition(operation: str) -> None:
    assert patch("CLUSTER", operation, {"name": "a"}).operation == "ADD"
    assert patch("HTTP_FILTER", operation, lua("a")).operation == operation


@pytest.mark.parametrize(
    ("value", "code", "field"),
    [
        ({"connect_timeout": ["no"]}, "bad-patch", "patch.value"),
        ({"name": False}, "bad-patch", "patch.value"),
        (None, "bad-patch", "patch.value"),
        ([], "bad-patch", "patch.value"),
        (
            {"transport_socket": {"typed_config": {"@type": "type.googleapis.com/acme.Unknown"}}},
            "unknown-type",
            "patch.value.transport_socket.typed_config.@type",
        ),
    ],
)
def test_what_is_no_message_leaves_the_patch_out(value: Any, code: str, field: str) -> None:
    found, told = read(written("CLUSTER", "MERGE", value, index=3))
    assert found is None
    assert [(each.code, each.severity) for each in told] == [(code, "error")]
    assert told[0].where.field == f"spec.configPatches[3].{field}"


def test_a_type_of_the_old_api_is_told_as_such() -> None:
    url = "type.googleapis.com/envoy.config.filter.network.ext_authz.v2.ExtAuthz"
    _, told = read(written("NETWORK_FILTER", "ADD", {"name": "a", "typed_config": {"@type": url}}))
    assert "v2" in told[0].message


def test_an_unknown_field_leaves_itself_out() -> None:
    found, told = read(written("CLUSTER", "MERGE", {"no_such_field": 1, "alt_stat_name": "fine"}))
    assert found is not None
    assert cluster_pb2.Cluster.FromString(found.value or b"").alt_stat_name == "fine"
    assert [(each.code, each.severity) for each in told] == [("unknown-patch-field", "warning")]
    assert told[0].where.field.endswith("value.no_such_field")


@pytest.mark.parametrize("levels", [20, 60, 90])
def test_metadata_that_can_be_read_once_only_is_told(levels: int) -> None:
    inner: Any = 1
    for _ in range(levels):
        inner = {"a": inner}
    found, told = read(written("CLUSTER", "MERGE", {"metadata": {"filter_metadata": {"a": inner}}}))
    assert (found is None) is (levels > 40)
    assert [each.code for each in told] == ["bad-patch"] * (levels > 40)
    if found is not None:
        assert cluster_pb2.Cluster.FromString(found.value or b"").metadata.filter_metadata


@pytest.mark.parametrize("name", [True, 5, [], {}, ["a"]])
def test_a_type_that_is_no_text_is_told(name: Any) -> None:
    found, told = read(written("HTTP_FILTER", "ADD", {"name": "a", "typed_config": {"@type": name}}))
    assert found is None
    assert told[0].code == "bad-patch"


@pytest.mark.parametrize("levels", [90, 300, 3000])
def test_what_nests_too_deeply_is_told(levels: int) -> None:
    inner = b'{"and_match":{"rules":[' * levels + b"{}" + b"]}}" * levels
    value = b'{"listener_filters":[{"name":"x","filter_disabled":%b}]}' % inner
    body = b'{"patch":{"operation":"MERGE","value":%b}}' % value
    found, told = read(EnvoyPatch(context="ANY", apply_to="LISTENER", body=body, origin="EnvoyFilter shop/patch"))
    assert found is None
    assert [each.code for each in told] == ["bad-patch"]


def test_what_cannot_be_patched_is_told() -> None:
    found, told = read(written("INVALID", "ADD", {}))
    assert found is None
    assert told[0].code == "bad-patch"


@given(
    value=JSON,
    apply_to=st.sampled_from(["CLUSTER", "LISTENER", "HTTP_FILTER", "VIRTUAL_HOST", "EXTENSION_CONFIG", "?"]),
    operation=st.sampled_from(["ADD", "MERGE", "REMOVE", "INVALID"]),
)
def test_nothing_that_is_written_raises(value: Any, apply_to: str, operation: str) -> None:
    found, told = read(written(apply_to, operation, value))
    assert found is not None or told
