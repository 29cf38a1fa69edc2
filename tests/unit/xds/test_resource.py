from pillion.xds import type_urls
from pillion.xds.resource import Changes, Resources, View, versioned
from support.xds import SHORT, empty, res

CDS = SHORT["CDS"]


def clusters(*words: str) -> Resources:
    return Resources(CDS, [res("CDS", *word.split(":")) for word in words])


def test_a_version_is_the_content() -> None:
    assert versioned(CDS, "a", b"x").version == versioned(CDS, "b", b"x").version
    assert versioned(CDS, "a", b"x").version != versioned(CDS, "a", b"y").version


def test_changes_are_what_differs_and_are_found_once() -> None:
    old, new = clusters("a", "b", "c"), clusters("a", "c:2", "d")
    changes = new.changes_since(old)
    assert changes == Changes(upserted=("c", "d"), removed=("b",))
    assert new.changes_since(old) is changes


def test_an_update_knows_its_changes_and_no_change_is_the_same_object() -> None:
    old = clusters("a", "b")
    new = old.updated([res("CDS", "b", 2), res("CDS", "a")], ["x"])
    assert [each.name for each in new] == ["a", "b"]
    assert new.changes_since(old) == Changes(upserted=("b",), removed=())
    assert old.updated([res("CDS", "a")], ["x"]) is old
    assert [each.name for each in old.updated(removed=["a"])] == ["b"]


def test_the_version_of_all_does_not_depend_on_their_order() -> None:
    assert clusters("a", "b").version == clusters("b", "a").version != clusters("a", "b:2").version


def test_needs_are_gathered_by_type() -> None:
    assert clusters("a", "b").needs == {type_urls.ENDPOINT: {"a", "b"}}


def test_a_view_keeps_what_did_not_change_as_the_same_objects() -> None:
    first = View.of([res("CDS", "a"), res("EDS", "a")], {type_urls.ENDPOINT: empty})
    assert View.of([res("CDS", "a"), res("EDS", "a")], previous=first) is first
    second = View.of([res("CDS", "a"), res("EDS", "a", 2)], previous=first)
    assert second.fallbacks is first.fallbacks
    assert second.resources(CDS) is first.resources(CDS)
    assert second.resources(SHORT["EDS"]) is not first.resources(SHORT["EDS"])


def test_a_view_in_another_order_is_another() -> None:
    first = View.of([res("LDS", "a"), res("LDS", "b")])
    assert View.of([res("LDS", "b"), res("LDS", "a")], previous=first) is not first


def test_a_view_tells_as_another_that_holds_the_same() -> None:
    first = View.of([res("CDS", "a"), res("EDS", "a")])
    assert View.of([res("EDS", "a"), res("CDS", "a")]).tells_as(first)
    for other in ([res("CDS", "a"), res("EDS", "a", 2)], [res("CDS", "a")], [res("CDS", "a"), res("LDS", "a")]):
        assert not View.of(other).tells_as(first)
        assert not first.tells_as(View.of(other))


def test_a_view_is_updated_resource_by_resource() -> None:
    first = View.of([res("CDS", "a"), res("EDS", "a")])
    assert first.updated([res("CDS", "a")], [(CDS, "x")]) is first
    second = first.updated([res("EDS", "a", 2), res("LDS", "l")], [(CDS, "a")])
    assert {each.type_url: [one.name for one in each] for each in second} == {
        CDS: [],
        SHORT["EDS"]: ["a"],
        SHORT["LDS"]: ["l"],
    }
    assert second.resources(SHORT["RDS"]) is None
