"""Builds `xdsload`, the crowd of synthetic sidecars, from its source with Go; kept in `build/`."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT.parent / "shared" / "bench" / "xdsload"


def crowd() -> Path:
    """Give the program, building it when its source is newer."""
    target = ROOT / "build" / "xdsload"
    if not SOURCE.is_dir():
        raise SystemExit(f"the crowd's source is not at {SOURCE}")
    newest = max(path.stat().st_mtime for path in SOURCE.iterdir())
    if not target.exists() or target.stat().st_mtime < newest:
        target.parent.mkdir(exist_ok=True)
        subprocess.run(["go", "build", "-o", str(target), "."], cwd=SOURCE, check=True)
    return target
