"""ProxyConfig, the resource: settings of the proxies of a namespace or workload."""

from pillion.resources.istio.workload import WorkloadSelector
from pillion.resources.meta import Metadata
from pillion.value import NO_LABELS, Labels, Value


class ProxyImage(Value, rename="camel"):
    """The variant of the proxy's image."""

    image_type: str = ""


class ProxyConfigSpec(Value, rename="camel"):
    """The body of a ProxyConfig resource."""

    selector: WorkloadSelector | None = None
    concurrency: int | None = None
    environment_variables: Labels = NO_LABELS
    image: ProxyImage | None = None


class ProxyConfig(Value, rename="camel"):
    """A ProxyConfig resource."""

    metadata: Metadata = Metadata()
    spec: ProxyConfigSpec = ProxyConfigSpec()
