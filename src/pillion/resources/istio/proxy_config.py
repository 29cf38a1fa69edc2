"""Istio resources."""

from pillion.resources.istio.workload import WorkloadSelector
from pillion.resources.meta import Metadata
from pillion.value import NO_LABELS, Labels, Value


class ProxyImage(Value, rename="camel"):
    """`ProxyImage` of the API."""

    image_type: str = ""


class ProxyConfigSpec(Value, rename="camel"):
    """`ProxyConfig` of the API."""

    selector: WorkloadSelector | None = None
    concurrency: int | None = None
    environment_variables: Labels = NO_LABELS
    image: ProxyImage | None = None


class ProxyConfig(Value, rename="camel"):
    """The resource."""

    metadata: Metadata = Metadata()
    spec: ProxyConfigSpec = ProxyConfigSpec()
