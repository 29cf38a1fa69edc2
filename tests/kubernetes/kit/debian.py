"""Debian's own packages of what a node needs beside Kubernetes: fetched and unpacked into the cache, never installed.

Nothing of the machine is changed for it: no daemon of theirs is started, and whoever has them already keeps them.
"""

import fcntl
import os
import subprocess
import tempfile
from pathlib import Path

from kubernetes.kit import programs

PACKAGES = ("containerd", "runc", "containernetworking-plugins", "busybox-static")
PROGRAMS = ("usr/sbin", "usr/bin", "bin")
PLUGINS = "usr/lib/cni"
MACHINE = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def unpack() -> Path:
    """Return the folder that the packages are unpacked into."""
    folder = programs.cache_root() / "debian" / "-".join(PACKAGES)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _fetch(folder)
    return folder


def search_path(folder: Path) -> str:
    """Return a PATH with the unpacked programs before the machine's."""
    return ":".join([*(str(folder / each) for each in PROGRAMS), MACHINE])


def _fetch(folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent) as place:
        try:
            _run(["apt-get", "download", "-qq", *PACKAGES], place)
        except RuntimeError:
            # Images of Debian often come without the lists of what there is, or with old ones.
            _run(["apt-get", "update", "-qq"], place)
            _run(["apt-get", "download", "-qq", *PACKAGES], place)
        unfinished = Path(place, "root")
        for package in sorted(Path(place).glob("*.deb")):
            _run(["dpkg-deb", "-x", str(package), str(unfinished)], place)
        unfinished.rename(folder)


def _run(argv: list[str], place: str) -> None:
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(argv, cwd=place, capture_output=True, text=True, check=False, env=environment)
    except FileNotFoundError:
        raise RuntimeError(f"{argv[0]} is missing: a node for the tests is made of Debian's packages") from None
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv)}: {done.stderr[-1000:]}")
