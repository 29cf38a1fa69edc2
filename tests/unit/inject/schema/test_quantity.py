"""Kubernetes quantities in canonical form."""

import pytest

from pillion.inject.schema.quantity import canonical


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("0", "0"),
        ("0m", "0"),
        ("100m", "100m"),
        ("2000m", "2"),
        ("0.5", "500m"),
        (".5", "500m"),
        ("1.", "1"),
        ("1500", "1500"),
        ("1000", "1k"),
        ("1000000", "1M"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("1025Ki", "1025Ki"),
        ("0.5Ki", "512"),
        ("128974848", "128974848"),
        ("12e6", "12e6"),
        ("1e3", "1e3"),
        ("1E", "1E"),
        ("+1", "1"),
        ("-100m", "-100m"),
        ("1n", "1n"),
        ("0.0000000001", "1n"),
    ],
)
def test_canonical_forms(text: str, wanted: str) -> None:
    assert canonical(text) == wanted


@pytest.mark.parametrize("text", ["", "m", "1 Gi", "1gi", "1K", "1.2.3", "0x1", "1e", "1e999", "9" * 70, "1\n"])
def test_what_is_no_quantity(text: str) -> None:
    assert canonical(text) is None
