"""Which policies attach to a workload: by the labels that they select, or by the Gateway that they name.

Istio's `WorkloadPolicyMatcher`, as far as sidecars go: to a workload that is no gateway, a policy with `targetRefs`
does not attach at all.
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from pillion.resources.istio.workload import PolicyTargetReference
from pillion.value import FrozenMap, Labels

GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"
"""The label of the pods that a Gateway of Kubernetes' own API made."""
GATEWAY_GROUP = "gateway.networking.k8s.io"

R = TypeVar("R")


def attaches(selector: Labels | None, targets: Sequence[PolicyTargetReference], labels: Labels) -> bool:
    """Return whether a policy attaches to a workload with these labels that its namespace lets it reach."""
    if not targets:
        return selector is None or labels.covers(selector)
    gateway = labels.get(GATEWAY_NAME)
    return gateway is not None and any(
        target.group == GATEWAY_GROUP and target.kind == "Gateway" and target.name == gateway for target in targets
    )


def over(shelves: FrozenMap[tuple[R, ...]], root: str, namespace: str) -> Iterator[R]:
    """Give the resources that may concern a namespace: the root namespace's first, then its own."""
    for owner in dict.fromkeys((root, namespace)):
        yield from shelves.get(owner, ())
