"""Which workloads a policy is for."""

from typing import Literal

from pillion.resources.number import Unsigned
from pillion.value import NO_LABELS, Labels, Value

WorkloadMode = Literal["UNDEFINED", "CLIENT", "SERVER", "CLIENT_AND_SERVER"]


class WorkloadSelector(Value, rename="camel"):
    """The labels of the workloads that a policy applies to; empty means all of the namespace."""

    match_labels: Labels = NO_LABELS


class PortSelector(Value, rename="camel"):
    """A port by its number."""

    number: Unsigned = 0


class PolicyTargetReference(Value, rename="camel"):
    """A gateway or service that a policy hangs on, instead of labels."""

    group: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""
