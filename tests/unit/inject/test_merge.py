"""Strategic merge patches of pods, as Kubernetes merges them."""

from typing import Any

import pytest

from pillion.inject.merge import MergeError, merge_pod


def spec(**fields: Any) -> dict[str, Any]:
    return {"spec": fields}


def test_maps_are_merged_and_null_takes_away() -> None:
    merged = merge_pod({"metadata": {"labels": {"a": "1", "b": "2"}}}, {"metadata": {"labels": {"b": None, "c": "3"}}})
    assert merged == {"metadata": {"labels": {"a": "1", "c": "3"}}}


def test_containers_are_merged_by_name_with_the_patch_first() -> None:
    before = spec(containers=[{"name": "app", "image": "a"}, {"name": "proxy", "image": "old"}])
    merged = merge_pod(before, spec(containers=[{"name": "new"}, {"name": "proxy", "image": "new"}]))
    assert merged["spec"]["containers"] == [
        {"name": "new"},
        {"name": "app", "image": "a"},
        {"name": "proxy", "image": "new"},
    ]


@pytest.mark.parametrize(
    ("field", "key"),
    [("ports", "containerPort"), ("env", "name"), ("volumeMounts", "mountPath"), ("volumeDevices", "devicePath")],
)
def test_lists_of_a_container_have_their_own_keys(field: str, key: str) -> None:
    before = spec(containers=[{"name": "a", field: [{key: "x", "old": 1}]}])
    merged = merge_pod(before, spec(containers=[{"name": "a", field: [{key: "x", "new": 2}]}]))
    assert merged["spec"]["containers"][0][field] == [{key: "x", "old": 1, "new": 2}]


def test_other_lists_are_replaced() -> None:
    merged = merge_pod(
        spec(containers=[{"name": "a", "args": ["1", "2"]}]), spec(containers=[{"name": "a", "args": ["3"]}])
    )
    assert merged["spec"]["containers"][0]["args"] == ["3"]


def test_what_only_the_original_has_keeps_its_place() -> None:
    before = spec(volumes=[{"name": name} for name in "abc"])
    merged = merge_pod(before, spec(volumes=[{"name": "c", "x": 1}, {"name": "a", "x": 2}]))
    assert [each["name"] for each in merged["spec"]["volumes"]] == ["b", "c", "a"]


def test_an_untouched_container_is_the_same_object() -> None:
    app = {"name": "app", "env": [{"name": "A"}]}
    merged = merge_pod(spec(containers=[app]), spec(containers=[{"name": "proxy"}]))
    assert merged["spec"]["containers"][1] is app


def test_directives() -> None:
    before = spec(containers=[{"name": "a", "image": "1"}, {"name": "b"}], nodeSelector={"x": "1", "y": "2"})
    assert merge_pod(before, spec(containers=[{"name": "a", "$patch": "delete"}]))["spec"]["containers"] == [
        {"name": "b"}
    ]
    replaced = merge_pod(before, spec(containers=[{"$patch": "replace"}, {"name": "c"}]))
    assert replaced["spec"]["containers"] == [{"name": "c"}]
    replaced = merge_pod(before, spec(nodeSelector={"$patch": "replace", "z": "3"}))
    assert replaced["spec"]["nodeSelector"] == {"z": "3"}
    kept = merge_pod(before, spec(nodeSelector={"$retainKeys": ["y"]}))
    assert kept["spec"]["nodeSelector"] == {"y": "2"}
    ordered = merge_pod(before, spec(**{"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}))
    assert [each["name"] for each in ordered["spec"]["containers"]] == ["b", "a"]
    finalizers = {"metadata": {"finalizers": ["a", "b"]}}
    assert merge_pod(finalizers, {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}}) == {
        "metadata": {"finalizers": ["b"]}
    }


def test_scalars_of_a_merged_list_are_added_once() -> None:
    merged = merge_pod({"metadata": {"finalizers": ["a"]}}, {"metadata": {"finalizers": ["a", "b"]}})
    assert merged == {"metadata": {"finalizers": ["a", "b"]}}


@pytest.mark.parametrize(
    "patch",
    [spec(containers=[{"image": "x"}]), spec(containers=["x"]), spec(containers=[{"name": "a", "$patch": "shuffle"}])],
)
def test_what_cannot_be_merged_is_refused(patch: dict[str, Any]) -> None:
    with pytest.raises(MergeError):
        merge_pod(spec(containers=[{"name": "a"}]), patch)
