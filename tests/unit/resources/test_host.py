from itertools import product

import pytest

from pillion.resources import host


@pytest.mark.parametrize(
    ("one", "other", "overlap", "subset"),
    [
        ("foo.com", "foo.com", True, True),
        ("foo.com", "bar.com", False, False),
        ("*.com", "foo.com", True, False),
        ("foo.com", "*.com", True, True),
        ("*.foo.com", "foo.com", False, False),
        ("foo.com", "*.foo.com", False, False),
        ("*", "foo.com", True, False),
        ("*", "*.com", True, False),
        ("*.com", "*", True, True),
        ("*.foo.com", "*.com", True, True),
        ("*.com", "*.net", False, False),
        ("", "", True, True),
    ],
)
def test_a_wildcard_covers_its_suffix(one: str, other: str, overlap: bool, subset: bool) -> None:
    assert host.overlaps(one, other) is overlap
    assert host.overlaps(other, one) is overlap
    assert host.is_subset_of(one, other) is subset


def test_the_first_overlap_is_the_one_that_looking_at_every_pair_finds() -> None:
    for hosts in product(("*", "*.b", "*.a.b", "a.b", "x.a.b", "c", "xa.b"), repeat=4):
        pairs = [(i, j) for i in range(4) for j in range(i + 1, 4) if host.overlaps(hosts[i], hosts[j])]
        wanted = dict(reversed(pairs))
        assert host.first_overlaps(hosts) == wanted, hosts


def test_a_cover_says_what_asking_each_name_says() -> None:
    names = ("", "*", "*b", "*.b", "*.a.b", "a.b", "x.a.b", "b", "xa.b")
    for hosts in product(names, repeat=2):
        cover = host.Cover(hosts)
        for name in names:
            assert (name in cover) is any(host.is_subset_of(name, each) for each in hosts), (name, hosts)


def test_most_specific_first() -> None:
    names = ["*", "*.com", "b.com", "a.com", "long.a.com", "*.a.com"]
    assert sorted(names, key=host.specificity) == ["long.a.com", "a.com", "b.com", "*.a.com", "*.com", "*"]


def test_most_specific_match() -> None:
    candidates = {"*": 1, "*.com": 2, "a.com": 3, "*.b.com": 4}
    assert host.most_specific("a.com", candidates) == ("a.com", 3)
    assert host.most_specific("x.b.com", candidates) == ("*.b.com", 4)
    assert host.most_specific("*.c.com", candidates) == ("*.com", 2)
    assert host.most_specific("x.net", candidates) == ("*", 1)
    assert host.most_specific("x.net", {"*.com": 2}) is None


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (["foo.com", "bar.com"], ["*.com"], ("foo.com", "bar.com")),
        (["foo.com", "*.net"], ["*.com", "bar.net"], ("foo.com", "bar.net")),
        (["foo.com", "*.net"], ["*.bar.net"], ("*.bar.net",)),
        (["foo.com"], ["bar.com"], ()),
        ([], ["bar.com"], ()),
    ],
)
def test_intersection_keeps_the_narrower(one: list[str], other: list[str], expected: tuple[str, ...]) -> None:
    assert host.intersection(one, other) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("reviews", "reviews.shop.svc.cluster.local"),
        ("reviews.other", "reviews.other"),
        ("*", "*"),
        ("", ""),
        ("::1", "::1"),
    ],
)
def test_short_names_belong_to_the_namespace(name: str, expected: str) -> None:
    assert host.resolve_short_name(name, "shop", "cluster.local") == expected
