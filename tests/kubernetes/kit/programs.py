"""Kubernetes' own programs, built from the Go modules that `go.mod` pins, once, and kept in a cache.

The cache is keyed by what goes in: the pins, the Go version, the architecture. `PILLION_KUBE_CACHE` says where it is.
"""

import fcntl
import hashlib
import os
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).parent
API = ("etcd", "kube-apiserver")
CLUSTER = (*API, "kube-controller-manager", "kube-scheduler", "kubectl")
NODE = (*CLUSTER, "kubelet", "kube-proxy")
LEVELS = {"api": API, "cluster": CLUSTER, "node": NODE}
PACKAGES = {"etcd": "go.etcd.io/etcd/server/v3"}
STAMPED = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")


def cache_root() -> Path:
    """Return the folder of everything that is kept from one run to the next."""
    return Path(os.environ.get("PILLION_KUBE_CACHE") or Path.home() / ".cache" / "pillion" / "kube")


def cache() -> Path:
    """Return the folder of the programs for these pins on this machine."""
    go = _run(["go", "env", "GOVERSION", "GOARCH"]).stdout
    pins = (HERE / "go.mod").read_bytes() + (HERE / "go.sum").read_bytes() + go
    return cache_root() / hashlib.sha256(pins).hexdigest()[:16]


def build(programs: Iterable[str]) -> Path:
    """Build the programs that the cache lacks, one builder at a time; return the folder that holds them."""
    folder = cache()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for program in programs:
            if not (folder / program).exists():
                _build(program, folder)
    return folder


def _build(program: str, folder: Path) -> None:
    version = re.search(r"k8s\.io/kubernetes v(\S+)", (HERE / "go.mod").read_text())
    assert version is not None
    major, minor, _ = version[1].split(".", 2)
    told = {"gitVersion": f"v{version[1]}", "gitMajor": major, "gitMinor": minor}
    flags = " ".join(["-s -w", *(f"-X {at}.{name}={text}" for at in STAMPED for name, text in told.items())])
    package = PACKAGES.get(program, f"k8s.io/kubernetes/cmd/{program}")
    unfinished = folder / f".{program}"
    _run(
        [
            "go",
            "build",
            "-mod=readonly",
            "-buildvcs=false",
            "-trimpath",
            "-ldflags",
            flags,
            "-o",
            str(unfinished),
            package,
        ],
        {"GOWORK": "off", "CGO_ENABLED": "0"},
    )
    unfinished.rename(folder / program)


def _run(argv: list[str], more: dict[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(argv, cwd=HERE, env={**os.environ, **(more or {})}, check=True, capture_output=True)
    except FileNotFoundError:
        raise RuntimeError("Go is needed to build Kubernetes for the tests, and there is no `go`") from None
    except subprocess.CalledProcessError as problem:
        said = problem.stderr.decode(errors="replace")[-2000:]
        raise RuntimeError(f"Kubernetes for the tests cannot be built: {' '.join(argv[:2])}: {said}") from None
