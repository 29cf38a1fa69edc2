"""One definition a kind."""

from pillion.install.crd.definitions import SPELLINGS, definitions
from pillion.resources.kinds import KINDS, is_istio_group
from pillion.sources.kubernetes.watched import mesh_collections


def test_every_kind_of_istio_that_we_read_has_one() -> None:
    expected = {(group, kind) for group, kind in KINDS if is_istio_group(group)}
    assert {(spec["group"], spec["names"]["kind"]) for spec in definitions().values()} == expected
    assert SPELLINGS.keys() == {kind for _, kind in expected}


def test_they_define_what_the_control_plane_watches() -> None:
    watched = {each.definition: each.versions for each in mesh_collections() if each.optional}
    assert {name: tuple(v["name"] for v in spec["versions"]) for name, spec in definitions().items()} == watched


def test_one_version_is_stored_and_all_are_served() -> None:
    for spec in definitions().values():
        assert [version["storage"] for version in spec["versions"]] == [True] + [False] * (len(spec["versions"]) - 1)
        assert all(version["served"] and "status" in version["subresources"] for version in spec["versions"])


def test_people_find_their_short_names() -> None:
    names = definitions()["virtualservices.networking.istio.io"]["names"]
    assert names["shortNames"] == ["vs"]
    assert names["categories"] == ["istio-io", "networking-istio-io"]
