"""Which security policies select a workload (Istio's `GetAuthorizationPolicies` and `GetJwtPoliciesForWorkload`)."""

from collections.abc import Iterable
from typing import TypeVar

from pillion.mesh.snapshot import MeshSnapshot
from pillion.resources.istio.security import AuthorizationPolicy, RequestAuthentication
from pillion.scope.attachment import attaches, over
from pillion.value import Labels, Value

Policy = AuthorizationPolicy | RequestAuthentication
P = TypeVar("P", AuthorizationPolicy, RequestAuthentication)


class Policies(Value):
    """The policies of a workload: the root namespace's first, then its own namespace's, each by age."""

    authorization: tuple[AuthorizationPolicy, ...] = ()
    authentication: tuple[RequestAuthentication, ...] = ()

    @property
    def every(self) -> tuple[Policy, ...]:
        """All of both kinds."""
        return (*self.authorization, *self.authentication)


def policies_for(snapshot: MeshSnapshot, namespace: str, labels: Labels) -> Policies:
    """Give the policies that select a workload."""
    root = snapshot.settings.root_namespace
    return Policies(
        authorization=_selecting(over(snapshot.authorization_policies, root, namespace), labels),
        authentication=_selecting(over(snapshot.request_authentications, root, namespace), labels),
    )


def _selecting(policies: Iterable[P], labels: Labels) -> tuple[P, ...]:
    return tuple(each for each in policies if selects(each, labels))


def selects(policy: Policy, labels: Labels) -> bool:
    """Return whether a policy selects a workload with these labels, of a namespace that it reaches."""
    spec = policy.spec
    targets = spec.target_refs or ((spec.target_ref,) if spec.target_ref else ())
    return attaches(spec.selector.match_labels if spec.selector else None, targets, labels)
