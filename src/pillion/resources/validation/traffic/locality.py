"""Where endpoints are: shares of localities, and failover between regions."""

from pillion.resources.istio.destination_rule import (
    LocalityLoadBalancerSetting,
    OutlierDetection,
    ZoneAwareLoadBalancerSetting,
)
from pillion.resources.validation.report import Report

TOPOLOGY = frozenset(
    {"topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone"}
)  # fmt: skip


def check_locality(
    setting: LocalityLoadBalancerSetting | None, outlier: OutlierDetection | None, report: Report
) -> None:
    """Check how localities count; `outlier` is the policy beside it, without which nothing fails over."""
    if setting is None:
        return
    if setting.distribute and setting.failover:
        report.error("oneof-conflict", "only one of distribute and failover may be set", "failover")
        return
    clashing = [label for label in setting.failover_priority if label in TOPOLOGY]
    if setting.failover and clashing:
        report.error("oneof-conflict", f"failover beside the label {clashing[0]}", "failoverPriority")
        return
    if not _check_shares(setting, report.at("distribute")):
        return
    _check_overlap([share.from_ for share in setting.distribute], report.at("distribute"))
    has_failover = bool(setting.failover or setting.failover_priority)
    _check_failover([(one.from_, one.to) for one in setting.failover], has_failover, outlier, report)


def check_zone_aware(
    setting: ZoneAwareLoadBalancerSetting | None, outlier: OutlierDetection | None, report: Report
) -> None:
    """Check load balancing that prefers the client's zone."""
    if setting is None:
        return
    for index, label in enumerate(setting.failover_priority):
        if label in TOPOLOGY:
            report.error("oneof-conflict", f"{label} counts without being named", "failoverPriority", index)
    has_failover = bool(setting.failover or setting.failover_priority)
    _check_failover([(one.from_, one.to) for one in setting.failover], has_failover, outlier, report)


def _check_shares(setting: LocalityLoadBalancerSetting, report: Report) -> bool:
    """Check the shares; return whether they add up."""
    for index, share in enumerate(setting.distribute):
        inside = report.at(index, "to")
        if not all(0 < weight <= 100 for weight in share.to.values()):
            inside.error("out-of-range", "the share of a locality is a percentage from 1 to 100")
            return False
        if sum(share.to.values()) != 100:
            inside.error("out-of-range", f"the shares add up to {sum(share.to.values())}, expected 100")
            return False
        _check_overlap(list(share.to), inside)
    return True


def _check_failover(
    failovers: list[tuple[str, str]],
    has_failover: bool,  # computed by both callers
    outlier: OutlierDetection | None,
    report: Report,
) -> None:
    if has_failover and outlier is None:
        hint = "set outlierDetection"
        report.warn("ignored-field", "nothing fails over while no endpoint is found unhealthy", "failover", hint=hint)
    for index, (here, there) in enumerate(failovers):
        inside = report.at("failover", index)
        if here == there:
            inside.error("invalid-locality", "a region cannot fail over to itself", "to")
        if "/" in here + there or "*" in here + there:
            inside.error("invalid-locality", "failover is between whole regions, by name")


def _check_overlap(localities: list[str], report: Report) -> None:
    """Refuse localities that are malformed, or that one before covers."""
    earlier: list[list[str]] = []
    for locality in localities:
        parts = locality.split("/", 2)
        if "*" in locality[:-1]:
            report.error("invalid-locality", f"{locality!r} has a wildcard that is not at the end")
            return
        if "" in parts:
            report.error("invalid-locality", f"{locality!r} has an empty region, zone or subzone")
            return
        if any(_overlap(parts, one) for one in earlier):
            report.error("duplicate", f"locality {locality!r} overlaps with one before")
            return
        earlier.append(parts)


def _overlap(later: list[str], earlier: list[str]) -> bool:
    """Compare up to the first difference; what ends, or has a `*`, covers what is below it."""
    for one, other in zip(later, earlier, strict=False):
        if other == "*":
            return True
        if one != other:
            return False
    return True
