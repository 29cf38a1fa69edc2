"""A room that gets crowded is split by noun: the limits that keep it so."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "pillion"
FORBIDDEN = {"utils", "util", "helpers", "common", "manager", "misc"}


@pytest.mark.parametrize(("folder", "limit"), [("src", 500), ("tests", 600), ("bench", 500), ("tools", 200)])
def test_no_module_is_longer_than_its_limit(folder: str, limit: int) -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in (ROOT / folder).rglob("*.py")}
    assert {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > limit} == {}


def test_no_package_has_more_than_sixteen_modules() -> None:
    packages = {path.parent for path in SOURCE.rglob("*.py")}
    counts = {str(package.relative_to(ROOT)): len(list(package.glob("*.py"))) - 1 for package in packages}
    del counts["src/pillion/cli"]  # one module a command: it grows with the commands, and with nothing else
    assert {package: count for package, count in counts.items() if count > 16} == {}


def test_no_room_for_odds_and_ends() -> None:
    assert [str(path) for path in SOURCE.rglob("*") if path.stem in FORBIDDEN] == []


def test_every_module_says_what_it_is_for() -> None:
    mute = [str(path.relative_to(ROOT)) for path in SOURCE.rglob("*.py") if not path.read_text().startswith('"""')]
    assert mute == []
