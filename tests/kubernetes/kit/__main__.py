"""Kubernetes by hand, with `tests` on PYTHONPATH.

`python -m kubernetes.kit build [api|cluster|node]`      its programs, into the cache
`python -m kubernetes.kit up [api|cluster|node] FOLDER`  runs it until its input ends; prints the path of a kubeconfig
`python -m kubernetes.kit images FOLDER`                 images for a node, as FOLDER/images.tar
"""

import contextlib
import shutil
import sys
from pathlib import Path

from kubernetes.kit import debian, image, programs
from kubernetes.kit.cluster import Cluster
from kubernetes.kit.control import Control


def main(argv: list[str]) -> int:
    """Do what the words say."""
    match argv:
        case ["build"]:
            sys.stdout.write(f"{programs.build(programs.NODE)}\n")
        case ["build", ("api" | "cluster" | "node") as level]:
            sys.stdout.write(f"{programs.build(programs.LEVELS[level])}\n")
        case ["images", folder]:
            images(Path(folder))
        case ["up", ("api" | "cluster" | "node") as level, folder]:
            up(level, Path(folder).resolve())
        case _:
            sys.stderr.write(f"{__doc__}\n")
            return 2
    return 0


def images(folder: Path) -> None:
    """Make the images of a node."""
    made = [image.busybox(folder, debian.unpack() / "bin" / "busybox"), image.pillion(folder)]
    image.archive(folder / "images.tar", made)
    for layer in {layer for each in made for layer, _ in each.layers}:
        layer.unlink()


def up(level: str, folder: Path) -> None:
    """Run a cluster until standard input ends or somebody interrupts."""
    folder.mkdir(parents=True)
    control = Cluster(folder) if level == "node" else Control(folder, level)
    try:
        control.start()
        sys.stdout.write(f"{control.kubeconfig}\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            sys.stdin.read()
    finally:
        control.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
