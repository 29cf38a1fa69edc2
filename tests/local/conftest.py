"""What holds for every test of local meshes: a run before, that was killed, is no trouble to this one."""

import pytest

from local.meshes import BASE, pillion, place
from pillion.local.state import running


@pytest.fixture(scope="session", autouse=True)
def swept() -> None:
    """Take down what tests made whose processes are dead."""
    for name in sorted(each.name for each in BASE.glob("test-*")):
        if running(place(name)) is None:
            done = pillion("down", mesh=name)
            assert done.returncode == 0, done.stderr
