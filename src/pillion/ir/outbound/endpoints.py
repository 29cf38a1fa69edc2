"""The members of a backend as one client sees them: which count, grouped by place, in order of preference.

Mirrors `xds/endpoints` and `loadbalancer.go`. An endpoint change comes this way alone: it touches no scope.
"""

from collections.abc import Callable, Iterable, Mapping

from msgspec.structs import replace

from pillion.ir.model.assignment import Assignment, Group, Member, MemberHealth, Place
from pillion.ir.model.backend import Backend, MemberTerms
from pillion.ir.model.balancing import LocalityPolicy
from pillion.ir.outbound.addresses import is_address
from pillion.ir.policy import balancing
from pillion.ir.policy.peer import peer_modes
from pillion.mesh.endpoint import NOWHERE, Endpoint, Locality
from pillion.resources.istio.security import PeerAuthentication
from pillion.value import NO_LABELS, FrozenMap, Labels, Value

OWN_CLUSTER = "Kubernetes"
"""Istio's name for the cluster that the control plane itself runs in: members that name none are there."""
CLUSTER = "topology.istio.io/cluster"
_HEALTH: Mapping[str, MemberHealth] = {"healthy": "healthy", "unhealthy": "unhealthy", "draining": "draining"}


class ClientView(Value):
    """What of a client decides which members it sees, and in which order."""

    locality: Locality = NOWHERE
    network: str = ""
    cluster: str = ""
    node: str = ""
    labels: Labels = NO_LABELS
    """Those that a `failoverPriority` names, no others."""


ANYWHERE = ClientView()


class PeerRules(Value):
    """Peer authentication, as far as it turns mutual TLS off for single members."""

    policies: tuple[PeerAuthentication, ...] = ()
    root_namespace: str = "istio-system"

    @property
    def may_disable(self) -> bool:
        """Whether any of them says DISABLE."""
        return any(
            (policy.spec.mtls is not None and policy.spec.mtls.mode == "DISABLE")
            or any(level.mode == "DISABLE" for level in policy.spec.port_level_mtls.values())
            for policy in self.policies
        )


NO_RULES = PeerRules()


def assign(
    backend: Backend, endpoints: tuple[Endpoint, ...], view: ClientView = ANYWHERE, rules: PeerRules = NO_RULES
) -> Assignment:
    """Return the members of a backend for a client; none of them is an assignment too."""
    if backend.terms is None:
        return Assignment(backend=backend.key, groups=backend.members)
    return Assignment(
        backend=backend.key,
        groups=member_groups(backend.terms, backend.balancing.locality, endpoints, view, rules, by_name=False),
    )


def member_groups(  # each is a decision of its own
    terms: MemberTerms,
    locality: LocalityPolicy | None,
    endpoints: Iterable[Endpoint],
    view: ClientView,
    rules: PeerRules,
    *,
    by_name: bool,
) -> tuple[Group, ...]:
    """Return the members by place; `by_name` lets host names in (DNS), and takes all endpoints for the port's."""
    takes_mtls = _mtls_judge(terms, rules)
    places: dict[str, list[tuple[Endpoint, Member]]] = {}
    for endpoint in endpoints:
        if _counts(endpoint, terms, view, by_name=by_name):
            place = endpoint.place or str(endpoint.locality)
            places.setdefault(place, []).append((endpoint, _member(endpoint, takes_mtls(endpoint))))
    groups = [
        (pairs, _group(pairs[0][0].locality, [member for _, member in pairs])) for _, pairs in sorted(places.items())
    ]
    if locality is None:
        return tuple(group for _, group in groups)
    return _preferred(groups, locality, view)


def _counts(endpoint: Endpoint, terms: MemberTerms, view: ClientView, *, by_name: bool) -> bool:
    if (not by_name and endpoint.port_name != terms.port_name) or not endpoint.labels.covers(terms.labels):
        return False
    if terms.node_local and endpoint.node != view.node:
        return False
    if terms.cluster_local and view.cluster and view.cluster != (endpoint.cluster or OWN_CLUSTER):
        return False
    if endpoint.health in {"terminating", "draining"} or (endpoint.health == "unhealthy" and not terms.unhealthy):
        return False
    return by_name or endpoint.port == 0 or not endpoint.address or is_address(endpoint.address)


def _mtls_judge(terms: MemberTerms, rules: PeerRules) -> Callable[[Endpoint], bool]:
    if terms.mtls is not None:
        wanted = terms.mtls
        return lambda endpoint: wanted and endpoint.mtls
    if not rules.may_disable:
        return lambda endpoint: endpoint.mtls
    known: dict[tuple[str, Labels, int], bool] = {}

    def judge(endpoint: Endpoint) -> bool:
        if not endpoint.mtls:
            return False
        namespace = endpoint.workload.partition("/")[0] or terms.namespace
        key = (namespace, endpoint.labels, endpoint.port)
        if key not in known:
            modes = peer_modes(rules.policies, namespace, endpoint.labels, rules.root_namespace)
            known[key] = modes.for_port(endpoint.port) != "DISABLE"
        return known[key]

    return judge


def _member(endpoint: Endpoint, mtls: bool) -> Member:
    namespace, _, name = endpoint.workload.partition("/")
    canonical = endpoint.labels.get("service.istio.io/canonical-name") or endpoint.labels.get("app") or ""
    revision = endpoint.labels.get("service.istio.io/canonical-revision") or endpoint.labels.get("version") or ""
    return Member(
        address=endpoint.address,
        port=endpoint.port,
        weight=endpoint.weight or 1,
        health=_HEALTH.get(endpoint.health, "unknown"),
        mtls=mtls,
        workload=f"{name};{namespace};{canonical};{revision};{endpoint.cluster}" if name else "",
    )


