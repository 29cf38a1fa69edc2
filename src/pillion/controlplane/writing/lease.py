"""Who holds a Lease, as Kubernetes' own components understand it.

Clocks of machines differ, so a holder's time is never compared with ours: a Lease that is not renewed is free when we
have seen it unchanged for as long as it lasts.
"""

import datetime as dt
from typing import Any, final

from pillion.value import Value


class Terms(Value):
    """How long what lasts; seconds, as Kubernetes' components have it."""

    lasts: float = 15.0
    """A Lease that is not renewed for so long is free; Kubernetes counts whole seconds."""
    deadline: float = 10.0
    """Who cannot renew for so long stops working: before anybody else begins."""
    retry: float = 2.0


class LeaseSpec(Value, rename="camel"):
    """What a Lease says."""

    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    acquire_time: str | None = None
    renew_time: str | None = None
    lease_transitions: int | None = None


class LeaseMetadata(Value, rename="camel"):
    """Which version of the Lease it is."""

    resource_version: str = ""


class Lease(Value):
    """A Lease (`coordination.k8s.io/v1`)."""

    metadata: LeaseMetadata = LeaseMetadata()
    spec: LeaseSpec = LeaseSpec()


@final
class Candidate:
    """Somebody who may hold a Lease."""

    def __init__(self, identity: str, terms: Terms) -> None:
        self._identity = identity
        self._terms = terms
        self._seen: LeaseSpec | None = None
        self._since = 0.0

    def may_hold(self, lease: Lease, now: float) -> bool:
        """Decide by the Lease as it is at a moment of our own steady clock."""
        spec = lease.spec
        if spec.holder_identity in {None, "", self._identity}:
            return True
        if spec != self._seen:
            self._seen, self._since = spec, now
        return now - self._since >= (spec.lease_duration_seconds or self._terms.lasts)

    def held(self, before: Lease, now: dt.datetime) -> dict[str, Any]:
        """Write what the Lease says when we hold it from now on."""
        spec = before.spec
        time = _micro_time(now)
        is_ours = spec.holder_identity == self._identity
        return {
            "holderIdentity": self._identity,
            "leaseDurationSeconds": max(1, round(self._terms.lasts)),
            "acquireTime": spec.acquire_time if is_ours and spec.acquire_time else time,
            "renewTime": time,
            "leaseTransitions": (spec.lease_transitions or 0) + (not is_ours and spec != LeaseSpec()),
        }

    def released(self, before: Lease, now: dt.datetime) -> dict[str, Any] | None:
        """Write what the Lease says when we give it up; None when it is not ours to give."""
        if before.spec.holder_identity != self._identity:
            return None
        return {**self.held(before, now), "holderIdentity": "", "leaseDurationSeconds": 1}


def _micro_time(now: dt.datetime) -> str:
    return now.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
