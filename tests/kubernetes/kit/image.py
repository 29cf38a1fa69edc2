"""Images without a registry and without Docker: of our own wheel, and of the programs and libraries of this machine.

What the image of ours starts with is read from the Dockerfile that users build it with. Written as an archive that
containerd imports.
"""

import compileall
import hashlib
import json
import os
import platform
import py_compile
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec

PROJECT = Path(__file__).parents[3]
PILLION = "docker.io/pillion/pillion:tests"
BUSYBOX = "docker.io/library/busybox:tests"
SLEEP = "docker.io/example/sleep:tests"
NUMBER = f"{sys.version_info.major}.{sys.version_info.minor}"
VERSION = f"python{NUMBER}"
LIBRARY = f"/usr/local/lib/{VERSION}"
ARCHITECTURE = str(sysconfig.get_config_var("MULTIARCH"))
GO_NAMES = {"x86_64": "amd64", "aarch64": "arm64"}
LEFT_OUT = {
    f"config-{NUMBER}-{ARCHITECTURE}",
    *("test", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3", "site-packages", "dist-packages"),
}
"""Of Python's own library."""
CAPTURE = ("ip", "iptables-save", "iptables-restore", "ip6tables-save", "ip6tables-restore", "nft")
PASSWD = "root:x:0:0:root:/:/sbin/nologin\nistio-proxy:x:1337:1337::/:/sbin/nologin\n"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Layer:
    """A layer, written to a file as it grows."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._tar = tarfile.open(file, "w")  # noqa: SIM115 (closed by `done`)
        self._have: set[str] = set()

    def folder(self, path: str, mode: int = 0o755) -> None:
        """Put a folder, and those above it."""
        if path in self._have or path == "/":
            return
        self.folder(str(Path(path).parent))
        self._add(path, type=tarfile.DIRTYPE, mode=mode)

    def link(self, path: str, target: str) -> None:
        """Put a symbolic link."""
        if path not in self._have:
            self.folder(str(Path(path).parent))
            self._add(path, type=tarfile.SYMTYPE, linkname=target)

    def text(self, path: str, content: str, mode: int = 0o644) -> None:
        """Put a text."""
        self.folder(str(Path(path).parent))
        data = content.encode()
        self._add(path, BytesIO(data), size=len(data), mode=mode)

    def file_of(self, path: str, source: Path) -> None:
        """Put a file of this machine."""
        if path not in self._have:
            self.folder(str(Path(path).parent))
            found = source.stat()
            with source.open("rb") as content:
                self._add(path, content, size=found.st_size, mode=found.st_mode & 0o755, mtime=int(found.st_mtime))

    def tree(self, path: str, source: Path, without: Iterable[str] = ()) -> list[Path]:
        """Put what a folder of this machine holds; return the shared libraries among it."""
        found: list[Path] = []
        for folder, names, files in os.walk(source):
            names[:] = [name for name in names if not (Path(folder) == source and name in without)]
            for name in files:
                file = Path(folder, name)
                self.file_of(f"{path}/{file.relative_to(source)}", file)
                if ".so" in name:
                    found.append(file)
        return found

    def program(self, path: str, source: Path) -> None:
        """Put a program with the libraries that it loads."""
        self.file_of(path, source.resolve())
        self.libraries([source.resolve()])

    def libraries(self, of: list[Path]) -> None:
        """Put the libraries of the system that these files load."""
        said = subprocess.run(["ldd", *map(str, of)], capture_output=True, text=True, check=False).stdout
        for library in set(re.findall(r"(/\S+) \(0x", said)):
            if "site-packages" not in library:
                name = Path(library).name
                at = library if name.startswith("ld-") else f"/lib/{ARCHITECTURE}/{name}"
                self.file_of(at, Path(library).resolve())

    def done(self) -> str:
        """Close the layer; return its digest."""
        self._tar.close()
        with self.file.open("rb") as content:
            return f"sha256:{hashlib.file_digest(content, 'sha256').hexdigest()}"

    def _add(self, path: str, content: Any = None, **facts: Any) -> None:
        info = tarfile.TarInfo(path.lstrip("/"))
        for name, value in facts.items():
            setattr(info, name, value)
        self._tar.addfile(info, content)
        self._have.add(path)


class Image(msgspec.Struct):
    """An image: its names, its layers by file and digest, and what containers of it start with."""

    names: list[str]
    layers: list[tuple[Path, str]]
    config: dict[str, Any]


def archive(file: Path, images: Iterable[Image]) -> None:
    """Write images as `docker save` does; a layer of several images is written once."""
    manifest: list[dict[str, Any]] = []
    with tarfile.open(file, "w") as tar:
        written: set[str] = set()
        for image in images:
            for layer, digest in image.layers:
                if digest not in written:
                    written.add(digest)
                    tar.add(layer, f"{digest.removeprefix('sha256:')}.tar")
            root = {"type": "layers", "diff_ids": [digest for _, digest in image.layers]}
            config = {
                "architecture": GO_NAMES[platform.machine()],
                "os": "linux",
                "rootfs": root,
                "config": image.config,
            }
            name = f"{hashlib.sha256(json.dumps(config).encode()).hexdigest()}.json"
            _put(tar, name, config)
            layers = [f"{digest.removeprefix('sha256:')}.tar" for _, digest in image.layers]
            manifest.append({"Config": name, "RepoTags": image.names, "Layers": layers})
        _put(tar, "manifest.json", manifest)


def busybox(folder: Path, program: Path) -> Image:
    """Make the image of pods' infrastructure and of applications: a shell, a server, a client."""
    layer = Layer(folder / "busybox.tar")
    layer.folder("/tmp", 0o1777)
    layer.file_of("/bin/busybox", program)
    for name in subprocess.run([program, "--list"], capture_output=True, text=True, check=True).stdout.split():
        layer.link(f"/bin/{name}", "/bin/busybox")
    layer.text("/etc/passwd", PASSWD)
    config = {"Env": [f"PATH={PATH}"], "Cmd": ["/bin/sleep", "2147483647"]}
    return Image([BUSYBOX, SLEEP], [(layer.file, layer.done())], config)


def pillion(folder: Path) -> Image:
    """Make the image of ours: this machine's Python and tables, the pinned packages, our wheel."""
    below = Layer(folder / "python.tar")
    for each in ("/proc", "/sys", "/run", "/etc"):
        below.folder(each)
    below.folder("/tmp", 0o1777)
    below.text("/etc/passwd", PASSWD)
    below.program(f"/usr/local/bin/{VERSION}", Path(sys.executable))
    below.libraries(below.tree(LIBRARY, Path(sysconfig.get_path("stdlib")), LEFT_OUT))
    for name in CAPTURE:
        below.program(f"/usr/sbin/{name}", Path(shutil.which(name, path=PATH) or name))
    extensions = Path("/usr/lib", ARCHITECTURE, "xtables")
    below.libraries(below.tree(str(extensions), extensions))
    packages = list(_packages())
    below.libraries([file for at, file in packages if ".so" in file.name or at.endswith("/_bin/envoy")])
    for at, file in packages:
        below.file_of(f"{LIBRARY}/site-packages/{at}", file)
    above = Layer(folder / "pillion.tar")
    _wheel(above, folder)
    return Image([PILLION], [(below.file, below.done()), (above.file, above.done())], dockerfile())


def dockerfile() -> dict[str, Any]:
    """Read what containers start with from the Dockerfile that users build the image with."""
    last = dict(re.findall(r"(?m)^(WORKDIR|USER|ENTRYPOINT) (.+)$", (PROJECT / "Dockerfile").read_text()))
    return {
        # Debian's own Python would look elsewhere.
        "Env": [f"PATH={PATH}", f"PYTHONPATH={LIBRARY}/site-packages"],
        "WorkingDir": last["WORKDIR"],
        "User": last["USER"],
        "Entrypoint": json.loads(last["ENTRYPOINT"]),
    }


def _packages() -> Iterator[tuple[str, Path]]:
    """List the files of the packages that a mesh runs with: path below site-packages, file."""
    from importlib.metadata import distribution  # noqa: PLC0415

    pinned = re.findall(r"(?m)^([A-Za-z0-9._-]+)==", (PROJECT / "requirements" / "mesh.txt").read_text())
    for name in pinned:
        if name != "setuptools":
            for each in distribution(name).files or ():
                at = str(each)
                if not at.startswith(".."):
                    yield at, Path(str(each.locate()))


def _wheel(layer: Layer, folder: Path) -> None:
    """Put our package, from a wheel that is built of the sources as they are, below a folder that somebody clears."""
    with tempfile.TemporaryDirectory(prefix="wheel-", dir=folder) as name:
        place = Path(name)
        source = place / "source"
        source.mkdir()
        for each in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy2(PROJECT / each, source)
        shutil.copytree(PROJECT / "src", source / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        argv = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
        environment = {**os.environ, "TMPDIR": str(place)}
        subprocess.run([*argv, "-w", str(place), str(source)], check=True, capture_output=True, env=environment)
        (wheel,) = place.glob("*.whl")
        shutil.unpack_archive(wheel, place / "site", "zip")
        unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
        compileall.compile_dir(place / "site", quiet=2, workers=0, invalidation_mode=unchecked)
        layer.tree(f"{LIBRARY}/site-packages", place / "site")
    start = "import sys\nfrom pillion.cli.main import main\nsys.exit(main())\n"
    layer.text("/usr/local/bin/pillion", f"#!/usr/local/bin/{VERSION}\n{start}", 0o755)


def _put(tar: tarfile.TarFile, name: str, content: Any) -> None:
    data = json.dumps(content).encode()
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, BytesIO(data))
