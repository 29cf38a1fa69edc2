"""Whether a cluster's nodes can run the proxy as a native sidecar."""

import re
from collections.abc import Iterable
from typing import Literal

Mode = Literal["true", "false", "auto"]
"""ENABLE_NATIVE_SIDECARS."""

OLDEST_MINOR = 33
"""Native sidecars are stable since Kubernetes 1.33."""
_VERSION = re.compile(r"v?\d+\.(\d+)")


def are_supported(mode: Mode, kubelet_versions: Iterable[str] | None) -> bool:
    """Return whether pods get native sidecars; `auto`: if all nodes of a cluster are new enough."""
    if mode != "auto":
        return mode == "true"
    return kubelet_versions is not None and all(_is_new_enough(version) for version in kubelet_versions)


def _is_new_enough(version: str) -> bool:
    match = _VERSION.match(version)
    return match is not None and int(match.group(1)) >= OLDEST_MINOR