def _group(place: Locality, members: list[Member]) -> Group:
    return Group(
        place=Place(region=place.region, zone=place.zone, sub_zone=place.sub_zone),
        weight=sum(member.weight or 0 for member in members),
        members=tuple(members),
    )


Placed = list[tuple[list[tuple[Endpoint, Member]], Group]]


def _preferred(placed: Placed, policy: LocalityPolicy, view: ClientView) -> tuple[Group, ...]:
    if policy.distribute:
        return _distributed(tuple(group for _, group in placed), policy, view)
    if not policy.failover_enabled:
        return tuple(group for _, group in placed)
    groups = tuple(group for _, group in placed)
    if policy.failover_priority:
        if view.labels or view.locality != NOWHERE or view.network or view.node or view.cluster:
            groups = _by_labels(placed, policy.failover_priority, view)
        if not policy.failover and not policy.zone_aware:
            return groups
    rank = _zone_aware_rank if policy.zone_aware else _locality_rank
    ranks = [
        group.priority * (3 if policy.zone_aware else 5) + rank(group.place or Place(), policy, view.locality)
        for group in groups
    ]
    return _ranked(groups, ranks)


def _ranked(groups: tuple[Group, ...], ranks: list[int]) -> tuple[Group, ...]:
    """Give groups their priorities: ranks without gaps."""
    dense = {rank: index for index, rank in enumerate(sorted(set(ranks)))}
    return tuple(replace(group, priority=dense[rank]) for group, rank in zip(groups, ranks, strict=True))


def _locality_rank(place: Place, policy: LocalityPolicy, own: Locality) -> int:
    if place.region != own.region:
        target = next((item.target for item in policy.failover if item.origin == own.region), None)
        return 3 if target is None or place.region == target else 4
    if place.zone != own.zone:
        return 2
    return 1 if place.sub_zone != own.sub_zone else 0


def _zone_aware_rank(place: Place, policy: LocalityPolicy, own: Locality) -> int:
    if place.region == own.region:
        return 0
    target = next((item.target for item in policy.failover if item.origin == own.region), None)
    return 1 if target is not None and place.region == target else 2


def _matches_place(place: Place | Locality, pattern: str) -> bool:
    parts = pattern.split("/")
    own = (place.region, place.zone, place.sub_zone)
    return all(part in {"*", "", actual} or part == actual for part, actual in zip(parts, own, strict=False))


def _distributed(groups: tuple[Group, ...], policy: LocalityPolicy, view: ClientView) -> tuple[Group, ...]:
    """Weigh places as the rule for the client's own place says; places that it leaves out get nothing."""
    rule = next((item for item in policy.distribute if _matches_place(view.locality, item.origin)), None)
    if rule is None:
        return groups
    weights: dict[int, int] = {}
    for pattern, share in rule.target.items():
        hit = [
            index
            for index, group in enumerate(groups)
            if index not in weights and _matches_place(group.place or Place(), pattern)
        ]
        total = sum(groups[index].weight or 1 for index in hit)
        for index in hit:
            own = groups[index].weight or 1
            weights[index] = -(-own * share // total)
    return tuple(
        replace(group, weight=weights[index] or group.weight) if index in weights else replace(group, members=())
        for index, group in enumerate(groups)
    )


def _by_labels(placed: Placed, wanted: tuple[str, ...], view: ClientView) -> tuple[Group, ...]:
    """Split each place by how many of the labels, in order, a member shares with the client."""
    names = [item.partition("=")[0] for item in wanted]
    given = dict(item.split("=", 1) for item in wanted if item.count("=") == 1)
    client = _with_topology(view.labels, view.locality, view.network, view.cluster, view.node)
    asked = [(name, given.get(name, client.get(name, ""))) for name in names]
    groups: list[Group] = []
    ranks: list[int] = []
    for pairs, group in placed:
        split: dict[int, list[Member]] = {}
        for endpoint, member in pairs:
            split.setdefault(_label_rank(endpoint, asked), []).append(member)
        for rank, members in sorted(split.items()):
            groups.append(replace(group, members=tuple(members), weight=sum(item.weight or 0 for item in members)))
            ranks.append(rank)
    return _ranked(tuple(groups), ranks)


def _label_rank(endpoint: Endpoint, asked: list[tuple[str, str]]) -> int:
    own = _with_topology(endpoint.labels, endpoint.locality, endpoint.network, endpoint.cluster, endpoint.node)
    other_network = 0
    for index, (name, value) in enumerate(asked):
        if own.get(name, "") != value:
            if index == 0 and name == balancing.NETWORK:
                other_network = len(asked)
                continue
            return len(asked) - index + other_network
    return other_network


def _with_topology(labels: Labels, place: Locality, network: str, cluster: str, node: str) -> FrozenMap[str]:
    topology = {
        balancing.REGION: place.region,
        balancing.ZONE: place.zone,
        balancing.SUBZONE: place.sub_zone,
        balancing.NETWORK: network,
        CLUSTER: cluster,
        balancing.HOSTNAME: node,
    }
    return FrozenMap({**labels, **{name: value for name, value in topology.items() if value}})
