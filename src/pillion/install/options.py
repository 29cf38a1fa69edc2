"""What can be chosen about an installation, and what is wrong with a choice."""

import re

from pillion.inject.pod.native import Mode
from pillion.resources.frozen import FrozenJson
from pillion.value import NO_LABELS, Diagnostic, Diagnostics, FrozenMap, Labels, Value, Where

DEFAULT = "default"
"""The revision without a name: its objects carry no suffix."""
NEVER_OURS = ("kube-system", "kube-public", "kube-node-lease")
"""Namespaces of Kubernetes itself: nothing is installed there, and nothing is injected there."""
OPENSHIFT = "openshift"
"""The platform that gives every namespace ids of its own."""
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_QUANTITY = re.compile(r"[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?")
_MEMORY = FrozenMap({"cpu": "100m", "memory": "256Mi"})


class Resources(Value):
    """What a container asks for, and what it may use at most."""

    requests: Labels = _MEMORY
    limits: Labels = NO_LABELS


class Options(Value):
    """What to install."""

    system_namespace: str = "istio-system"
    root_namespace: str = ""
    """Where rules for the whole mesh stand; empty means the system namespace."""
    revision: str = DEFAULT
    hub: str = "pillion"
    tag: str = "latest"
    image: str = "pillion"
    pull_policy: str = ""
    """As in a container: empty leaves it to Kubernetes."""
    pull_secrets: tuple[str, ...] = ()
    replicas: int = 2
    """Of the injector, and of the control plane."""
    injector_resources: Resources = Resources()
    control_plane_resources: Resources = Resources(requests=FrozenMap({"cpu": "500m", "memory": "512Mi"}))
    disruption_budget: bool = True
    """Only where there are several replicas: with one, a node could never be drained."""
    network_policy: bool = False
    crds: bool = True
    validation: bool = True
    """Have the control plane judge resources when they are written."""
    status: bool = True
    """Have the control plane say in the status of objects that they cannot be read."""
    allocate: bool = True
    """Have the control plane give addresses to ServiceEntries without any."""
    refuse_on_failure: bool = True
    """What becomes of a pod when no injector answers: refused, or let in without a sidecar."""
    native_sidecars: Mode = "false"
    """Whether the injector makes native sidecars; `auto` has it watch the nodes."""
    platform: str = ""
    """What the cluster is, such as `openshift`; empty means what the values say."""
    mesh: FrozenMap[FrozenJson] = FrozenMap()
    """Fields of the MeshConfig, laid over ours."""
    values: FrozenMap[FrozenJson] = FrozenMap()
    """Values of the injection template, laid over ours."""
    ca_bundle: str = ""
    """PEM of who vouches for the injector, if that is not our own authority."""
    certificate_secret: str = ""
    """A Secret with the injector's `tls.crt` and `tls.key`; empty means ours."""
    roots: str = ""
    """PEM of our own authority, and of those before it; empty leaves `caBundle` to the control plane."""

    @property
    def is_certificate_ours(self) -> bool:
        """Whether our own authority vouches for the injector, so that the control plane looks after that."""
        return not self.ca_bundle and not self.certificate_secret

    @property
    def is_openshift(self) -> bool:
        """Whether a proxy's ids are those of its namespace, as for Istio with value `global.platform` or `platform`."""
        named = self.values.get("global")
        within = named.get("platform") if isinstance(named, FrozenMap) else None
        return (self.platform or within or self.values.get("platform")) == OPENSHIFT

    @property
    def root(self) -> str:
        """The namespace where rules for the whole mesh stand."""
        return self.root_namespace or self.system_namespace

    @property
    def full_image(self) -> str:
        """The image of all our containers."""
        return f"{self.hub}/{self.image}:{self.tag}" if self.hub else f"{self.image}:{self.tag}"


def check(options: Options) -> Diagnostics:
    """Say what cannot be installed."""
    found: list[Diagnostic] = []
    names = {
        "namespace": options.system_namespace,
        "root-namespace": options.root_namespace or "unset",
        "revision": options.revision,
        "certificate-secret": options.certificate_secret or "unset",
    }
    for option, name in names.items():
        if not _LABEL.fullmatch(name):
            found.append(_wrong(option, f"is {name!r}, expected a DNS label: letters, digits and - in between"))
    if options.system_namespace in NEVER_OURS:
        found.append(_wrong("namespace", f"{options.system_namespace} belongs to Kubernetes", "choose another"))
    if options.replicas < 1:
        found.append(_wrong("replicas", f"is {options.replicas}, expected 1 or more"))
    for resources in (options.injector_resources, options.control_plane_resources):
        for name, amount in (*resources.requests.items(), *resources.limits.items()):
            if not _QUANTITY.fullmatch(amount):
                found.append(_wrong("resources", f"{name} is {amount!r}, expected an amount such as 100m or 256Mi"))
    return tuple(found)


def _wrong(option: str, message: str, hint: str = "") -> Diagnostic:
    where = Where(resource=f"--{option}")
    return Diagnostic(code="bad-install-option", severity="error", message=message, where=where, hint=hint)
