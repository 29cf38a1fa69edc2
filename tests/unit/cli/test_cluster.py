"""Whoever asks a cluster and has none may have meant the mesh on this machine."""

from pathlib import Path

from pillion.cli.cluster import meant_here
from pillion.local.state import Lock, layout_of


def test_the_meshes_that_run_here_are_named_with_what_shows_them(tmp_path: Path) -> None:
    assert not meant_here(tmp_path / "none")
    with Lock(layout_of("default", tmp_path)):
        only = "this command asks a cluster; on this machine mesh default runs: `pillion get pods` shows it"
        assert meant_here(tmp_path) == only
        with Lock(layout_of("other", tmp_path)):
            assert meant_here(tmp_path) == f"{only}; mesh other runs: `pillion get pods --mesh other` shows it"
        assert meant_here(tmp_path) == only
    assert not meant_here(tmp_path)
