"""Where the conformance data is: beside the project, or where `PILLION_CONFORMANCE` says."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]


def folder() -> Path:
    """Give the folder of the conformance data; without it nothing is proved, and that is an error."""
    path = Path(os.environ.get("PILLION_CONFORMANCE") or ROOT.parent / "shared" / "conformance")
    assert (path / "README.md").exists(), (
        f"{path} holds no conformance data; put it there, or say where it is with PILLION_CONFORMANCE"
    )
    return path
