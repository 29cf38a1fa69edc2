"""How a backend chooses among its members, and how it judges them."""

from typing import Literal

from pillion.value import FrozenMap, Value

Algorithm = Literal["least-request", "round-robin", "random", "ring-hash", "maglev", "provided"]


class Warmup(Value):
    """New members get their full share only after this window."""

    window: int | None = None
    minimum_percent: float | None = None
    aggression: float | None = None


class Failover(Value):
    """Where traffic of one region goes when that region fails."""

    origin: str
    target: str


class Distribution(Value):
    """How traffic of one locality is spread, in percent by locality."""

    origin: str
    target: FrozenMap[int] = FrozenMap()


class LocalityPolicy(Value):
    """How members are preferred by place."""

    distribute: tuple[Distribution, ...] = ()
    failover: tuple[Failover, ...] = ()
    failover_priority: tuple[str, ...] = ()
    failover_enabled: bool = False
    """Whether unhealthy members are found out, without which nobody fails over."""
    zone_aware: bool = False
    """Zone-aware routing: priorities by region only."""


class ZoneAware(Value):
    """Settings of zone-aware routing."""

    enabled: bool = True
    minimum_size: int | None = None


class Balancing(Value):
    """The load balancing of a backend."""

    algorithm: Algorithm = "least-request"
    ring_size: int | None = None
    table_size: int | None = None
    warmup: Warmup | None = None
    panic_threshold: float | None = None
    """Below this percentage of healthy members all are used; None leaves it to the proxy."""
    locality_weighted: bool = False
    zone_aware: ZoneAware | None = None
    locality: LocalityPolicy | None = None
    draining_members: bool = False


class Outlier(Value):
    """When a member is ejected. `None` leaves the proxy's default."""

    consecutive_5xx: int | None = None
    consecutive_gateway: int | None = None
    interval: int | None = None
    base_ejection: int | None = None
    max_ejection_percent: int = 0
    split_local_errors: bool = False
    consecutive_local: int = 0
    codes: tuple[int, ...] = ()
    """HTTP status codes that count as errors, where not the usual."""
