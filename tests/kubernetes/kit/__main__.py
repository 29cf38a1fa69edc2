"""`python -m kubernetes.kit build [api|cluster|node]`, `up [api|cluster] FOLDER`, `down FOLDER`: Kubernetes by hand.

`up` prints the path of a kubeconfig; what it starts runs until `down`.
"""

import shutil
import sys
from pathlib import Path

from kubernetes.kit import debian, image, programs
from kubernetes.kit.control import Control, end_recorded, record


def main(argv: list[str]) -> int:
    """Do what the words say."""
    match argv:
        case ["build"]:
            sys.stdout.write(f"{programs.build(programs.NODE)}\n")
        case ["build", ("api" | "cluster" | "node") as level]:
            sys.stdout.write(f"{programs.build(programs.LEVELS[level])}\n")
        case ["images", folder]:
            place = Path(folder)
            busybox = image.busybox(place, debian.unpack() / "bin" / "busybox")
            images = [busybox, image.pillion(place)]
            image.archive(place / "images.tar", images)
            for layer in {layer for each in images for layer, _ in each.layers}:
                layer.unlink()
        case ["up", ("api" | "cluster") as level, folder]:
            place = Path(folder).resolve()
            place.mkdir(parents=True)
            control = Control(place, level)
            try:
                control.start()
            except BaseException:
                control.stop()
                raise
            record(control, place / "running.json")
            sys.stdout.write(f"{control.kubeconfig}\n")
        case ["down", folder]:
            place = Path(folder).resolve()
            end_recorded(place / "running.json")
            shutil.rmtree(place)
        case _:
            sys.stderr.write(f"{__doc__}\n")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
