"""A real API server for the tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kubernetes.kit.control import Control

HERE = Path(__file__).parent
BUILD_TIMEOUT = 3000
"""Seconds. The first test waits for Kubernetes to be built; every play has a limit of its own."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of this folder the time to build Kubernetes once."""
    for item in items:
        if HERE in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(BUILD_TIMEOUT))


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
