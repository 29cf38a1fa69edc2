"""The page for newcomers is true, block by block, on this machine."""

import subprocess
import sys
from pathlib import Path

import pytest

from docs.pages import run

pytestmark = [pytest.mark.root, pytest.mark.envoy]


def _down() -> None:
    """Take the page's mesh down where a block that failed left it, or a run that was killed."""
    done = subprocess.run(
        [sys.executable, "-m", "pillion", "down", "--mesh", "first"], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_blocks_print_what_the_page_says(tmp_path: Path) -> None:
    _down()
    try:
        ran = list(run("getting-started.md", tmp_path, {}))
    finally:
        _down()
    assert len(ran) > 8
    assert [(each.step.script, each.output) for each in ran if not each.is_as_written] == []
