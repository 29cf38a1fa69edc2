import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillion.value import Diagnostic, FrozenMap, Origin, Value, Where, has_errors

maps = st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=5)


@given(maps)
def test_equal_maps_are_equal_and_hash_alike_whatever_the_order(items: dict[str, str]) -> None:
    backwards = dict(reversed(list(items.items())))
    assert FrozenMap(items) == FrozenMap(backwards)
    assert hash(FrozenMap(items)) == hash(FrozenMap(backwards))
    assert list(FrozenMap(items)) == sorted(items)


@given(maps, maps)
def test_a_map_covers_a_selector_when_every_pair_is_in_it(labels: dict[str, str], selector: dict[str, str]) -> None:
    assert FrozenMap(labels).covers(FrozenMap(selector)) == (selector.items() <= labels.items())


class Port(Value):
    name: str = ""
    number: int


def test_a_value_is_keyword_only_frozen_and_hashes_as_it_compares() -> None:
    assert Port(number=80) == Port(number=80)
    assert hash(Port(number=80)) == hash(Port(number=80))
    with pytest.raises(TypeError):
        Port("http", 80)  # pyright: ignore[reportCallIssue]
    with pytest.raises(AttributeError):
        Port(number=80).number = 81  # pyright: ignore[reportAttributeAccessIssue]


def test_a_diagnostic_names_file_line_resource_field_and_remedy() -> None:
    where = Where(
        origin=Origin(file="mesh.yaml"),
        resource="Sidecar prod-us1/default",
        path=("spec", "egress", 0, "hosts", 1),
        line=12,
    )
    found = Diagnostic(code="bad-host", severity="error", message="no namespace", where=where, hint="write ns/host")
    assert str(found) == (
        "mesh.yaml:12: Sidecar prod-us1/default: spec.egress[0].hosts[1]: error: no namespace [bad-host]; write ns/host"
    )
    assert has_errors((found,))
    assert not has_errors(())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (0, False),
        (1, 1.0),
        ((1,), (True,)),
        ((("a", 0),), (("a", 0.0),)),
        (FrozenMap({"b": 1}), FrozenMap({"b": True})),
        ((FrozenMap({"b": (2,)}),), (FrozenMap({"b": (2.0,)}),)),
    ],
)
def test_numbers_of_two_types_are_two_values(one: object, other: object) -> None:
    assert one == one  # noqa: PLR0124 (so that the parameters are what they seem)
    assert FrozenMap({"a": one, "z": "same"}) != FrozenMap({"a": other, "z": "same"})
    assert FrozenMap({"a": one, "z": "same"}) == FrozenMap({"z": "same", "a": one})


def test_equal_values_that_are_not_the_same_objects_are_equal() -> None:
    def made() -> FrozenMap[object]:
        number = int("1000000")
        return FrozenMap({"a": (Port(number=number), number, None), "b": number / 3, "c": f"{number}"})

    assert made() == made()
    assert hash(made()) == hash(made())
    assert made() != {"a": 1}
    assert FrozenMap({"a": 1}) != FrozenMap({"a": 1, "b": 1})
