import pytest

from pillion.analysis.paths import normal_path
from pillion.envoy.view.listener import Http


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a/b", "/a/b"),
        ("/a/./b/../c?x=/../y", "/a/c?x=/../y"),
        ("/../a", "/a"),
        ("/a/..", "/"),
        ("/a/b/.", "/a/b/"),
        ("/%61%2D%7e/%20", "/a-~/%20"),
        ("/%2e%2E/a", "/a"),
        (r"/a\..\b", "/b"),
        ("//a", "//a"),
    ],
)
def test_paths_are_normalised(path: str, expected: str) -> None:
    assert normal_path(Http(normalize_path=True), path) == (expected, "")


def test_a_manager_that_does_not_normalise_leaves_the_path() -> None:
    assert normal_path(Http(), "/a/../%61//b") == ("/a/../%61//b", "")


def test_slashes_are_merged_outside_the_query() -> None:
    assert normal_path(Http(merge_slashes=True), "//a///b?x=//") == ("/a/b?x=//", "")


def test_escaped_slashes() -> None:
    path = "/a%2Fb%5cc"
    assert normal_path(Http(), path) == (path, "")
    assert normal_path(Http(escaped_slashes="REJECT_REQUEST"), path) == (path, "reject")
    assert normal_path(Http(escaped_slashes="REJECT_REQUEST"), "/a?b=%2F") == ("/a?b=%2F", "")
    both = Http(escaped_slashes="UNESCAPE_AND_FORWARD", normalize_path=True)
    assert normal_path(both, path) == ("/a/b/c", "")
    assert normal_path(Http(escaped_slashes="UNESCAPE_AND_REDIRECT"), "/a%2Fb") == ("/a/b", "redirect")
