"""DestinationRule."""

from pillion.resources.istio.destination_rule import DestinationRule
from pillion.resources.validation.names import check_labels, host_problem
from pillion.resources.validation.report import Report
from pillion.resources.validation.traffic.policy import check_traffic_policy
from pillion.resources.validation.values import check_subset_name
from pillion.resources.validation.workloads import check_export_to, check_selector


def check_destination_rule(rule: DestinationRule, report: Report) -> None:
    """Check a DestinationRule."""
    spec, inside, namespace = rule.spec, report.at("spec"), rule.metadata.namespace
    if problem := host_problem(spec.host):
        inside.error("invalid-host", problem, "host")
    check_traffic_policy(namespace, spec.traffic_policy, inside.at("trafficPolicy"))
    seen: set[str] = set()
    for index, subset in enumerate(spec.subsets):
        part = inside.at("subsets", index)
        if subset.name in seen:
            part.error("duplicate", f"subset {subset.name!r} is already there", "name")
        seen.add(subset.name)
        check_subset_name(subset.name, part.at("name"))
        check_labels(subset.labels, part.at("labels"))
        check_traffic_policy(namespace, subset.traffic_policy, part.at("trafficPolicy").quiet())
    is_bound = spec.workload_selector is not None
    check_export_to(namespace, spec.export_to, inside.at("exportTo"), is_bound=is_bound)
    check_selector(spec.workload_selector, inside.at("workloadSelector"))
