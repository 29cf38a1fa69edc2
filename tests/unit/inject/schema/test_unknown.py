"""Fields that a table does not have."""

from pillion.inject.schema.types import table
from pillion.inject.schema.unknown import Unknown, unknown_fields


def test_unknown_fields_are_found_at_every_depth_with_what_they_are_a_slip_of() -> None:
    pod = {
        "metadata": {"labels": {"any": "thing"}, "lables": {}},
        "spec": {
            "containers": [{"name": "a", "resources": {"limits": {"cpu": 1}, "request": {}}, "whatever": {"x": 1}}],
            "volumes": [{"name": "v", "emptyDir": {"sizelimit": "1Gi"}}],
        },
    }
    assert set(unknown_fields(table("kubernetes"), pod, "Pod")) == {
        Unknown(path=("metadata", "lables"), meant="labels"),
        Unknown(path=("spec", "containers", 0, "resources", "request"), meant="requests"),
        Unknown(path=("spec", "containers", 0, "whatever")),
        Unknown(path=("spec", "volumes", 0, "emptyDir", "sizelimit"), meant="sizeLimit"),
    }


def test_values_of_wrong_types_are_passed_over() -> None:
    pod = {"metadata": "x", "spec": {"containers": {"nam": 1}, "volumes": [None, "x"]}}
    assert list(unknown_fields(table("kubernetes"), pod, "Pod")) == []
