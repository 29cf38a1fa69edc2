"""How far each proxy is, from what the replicas of a control plane say on their page `/debug/syncz`."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, cast

from pillion.value import Value

TYPES = ("cluster", "listener", "endpoint", "route")
"""In the order in which `istioctl proxy-status` shows them."""
State = Literal["SYNCED", "STALE", "NOT SENT", "ERROR"]


class TypeSync(Value):
    """How far a proxy is with one type."""

    state: State
    problem: str = ""
    """What the proxy said when it refused."""


class ProxySync(Value):
    """How far a proxy is, as one replica sees it."""

    proxy: str
    """`NAME.NAMESPACE`."""
    cluster: str
    version: str
    replica: str
    """The pod of the control plane that it is connected to."""
    types: tuple[TypeSync, ...]
    """One for each of `TYPES`."""

    @property
    def is_behind(self) -> bool:
        """Whether it has not taken all that it was sent."""
        return any(each.state in {"STALE", "ERROR"} for each in self.types)


def read_sync(page: Iterable[Mapping[str, Any]], replica: str) -> tuple[ProxySync, ...]:
    """Read a replica's page."""
    return tuple(
        ProxySync(
            proxy=str(each.get("proxy", "")),
            cluster=str(each.get("cluster_id", "")),
            version=str(each.get("proxy_version", "")),
            replica=replica,
            types=tuple(_type(each, name) for name in TYPES),
        )
        for each in page
    )


def _type(sync: Mapping[str, Any], name: str) -> TypeSync:
    sent, acknowledged = sync.get(f"{name}_sent"), sync.get(f"{name}_acked")
    rejected = sync.get(f"{name}_rejected")
    if isinstance(rejected, Mapping):
        return TypeSync(state="ERROR", problem=str(cast("Mapping[str, Any]", rejected).get("message", "")))
    if not sent:
        return TypeSync(state="NOT SENT")
    return TypeSync(state="SYNCED" if sent == acknowledged else "STALE")
