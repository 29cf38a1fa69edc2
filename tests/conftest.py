"""What holds for every test: a machine that is busy makes none of them fail, and two may run at once."""

from pathlib import Path

import hypothesis
import pytest

HERE = Path(__file__).parent
ALONE = {
    "kubernetes/test_machine.py": "the machine",
    "kubernetes/test_real_node.py": "the machine",
    "kubernetes": "the API server",
    "docs": "the machine",
    "envoy": "the machine",
    "local": "the machine",
}
"""Where tests share what there is once: network namespaces and fixed ports, or an API server of the session."""

# an example may take as long as it takes; all else stays as the profile that Hypothesis chose (in CI its own) has it
hypothesis.settings.register_profile(
    "patient",
    hypothesis.settings.default,
    deadline=None,
    suppress_health_check=[*hypothesis.settings.default.suppress_health_check, hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("patient")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let tests that share something run one after the other, and those of a module stay together."""
    for item in items:
        place = item.path.relative_to(HERE).as_posix()
        shared = next((what for where, what in ALONE.items() if place.startswith(where)), None)
        if shared is None:
            shared = "the machine" if item.get_closest_marker("root") else place
        item.add_marker(pytest.mark.xdist_group(shared))
