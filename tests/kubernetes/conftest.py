"""A real API server for the tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kubernetes.kit.control import Control


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    """An API server that every test may use, and none may break."""
    yield from started(tmp_path_factory.mktemp("kube"))


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Control]:
    """An API server for one test, to be broken."""
    yield from started(tmp_path / "kube")


def started(folder: Path) -> Iterator[Control]:
    """Run an API server while the test does."""
    folder.mkdir(exist_ok=True)
    control = Control(folder)
    try:
        yield control.start()
    finally:
        control.stop()
