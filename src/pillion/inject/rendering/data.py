"""What a template is given, and what it gives back: a pod's data in, a document to merge in, out.

The data has the names of Istio's `SidecarTemplateData`, so that Istio's own templates and users' render unchanged.
"""

from typing import Any

from pillion.inject.gotemplate.golang.values import Int64
from pillion.inject.pod.containers import annotations
from pillion.inject.pod.identity import Workload
from pillion.inject.rendering import images
from pillion.inject.schema.types import Json, table
from pillion.inject.schema.view import MessageView, StructView, message_view, pod_views
from pillion.value import Value


class Named:
    """A small Go struct of strings, such as `types.NamespacedName`."""

    go_type: str = ""

    def __init__(self, go_type: str, **fields: str) -> None:
        self.go_type = go_type
        self.__dict__.update(fields)

    def __getattr__(self, name: str) -> str:
        raise AttributeError(name)


class Circumstances(Value):
    """What a rendering depends on besides pod and settings."""

    revision: str = ""
    native_sidecars: bool = False
    proxy_ids: tuple[int, int] = (1337, 1337)
    compliance_policy: str = ""


class SidecarTemplateData:
    """The data of one rendering."""

    go_type: str = "inject.SidecarTemplateData"

    def __init__(self, pod: Json, workload: Workload, settings: "MeshAndValues", circumstances: Circumstances) -> None:
        proxy_config, values = settings.proxy_config, settings.values
        kubernetes, mesh = table("kubernetes"), table("mesh")
        found = annotations(pod)
        views: tuple[StructView, StructView] = pod_views(kubernetes, pod)
        self.TypeMeta: Named = Named("v1.TypeMeta", Kind=workload.kind, APIVersion=workload.api_version)
        self.DeploymentMeta: Named = Named("types.NamespacedName", Name=workload.name, Namespace=workload.namespace)
        self.ObjectMeta, self.Spec = views
        self.ProxyConfig: MessageView = message_view(mesh, proxy_config, "ProxyConfig")
        self.MeshConfig: MessageView = message_view(mesh, settings.mesh, "MeshConfig")
        self.Values: Json = values
        self.Revision: str = circumstances.revision
        self.NativeSidecars: bool = circumstances.native_sidecars
        self.ProxyImage: str = images.proxy_image(values, proxy_config, found)
        self.ProxyInitImage: str = images.init_image(values, found)
        self.ProxyUID: Int64 = Int64(circumstances.proxy_ids[0])
        self.ProxyGID: Int64 = Int64(circumstances.proxy_ids[1])
        self.InboundTrafficPolicyMode: str = _inbound_mode(settings.mesh)
        self.CompliancePolicy: str = circumstances.compliance_policy

    @property
    def reads_name(self) -> bool:
        """Whether a template has read the pod's own name."""
        return self.ObjectMeta.was_read("Name")


class MeshAndValues:
    """The parts of the settings that a template sees; `proxy_config` is the pod's, its annotation merged in."""

    def __init__(self, mesh: Json, values: Json, proxy_config: Json) -> None:
        self.mesh: Json = mesh
        self.values: Json = values
        self.proxy_config: Json = proxy_config


def _inbound_mode(mesh: Json) -> str:
    policy: Any = mesh.get("inboundTrafficPolicy") or {}
    return "localhost" if policy.get("mode") == "LOCALHOST" else "passthrough"
