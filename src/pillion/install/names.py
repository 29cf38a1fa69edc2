"""The names of what an installation makes.

For the default revision in `istio-system` the injector's objects are called as in Istio's own documentation, so that
its commands to inspect and to remove them hold here too. Other revisions take a suffix.
"""

from pillion.install.options import DEFAULT, Options
from pillion.value import Value

USUAL_NAMESPACE = "istio-system"
AUTHORITY_SECRET = "pillion-ca"  # noqa: S105 (a name)
"""Holds the key that vouches for our servers; the control plane looks after it."""


class Names(Value):
    """The names of one revision's objects."""

    injector: str
    """Deployment, Service, ConfigMap, PodDisruptionBudget and NetworkPolicy of the injector."""
    injector_account: str
    injector_role: str
    injector_binding: str
    injector_certificate: str
    webhook: str
    mesh: str
    control_plane: str
    """Deployment, Service, ServiceAccount and so on of the control plane."""
    control_plane_role: str
    validator: str


def names_of(options: Options) -> Names:
    """Name the objects of a revision."""
    suffix = "" if options.revision == DEFAULT else f"-{options.revision}"
    namespace = options.system_namespace
    # Objects of the cluster need a name of their own for each installation.
    of_cluster = suffix if namespace == USUAL_NAMESPACE else f"{suffix}-{namespace}"
    return Names(
        injector=f"istio-sidecar-injector{suffix}",
        injector_account=f"istio-sidecar-injector-service-account{suffix}",
        injector_role=f"istio-sidecar-injector-{namespace}{suffix}",
        injector_binding=f"istio-sidecar-injector-admin-role-binding-{namespace}{suffix}",
        injector_certificate=f"istio-sidecar-injector-certificate{suffix}",
        webhook=f"istio-sidecar-injector{of_cluster}",
        mesh=f"istio{suffix}",
        control_plane=f"istiod{suffix}",
        control_plane_role=f"istiod-{namespace}{suffix}",
        validator=f"istio-validator-{namespace}{suffix}",
    )
