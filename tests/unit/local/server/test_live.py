"""What is said when a mesh is up."""

import pytest

from pillion.local.server.live import beginning

APPLY = "`pillion apply -f FILE --mesh one`"


@pytest.mark.parametrize(
    ("pods", "paths", "said"),
    [
        (1, ["/mesh"], "the pod is ready"),
        (3, ["/mesh"], "all 3 pods are ready"),
        (0, ["/a", "-", "/b.yaml"], f"no pod to run yet: waiting for workloads in /a, /b.yaml, or by {APPLY}"),
        (0, ["-"], f"no pod to run yet: waiting for workloads by {APPLY}"),
    ],
)  # fmt: skip
def test_a_mesh_without_pods_says_what_it_waits_for(pods: int, paths: list[str], said: str) -> None:
    assert beginning(pods, paths, "one") == said
