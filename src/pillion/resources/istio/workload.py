"""Istio resources."""

from typing import Literal

from pillion.resources.number import Unsigned
from pillion.value import NO_LABELS, Labels, Value

WorkloadMode = Literal["UNDEFINED", "CLIENT", "SERVER", "CLIENT_AND_SERVER"]


class WorkloadSelector(Value, rename="camel"):
    """`WorkloadSelector` of the API."""

    match_labels: Labels = NO_LABELS


class PortSelector(Value, rename="camel"):
    """`PortSelector` of the API."""

    number: Unsigned = 0


class PolicyTargetReference(Value, rename="camel"):
    """`PolicyTargetReference` of the API."""

    group: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""
