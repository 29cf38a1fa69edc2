"""Protobuf messages as JSON."""

from typing import Any

import pytest

from pillion.inject.schema.message import MessageReader, without_zeros
from pillion.inject.schema.types import table

MESH = table("mesh")


def read(document: Any, name: str = "ProxyConfig") -> tuple[dict[str, Any], MessageReader]:
    reader = MessageReader(MESH)
    return reader.message(document, name), reader


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        ({"status_port": "15020"}, {"statusPort": 15020}),
        ({"statusPort": 15020.0}, {"statusPort": 15020}),
        ({"drainDuration": "1m"}, {"drainDuration": "60s"}),
        ({"interceptionMode": 1}, {"interceptionMode": "TPROXY"}),
        ({"concurrency": 0}, {"concurrency": 0}),
        ({"statusPort": None}, {}),
        (
            {"serviceCluster": "a", "tracingServiceName": "CANONICAL_NAME_ONLY"},
            {"tracingServiceName": "CANONICAL_NAME_ONLY"},
        ),
        ({"proxyStatsMatcher": {"inclusionPrefixes": ["a"]}}, {"proxyStatsMatcher": {"inclusionPrefixes": ["a"]}}),
        ({"holdApplicationUntilProxyStarts": False}, {"holdApplicationUntilProxyStarts": False}),
    ],
)
def test_reading(document: dict[str, Any], wanted: dict[str, Any]) -> None:
    found, reader = read(document)
    assert found == wanted
    assert reader.problems == []


@pytest.mark.parametrize(
    "document",
    [
        {"statusPort": "x"},
        {"statusPort": True},
        {"drainDuration": 5},
        {"interceptionMode": "redirect"},
        {"proxyMetadata": {"a": 1}},
        {"proxyMetadata": []},
        {"extraStatTags": "a"},
        {"tracing": 5},
        {"holdApplicationUntilProxyStarts": "true"},
    ],
)
def test_wrong_types_are_told(document: dict[str, Any]) -> None:
    _, reader = read(document)
    assert len(reader.problems) == 1


def test_a_message_that_is_no_map_and_a_field_that_nobody_knows() -> None:
    assert len(read([])[1].problems) == 1
    found, reader = read({"noSuch": 1})
    assert found == {"noSuch": 1}
    assert [each.path for each in reader.unknown] == [("noSuch",)]


def test_zeros_are_left_out_but_not_those_that_were_chosen() -> None:
    document = {
        "statusPort": 0,
        "interceptionMode": "REDIRECT",
        "serviceCluster": "",
        "concurrency": 0,
        "tracing": {},
        "extraStatTags": [],
    }
    assert without_zeros(MESH, document, "ProxyConfig") == {"serviceCluster": "", "concurrency": 0, "tracing": {}}
