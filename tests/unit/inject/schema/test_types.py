"""The tables of Go types."""

from pillion.inject.schema.types import items, section, table


def test_every_type_that_a_table_names_is_there() -> None:
    scalars = {
        "string",
        "int",
        "bool",
        "float",
        "any",
        "bytes",
        "Quantity",
        "IntOrString",
        "Time",
        "Duration",
        "Timestamp",
    }
    for name in ("kubernetes", "mesh"):
        known = table(name)
        for struct in known.structs.values():
            for field in struct.fields:
                kind = field.type.replace("map:", "").replace("[]", "").replace("*", "")
                if kind.startswith("enum:"):
                    assert kind[5:] in known.enums
                else:
                    assert kind in scalars or kind in known.structs, (struct.name, field)


def test_embedded_structs_are_opened() -> None:
    volume = table("kubernetes").structs["Volume"]
    assert volume.by_json["configMap"].go == "ConfigMap"
    assert volume.by_go["VolumeSource"].inline


def test_lists_know_their_merge_keys() -> None:
    structs = table("kubernetes").structs
    assert structs["Container"].by_json["ports"].merge_key == "containerPort"
    assert not structs["Container"].by_json["args"].merges
    assert structs["ObjectMeta"].by_json["finalizers"].merges


def test_maps_and_lists_are_read_with_care() -> None:
    document = {"a": {"b": {"c": 1}}, "l": [{"x": 1}, 2], "n": None}
    assert section(document, "a", "b") == {"c": 1}
    assert section(document, "n", "b") == {}
    assert items(document, "l") == [{"x": 1}]
    assert items(document, "a") == []
