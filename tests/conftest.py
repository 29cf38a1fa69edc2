"""What holds for every test: a machine that is busy makes none of them fail, and two may run at once."""

from typing import final

import hypothesis
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

THE_MACHINE = "network namespaces and fixed ports"
AN_API_SERVER = "the API server of the session"
SHARED = {
    "tests/kubernetes/test_machine.py": THE_MACHINE,
    "tests/kubernetes/test_real_node.py": THE_MACHINE,
    "tests/kubernetes/": AN_API_SERVER,
    "tests/docs/": THE_MACHINE,
    "tests/envoy/": THE_MACHINE,
    "tests/local/": THE_MACHINE,
    "tests/properties/test_capture.py": THE_MACHINE,
    "tests/unit/capture/test_apply.py": THE_MACHINE,
}
"""What tests share that is there once, by their place."""

# an example may take as long as it takes; all else stays as the profile that Hypothesis chose (in CI its own) has it
hypothesis.settings.register_profile(
    "patient",
    hypothesis.settings.default,
    deadline=None,
    suppress_health_check=[*hypothesis.settings.default.suppress_health_check, hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("patient")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Hold that whatever needs root says what it shares."""
    for item in items:
        if item.get_closest_marker("root") and not item.nodeid.startswith(tuple(SHARED)):
            raise pytest.UsageError(f"{item.nodeid} needs root and stands in no place that SHARED of {__file__} names")


@final
class Sharing(LoadScopeScheduling):
    """Lets tests that share something run one after the other, and those of a module stay together."""

    def _split_scope(self, nodeid: str) -> str:
        return next((what for where, what in SHARED.items() if nodeid.startswith(where)), nodeid.split("::", 1)[0])


@pytest.hookimpl
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Sharing:
    """Distribute tests over several processes (pytest-xdist)."""
    return Sharing(config, log)
