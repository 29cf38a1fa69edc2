"""Native sidecars by node version."""

import pytest

from pillion.inject.pod.native import Mode, are_supported


@pytest.mark.parametrize(
    ("mode", "versions", "wanted"),
    [
        ("auto", ["v1.33.0", "1.34.1+k3s1"], True),
        ("auto", ["v1.33.0", "v1.32.9"], False),
        ("auto", ["nonsense"], False),
        ("auto", [], True),
        ("auto", None, False),
        ("true", ["v1.20.0"], True),
        ("false", ["v1.34.0"], False),
    ],
)
def test_support(mode: Mode, versions: list[str] | None, wanted: bool) -> None:
    assert are_supported(mode, versions) is wanted
