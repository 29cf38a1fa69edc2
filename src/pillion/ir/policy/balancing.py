"""Load balancing and outlier detection of a backend.

Mirrors `cluster_traffic_policy.go` (`applyLoadBalancer`, `applyOutlierDetection`) and `loadbalancer.go`: any outlier
detection turns preference by place into failover; Kubernetes' traffic distribution does so without one, where no rule
says something of places.
"""

from msgspec.structs import replace

from pillion.ir.model.balancing import (
    Algorithm,
    Balancing,
    Distribution,
    Failover,
    LocalityPolicy,
    Outlier,
    Warmup,
    ZoneAware,
)
from pillion.ir.policy.pool import nanoseconds
from pillion.mesh.service import Service
from pillion.resources.istio import destination_rule as api
from pillion.resources.istio.mesh_config import MeshConfig

NETWORK = "topology.istio.io/network"
REGION = "topology.kubernetes.io/region"
ZONE = "topology.kubernetes.io/zone"
SUBZONE = "topology.istio.io/subzone"
HOSTNAME = "kubernetes.io/hostname"
SAME_ZONE = (NETWORK, REGION, ZONE)
SAME_NODE = (NETWORK, REGION, ZONE, SUBZONE, HOSTNAME)
DEFAULT_RING = 1024
_DISTRIBUTION = {"PreferClose": SAME_ZONE, "PreferSameZone": SAME_ZONE, "PreferSameNode": SAME_NODE}
_SIMPLE: dict[str, Algorithm] = {
    "RANDOM": "random",
    "ROUND_ROBIN": "round-robin",
    "LEAST_CONN": "least-request",
    "LEAST_REQUEST": "least-request",
}


def is_passthrough(settings: api.LoadBalancerSettings | None) -> bool:
    """Return whether connections go wherever the caller wanted, whoever the members are."""
    return settings is not None and settings.simple == "PASSTHROUGH"


def balancing(
    settings: api.LoadBalancerSettings | None,
    outlier: api.OutlierDetection | None,
    service: Service,
    config: MeshConfig,
) -> Balancing:
    """Return how the members of a service's port are chosen."""
    force = service.traffic_distribution in _DISTRIBUTION
    panic: float = 0.0
    if outlier is not None and outlier.min_health_percent > 0 and not force:
        panic = float(outlier.min_health_percent)
    placed = _by_place(settings, service, config, failover=outlier is not None)
    return replace(
        placed,
        panic_threshold=panic,
        **_algorithm(settings),
    )


def _algorithm(settings: api.LoadBalancerSettings | None) -> dict[str, object]:
    sticky = settings.consistent_hash if settings else None
    if sticky is not None:
        if sticky.maglev is not None:
            return {"algorithm": "maglev", "table_size": sticky.maglev.table_size or None}
        if sticky.ring_hash is not None:
            return {"algorithm": "ring-hash", "ring_size": sticky.ring_hash.minimum_ring_size or None}
        return {"algorithm": "ring-hash", "ring_size": sticky.minimum_ring_size or DEFAULT_RING}
    algorithm = _SIMPLE.get((settings.simple if settings else None) or "", "least-request")
    return {"algorithm": algorithm, "warmup": _warmup(settings) if algorithm != "random" else None}


def _warmup(settings: api.LoadBalancerSettings | None) -> Warmup | None:
    if settings is None:
        return None
    if settings.warmup is not None:
        full = settings.warmup
        return Warmup(
            window=nanoseconds(full.duration),
            minimum_percent=10.0 if full.minimum_percent is None else full.minimum_percent,
            aggression=1.0 if full.aggression is None else full.aggression,
        )
    if settings.warmup_duration_secs is not None:
        return Warmup(window=settings.warmup_duration_secs.nanoseconds)
    return None


def _by_place(
    settings: api.LoadBalancerSettings | None, service: Service, config: MeshConfig, *, failover: bool
) -> Balancing:
    """Find who decides about places: the rule, the service's traffic distribution, the mesh; in this order."""
    if settings is not None and settings.zone_aware_lb_setting is not None:
        return _zone_aware(settings.zone_aware_lb_setting)
    if settings is not None and settings.locality_lb_setting is not None:
        return _local(settings.locality_lb_setting, failover=failover)
    labels = _DISTRIBUTION.get(service.traffic_distribution)
    if labels is not None:
        return _local(api.LocalityLoadBalancerSetting(enabled=True, failover_priority=labels), failover=True)
    if config.zone_aware_lb_setting is not None:
        return _zone_aware(config.zone_aware_lb_setting)
    if config.locality_lb_setting is not None:
        return _local(config.locality_lb_setting, failover=failover)
    return Balancing()


def _local(setting: api.LocalityLoadBalancerSetting, *, failover: bool) -> Balancing:
    if setting.enabled is False:
        return Balancing()
    weighted = bool(setting.distribute) or (failover and bool(setting.failover or setting.failover_priority))
    return Balancing(
        locality_weighted=weighted,
        locality=LocalityPolicy(
            distribute=tuple(Distribution(origin=item.from_, target=item.to) for item in setting.distribute),
            failover=tuple(Failover(origin=item.from_, target=item.to) for item in setting.failover),
            failover_priority=setting.failover_priority,
            failover_enabled=failover,
        ),
    )


def _zone_aware(setting: api.ZoneAwareLoadBalancerSetting) -> Balancing:
    enabled = setting.enabled is not False
    place = LocalityPolicy(
        failover=tuple(Failover(origin=item.from_, target=item.to) for item in setting.failover),
        failover_priority=setting.failover_priority,
        failover_enabled=True,
        zone_aware=True,
    )
    return Balancing(
        zone_aware=ZoneAware(enabled=enabled, minimum_size=setting.min_cluster_size),
        locality=place if enabled else None,
    )


def outlier(settings: api.OutlierDetection | None) -> Outlier | None:
    """Return when a member is ejected."""
    if settings is None:
        return None
    local = settings.consecutive_local_origin_failures or 0
    return Outlier(
        consecutive_5xx=settings.consecutive_5xx_errors,
        consecutive_gateway=settings.consecutive_gateway_errors,
        interval=nanoseconds(settings.interval),
        base_ejection=nanoseconds(settings.base_ejection_time),
        max_ejection_percent=max(settings.max_ejection_percent, 0),
        split_local_errors=settings.split_external_local_origin_errors,
        consecutive_local=local if settings.split_external_local_origin_errors else 0,
        codes=settings.outlier_detection_http_error_codes,
    )
