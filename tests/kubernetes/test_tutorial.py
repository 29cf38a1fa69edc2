"""The tutorial on automatic injection is true, block by block, in a real cluster."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from docs.pages import ROOT, run
from kubernetes.injector import HOME, NAME, Injector, injecting
from kubernetes.kit.control import Control

pytestmark = pytest.mark.root
PAGE = "tutorial-automatic-injection.md"
DEPLOYMENT = f"{HOME.replace('/api/v1', '/apis/apps/v1')}/deployments/{NAME}"


@contextmanager
def ending_with_its_deployment(control: Control, injector: Injector) -> Iterator[None]:
    """End the injector when its Deployment is deleted, as a kubelet does."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            if control.request("GET", DEPLOYMENT)[0] == 404:
                injector.stop()
                return

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()


def test_the_blocks_print_what_the_page_says(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    control = Control(tmp_path_factory.mktemp("cluster"), "cluster")
    environment = {
        "KUBECONFIG": str(control.kubeconfig),
        "HOME": str(tmp_path),
        "PILLION": str(ROOT),
        "PATH": f"{ROOT / '.venv' / 'bin'}:{control.bin}:{os.environ['PATH']}",
    }
    try:
        control.start()
        subprocess.run(
            [sys.executable, "-m", "pillion", "install"],
            env={**os.environ, **environment}, stdout=subprocess.DEVNULL, check=True, timeout=120,
        )  # fmt: skip
        with injecting(control, tmp_path / "injector") as injector, ending_with_its_deployment(control, injector):
            ran = list(run(PAGE, tmp_path, environment))
    finally:
        control.stop()
    assert [(each.step.script, each.output) for each in ran if not each.is_as_written] == []
