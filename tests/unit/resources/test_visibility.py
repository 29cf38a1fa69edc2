import pytest

from pillion.resources.visibility import is_visible


@pytest.mark.parametrize(
    ("export_to", "viewer", "expected"),
    [
        ((), "b", True),
        (("*",), "b", True),
        ((".",), "b", False),
        ((".",), "a", True),
        (("b",), "b", True),
        (("b",), "a", False),
        (("~",), "a", False),
        (("~", "*"), "a", False),
    ],
)
def test_who_sees_a_resource_of_namespace_a(export_to: tuple[str, ...], viewer: str, expected: bool) -> None:
    assert is_visible(export_to, "a", viewer) is expected


def test_the_meshs_default_counts_when_nothing_is_said() -> None:
    assert not is_visible((), "a", "b", default=(".",))
    assert is_visible(("*",), "a", "b", default=(".",))
