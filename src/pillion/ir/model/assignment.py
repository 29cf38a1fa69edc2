"""The members of one backend as one client sees them: grouped by place, in order of preference."""

from typing import Literal

from pillion.ir.model.key import BackendKey
from pillion.value import Value

MemberHealth = Literal["healthy", "unhealthy", "draining", "unknown"]


class Place(Value, order=True):
    """Region, zone and sub-zone; empty strings where unknown."""

    region: str = ""
    zone: str = ""
    sub_zone: str = ""


class Member(Value):
    """One address that answers."""

    address: str
    """An IP address, a DNS name, or `unix:///path`."""
    port: int = 0
    weight: int | None = 1
    health: MemberHealth = "healthy"
    mtls: bool = False
    """Whether it takes the mesh's mutual TLS."""
    hostname: str = ""
    workload: str = ""
    """Identity for telemetry: `name;namespace;service;revision;cluster`."""
    alternatives: tuple[str, ...] = ()
    """Further addresses of the same member (dual stack)."""


class Group(Value):
    """Members of one place and priority."""

    place: Place | None = None
    priority: int = 0
    weight: int | None = None
    members: tuple[Member, ...] = ()


class Assignment(Value):
    """All members of a backend; none is an answer too."""

    backend: BackendKey
    groups: tuple[Group, ...] = ()
