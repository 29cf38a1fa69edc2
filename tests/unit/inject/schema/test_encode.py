"""Documents as Go's encoder writes them."""

from typing import Any

import pytest

from pillion.inject.schema.encode import encoded, go_json, go_map_json, read_json
from pillion.inject.schema.types import table

KUBERNETES = table("kubernetes")


def encode(kind: str, document: dict[str, Any]) -> str:
    return go_json(encoded(KUBERNETES, document, KUBERNETES.structs[kind]))


@pytest.mark.parametrize(
    ("kind", "document", "wanted"),
    [
        ("Container", {"image": "i", "name": "n"}, '{"name":"n","image":"i","resources":{}}'),
        ("Container", {"name": "n", "args": [], "tty": False, "stdin": None}, '{"name":"n","resources":{}}'),
        (
            "ContainerPort",
            {"protocol": "TCP", "name": "a&b"},
            '{"name":"a\\u0026b","containerPort":0,"protocol":"TCP"}',
        ),
        ("GRPCAction", {"port": 1}, '{"port":1,"service":null}'),
        ("HTTPGetAction", {"path": "/"}, '{"path":"/","port":0}'),
        ("ResourceRequirements", {"limits": {"memory": "1024Mi", "cpu": 2}}, '{"limits":{"cpu":"2","memory":"1Gi"}}'),
        ("Volume", {"name": "v", "emptyDir": {}}, '{"name":"v","emptyDir":{}}'),
        ("Volume", {"name": "v", "newKind": {"a": 1}}, '{"name":"v","newKind":{"a":1}}'),
    ],
)
def test_structs(kind: str, document: dict[str, Any], wanted: str) -> None:
    assert encode(kind, document) == wanted


def test_maps_are_sorted_and_html_is_escaped() -> None:
    assert go_map_json({"b": [{"d": 1, "c": "<é>"}], "a": None}) == '{"a":null,"b":[{"c":"\\u003cé\\u003e","d":1}]}'


def test_text_that_is_no_json_gives_none() -> None:
    assert read_json("{") is None
    assert read_json("[1]") == [1]
