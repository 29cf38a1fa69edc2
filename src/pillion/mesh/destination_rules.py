"""DestinationRules of one namespace, merged by host and split by who may see them (Istio's `consolidatedDestRules`).

Rules of one host and namespace are merged: subsets are joined, the oldest traffic policy counts. A rule with a
workloadSelector stays apart and is never exported.
"""

from collections.abc import Sequence

import msgspec

from pillion.resources import host
from pillion.resources.host import resolve_short_name
from pillion.resources.istio.destination_rule import DestinationRule
from pillion.resources.meta import Ref, ref_of
from pillion.value import FrozenMap, Value

PRIVATE = "."
PUBLIC = "*"


class ConsolidatedRule(Value):
    """DestinationRules of one host, merged (Istio's `ConsolidatedDestRule`)."""

    rule: DestinationRule
    origins: tuple[Ref, ...]
    """The resources that went into it, oldest first."""
    export_to: frozenset[str] = frozenset()
    """As declared; empty: the mesh's default."""


Rules = tuple[ConsolidatedRule, ...]
RulesByHost = FrozenMap[Rules]


class DestinationRuleShelf(Value):
    """The rules of one namespace, by host. The hosts are whole names; wildcards stand for themselves."""

    local: RulesByHost = FrozenMap()
    """Those that clients in this namespace use first."""
    exported: RulesByHost = FrozenMap()
    """Those that clients elsewhere may use, when the service or the mesh lives here."""
    private: RulesByHost = FrozenMap()
    """Those for this namespace alone: in the root namespace the only ones that count as its own."""


EMPTY_SHELF = DestinationRuleShelf()


def shelve(rules: Sequence[DestinationRule], domain: str, default_export_to: tuple[str, ...]) -> DestinationRuleShelf:
    """Merge the rules of one namespace."""
    local: dict[str, Rules] = {}
    exported: dict[str, Rules] = {}
    private: dict[str, Rules] = {}
    for rule in sorted(rules, key=_precedence):
        namespace = rule.metadata.namespace
        whole = _with_host(rule, resolve_short_name(rule.spec.host, namespace, domain))
        export_to = frozenset(rule.spec.export_to) if rule.spec.workload_selector is None else frozenset({PRIVATE})
        if not export_to or export_to & {PUBLIC, PRIVATE, namespace}:
            _merge(local, whole, export_to)
        if _is_private(export_to, namespace, default_export_to):
            _merge(private, whole, export_to)
        else:
            _merge(exported, whole, export_to)
    return DestinationRuleShelf(local=FrozenMap(local), exported=FrozenMap(exported), private=FrozenMap(private))


def most_specific(hostname: str, rules: RulesByHost) -> Rules:
    """Find the rules of the most specific host that covers `hostname`."""
    found = host.most_specific(hostname, rules)
    return found[1] if found is not None else ()


def _precedence(rule: DestinationRule) -> tuple[bool, str, str]:
    metadata = rule.metadata
    return (rule.spec.workload_selector is None, metadata.creation_timestamp, metadata.name)


def _is_private(export_to: frozenset[str], namespace: str, default: tuple[str, ...]) -> bool:
    if not export_to:
        return PRIVATE in default
    return len(export_to) == 1 and bool(export_to & {PRIVATE, namespace})


def _with_host(rule: DestinationRule, hostname: str) -> DestinationRule:
    if rule.spec.host == hostname:
        return rule
    return msgspec.structs.replace(rule, spec=msgspec.structs.replace(rule.spec, host=hostname))


def _merge(by_host: dict[str, Rules], rule: DestinationRule, export_to: frozenset[str]) -> None:
    """Put a rule among those of its host: joined with those that it fits, and apart where it has to stand alone."""
    hostname = rule.spec.host
    merged: list[ConsolidatedRule] = []
    apart = True
    for existing in by_host.get(hostname, ()):
        joined, stands_apart = _join(existing, rule, export_to)
        merged.append(joined)
        apart = stands_apart
    if apart:
        merged.append(ConsolidatedRule(rule=rule, origins=(ref_of(rule),), export_to=export_to))
    by_host[hostname] = tuple(merged)


def _join(
    existing: ConsolidatedRule, rule: DestinationRule, export_to: frozenset[str]
) -> tuple[ConsolidatedRule, bool]:
    """Merge `rule` into one of its host where Istio does; tell whether the rule has to stand apart as well."""
    if export_to == existing.export_to:
        apart = False
    elif existing.export_to and export_to >= existing.export_to:
        apart = True
    else:
        return existing, True
    ours, theirs = rule.spec.workload_selector, existing.rule.spec.workload_selector
    if ours is not None and theirs is not None and ours.match_labels != theirs.match_labels:
        return existing, True
    if (ours is None) == (theirs is None):
        apart = False
    spec = existing.rule.spec
    known = {subset.name for subset in spec.subsets}
    subsets = spec.subsets + tuple(subset for subset in rule.spec.subsets if subset.name not in known)
    policy = spec.traffic_policy if spec.traffic_policy is not None else rule.spec.traffic_policy
    merged = msgspec.structs.replace(
        existing.rule, spec=msgspec.structs.replace(spec, subsets=subsets, traffic_policy=policy)
    )
    return ConsolidatedRule(rule=merged, origins=(*existing.origins, ref_of(rule)), export_to=existing.export_to), apart
