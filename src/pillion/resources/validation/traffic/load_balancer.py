"""How an endpoint is chosen."""

import math

from pillion.resources.istio.destination_rule import (
    ConsistentHashLB,
    HTTPCookie,
    LoadBalancerSettings,
    OutlierDetection,
    WarmupConfiguration,
)
from pillion.resources.validation.report import Report
from pillion.resources.validation.traffic.locality import check_locality, check_zone_aware
from pillion.resources.validation.values import check_duration

LARGEST_TABLE = 5_000_011


def check_load_balancer(
    settings: LoadBalancerSettings | None, outlier: OutlierDetection | None, report: Report
) -> None:
    """Check a load balancer; `outlier` is the outlier detection beside it."""
    if settings is None:
        return
    if settings.consistent_hash is not None:
        _check_hash(settings.consistent_hash, report.at("consistentHash"))
    if settings.locality_lb_setting is not None and settings.zone_aware_lb_setting is not None:
        report.error("oneof-conflict", "only one of localityLbSetting and zoneAwareLbSetting may be set")
    check_locality(settings.locality_lb_setting, outlier, report.at("localityLbSetting"))
    check_zone_aware(settings.zone_aware_lb_setting, outlier, report.at("zoneAwareLbSetting"))
    if settings.warmup is not None:
        _check_warmup(settings.warmup, report.at("warmup"))


def _check_hash(hashing: ConsistentHashLB, report: Report) -> None:
    if hashing.http_cookie is not None:
        _check_cookie(hashing.http_cookie, report.at("httpCookie"))
    if hashing.minimum_ring_size:
        hint = "use ringHash.minimumRingSize"
        report.warn("deprecated", "minimumRingSize is out of use here", "minimumRingSize", hint=hint)
        if hashing.ring_hash is not None or hashing.maglev is not None:
            report.error("oneof-conflict", "minimumRingSize beside ringHash or maglev", "minimumRingSize")
    if hashing.maglev is not None and not _is_table_size(hashing.maglev.table_size):
        message = f"is {hashing.maglev.table_size}, expected a prime below {LARGEST_TABLE}"
        report.error("out-of-range", message, "maglev", "tableSize")


def _is_table_size(size: int) -> bool:
    if not 0 < size < LARGEST_TABLE:
        return False
    return size < 4 or (size % 2 == 1 and all(size % factor for factor in range(3, math.isqrt(size) + 1, 2)))


def _check_cookie(cookie: HTTPCookie, report: Report) -> None:
    if not cookie.name:
        report.error("required", "a cookie needs a name", "name")
    seen: set[str] = set()
    for index, attribute in enumerate(cookie.attributes):
        if not attribute.name:
            report.error("required", "an attribute needs a name", "attributes", index, "name")
        elif attribute.name in seen:
            report.error("duplicate", f"attribute {attribute.name!r} is already there", "attributes", index, "name")
        seen.add(attribute.name)


def _check_warmup(warmup: WarmupConfiguration, report: Report) -> None:
    if warmup.duration is None:
        report.error("required", "a warm-up needs a duration", "duration")
    check_duration(warmup.duration, report.at("duration"))
    if (warmup.minimum_percent or 0) > 100:
        report.error("out-of-range", f"is {warmup.minimum_percent}, expected at most 100", "minimumPercent")
    if warmup.aggression is not None and warmup.aggression <= 0:
        report.error("out-of-range", f"is {warmup.aggression}, expected more than 0", "aggression")
