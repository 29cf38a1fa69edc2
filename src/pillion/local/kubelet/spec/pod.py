"""The parts of a pod's document that the kubelet acts upon, typed; everything else in it is none of its business.

Mirrors `core/v1` of Kubernetes. Comes from an injected pod document; goes to the environment, volumes, rights and
probes beside this module.
"""

from typing import Any, Literal, cast

import msgspec

from pillion.value import Diagnostic, Diagnostics, FrozenMap, Value, Where


class KeyRef(Value, rename="camel"):
    """One key of a ConfigMap or Secret."""

    name: str = ""
    key: str = ""
    optional: bool = False


class FieldRef(Value, rename="camel"):
    """A field of the pod: `metadata.name`, `status.podIP`, `metadata.labels['app']`."""

    field_path: str
    api_version: str = "v1"


class ResourceFieldRef(Value, rename="camel"):
    """A resource of a container: `limits.cpu`, divided by `divisor` and rounded up."""

    resource: str
    container_name: str = ""
    divisor: str | int = "0"


class ValueFrom(Value, rename="camel"):
    """Where an environment variable's value comes from."""

    field_ref: FieldRef | None = None
    resource_field_ref: ResourceFieldRef | None = None
    config_map_key_ref: KeyRef | None = None
    secret_key_ref: KeyRef | None = None


class EnvVar(Value, rename="camel"):
    """One environment variable."""

    name: str
    value: str = ""
    value_from: ValueFrom | None = None


class EnvSource(Value, rename="camel"):
    """A whole ConfigMap or Secret as environment variables."""

    prefix: str = ""
    config_map_ref: KeyRef | None = None
    secret_ref: KeyRef | None = None


class Header(Value, rename="camel"):
    """One header of a probe's request."""

    name: str
    value: str


class HttpGet(Value, rename="camel"):
    """An HTTP request to the pod; any answer from 200 to 399 is a success."""

    port: int | str
    path: str = "/"
    host: str = ""
    scheme: str = "HTTP"
    http_headers: tuple[Header, ...] = ()


class TcpSocket(Value, rename="camel"):
    """A connection to the pod; being accepted is a success."""

    port: int | str
    host: str = ""


class Grpc(Value, rename="camel"):
    """A gRPC health check."""

    port: int
    service: str = ""


class Exec(Value, rename="camel"):
    """A command run in the container; exit code 0 is a success."""

    command: tuple[str, ...] = ()


class Sleep(Value, rename="camel"):
    """A pause of a lifecycle hook."""

    seconds: int


class Handler(Value, rename="camel"):
    """What a probe or a lifecycle hook does: one of these."""

    http_get: HttpGet | None = None
    tcp_socket: TcpSocket | None = None
    grpc: Grpc | None = None
    exec: Exec | None = None
    sleep: Sleep | None = None


class Probe(Handler, rename="camel"):
    """A question asked again and again; times in seconds."""

    initial_delay_seconds: int = 0
    period_seconds: int = 10
    timeout_seconds: int = 1
    success_threshold: int = 1
    failure_threshold: int = 3
    termination_grace_period_seconds: int | None = None


class Lifecycle(Value, rename="camel"):
    """What is done right after a container's start and right before its end."""

    post_start: Handler | None = None
    pre_stop: Handler | None = None


class Port(Value, rename="camel"):
    """A port that a container says it serves."""

    container_port: int
    name: str = ""
    protocol: str = "TCP"


class Mount(Value, rename="camel"):
    """Where a container sees a volume."""

    name: str
    mount_path: str
    sub_path: str = ""
    sub_path_expr: str = ""
    read_only: bool = False


class Capabilities(Value, rename="camel"):
    """Capabilities without `CAP_`; `ALL` means every one."""

    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()


class SecurityContext(Value, rename="camel"):
    """A container's rights; None leaves the choice to the pod."""

    run_as_user: int | None = None
    run_as_group: int | None = None
    privileged: bool = False
    allow_privilege_escalation: bool | None = None
    capabilities: Capabilities = Capabilities()


class PodSecurityContext(Value, rename="camel"):
    """The rights that a pod's containers have unless they say otherwise."""

    run_as_user: int | None = None
    run_as_group: int | None = None
    fs_group: int | None = None
    supplemental_groups: tuple[int, ...] = ()


Quantities = FrozenMap[str | int | float]
"""Resource name -> Kubernetes quantity as written."""


class Resources(Value, rename="camel"):
    """What a container may use and asks for; shown to it through `resourceFieldRef`, never enforced."""

    limits: Quantities = Quantities()
    requests: Quantities = Quantities()


class Container(Value, rename="camel"):
    """One container."""

    name: str
    image: str = ""
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    working_dir: str = ""
    env: tuple[EnvVar, ...] = ()
    env_from: tuple[EnvSource, ...] = ()
    ports: tuple[Port, ...] = ()
    volume_mounts: tuple[Mount, ...] = ()
    resources: Resources = Resources()
    security_context: SecurityContext = SecurityContext()
    startup_probe: Probe | None = None
    readiness_probe: Probe | None = None
    liveness_probe: Probe | None = None
    lifecycle: Lifecycle = Lifecycle()
    restart_policy: str = ""

    @property
    def is_sidecar(self) -> bool:
        """Return whether this init container keeps running beside the others."""
        return self.restart_policy == "Always"


class Item(Value, rename="camel"):
    """One key of a ConfigMap or Secret as a file, or one field of the pod as a file."""

    path: str
    key: str = ""
    mode: int | None = None
    field_ref: FieldRef | None = None
    resource_field_ref: ResourceFieldRef | None = None


class FileSource(Value, rename="camel"):
    """A ConfigMap, Secret or the pod itself as files; `name` or `secret_name` says which object."""

    name: str = ""
    secret_name: str = ""
    items: tuple[Item, ...] = ()
    default_mode: int = 0o644
    optional: bool = False


class TokenSource(Value, rename="camel"):
    """A service account's token; there is no Kubernetes to sign one, so the file is empty."""

    path: str
    audience: str = ""


class ProjectedSource(Value, rename="camel"):
    """One of the sources of a projected volume."""

    config_map: FileSource | None = None
    secret: FileSource | None = None
    downward_api: FileSource | None = msgspec.field(default=None, name="downwardAPI")
    service_account_token: TokenSource | None = None


class Projected(Value, rename="camel"):
    """Several sources in one folder."""

    sources: tuple[ProjectedSource, ...] = ()
    default_mode: int = 0o644


class HostPath(Value, rename="camel"):
    """A path of the machine."""

    path: str
    type: str = ""


class EmptyDir(Value, rename="camel"):
    """A folder of the pod's own."""

    medium: str = ""


class Volume(Value, rename="camel"):
    """One volume: at most one of its sources is set; a source that is unknown here leaves an empty folder."""

    name: str
    empty_dir: EmptyDir | None = None
    config_map: FileSource | None = None
    secret: FileSource | None = None
    downward_api: FileSource | None = msgspec.field(default=None, name="downwardAPI")
    projected: Projected | None = None
    host_path: HostPath | None = None


class HostAlias(Value, rename="camel"):
    """Names for an address in /etc/hosts."""

    ip: str
    hostnames: tuple[str, ...] = ()


class PodSpec(Value, rename="camel"):
    """A pod's `spec`."""

    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()
    restart_policy: Literal["Always", "OnFailure", "Never"] = "Always"
    service_account_name: str = "default"
    termination_grace_period_seconds: int = 30
    security_context: PodSecurityContext = PodSecurityContext()
    host_aliases: tuple[HostAlias, ...] = ()
    hostname: str = ""
    host_network: bool = False


class Metadata(Value, rename="camel"):
    """A pod's `metadata`."""

    name: str
    namespace: str = "default"
    uid: str = ""
    labels: FrozenMap[str] = FrozenMap()
    annotations: FrozenMap[str] = FrozenMap()


class Pod(Value, rename="camel"):
    """A pod as the kubelet sees it."""

    metadata: Metadata
    spec: PodSpec = PodSpec()

    @property
    def key(self) -> str:
        """The pod's key in the mesh: `namespace/name`."""
        return f"{self.metadata.namespace}/{self.metadata.name}"

    @property
    def hostname(self) -> str:
        """The name that the pod's machine gives itself: at most 63 characters."""
        return (self.spec.hostname or self.metadata.name)[:63].rstrip("-.")


def decode(document: dict[str, Any]) -> tuple[Pod | None, Diagnostics]:
    """Read a pod's document; a null means that the field was not written, as the API server has it."""
    try:
        pod = msgspec.convert(without_nulls(document), Pod, dec_hook=convert_hook)
        return pod, _unheeded(pod)
    except msgspec.ValidationError as error:
        metadata: dict[str, Any] = document.get("metadata") or {}
        resource = f"Pod {metadata.get('namespace', 'default')}/{metadata.get('name', '?')}"
        diagnostic = Diagnostic(
            code="invalid-pod", severity="error", message=str(error), where=Where(resource=resource)
        )
        return None, (diagnostic,)


def _unheeded(pod: Pod) -> Diagnostics:
    """Say which wishes of a pod the local mesh does not grant."""
    if not pod.spec.host_network:
        return ()
    where = Where(resource=f"Pod {pod.key}", path=("spec", "hostNetwork"))
    message = "the pod gets a network of its own: the machine's is not shared with pods"
    return (Diagnostic(code="host-network-ignored", severity="warning", message=message, where=where),)


def without_nulls(node: Any) -> Any:
    """Copy a document without its nulls."""
    match node:
        case dict():
            mapping = cast("dict[str, Any]", node)
            return {key: without_nulls(child) for key, child in mapping.items() if child is not None}
        case list():
            return [without_nulls(child) for child in cast("list[Any]", node) if child is not None]
        case _:
            return node


def convert_hook(kind: type, node: Any) -> Any:
    """Convert a mapping to a `FrozenMap`, for msgspec."""
    origin = getattr(kind, "__origin__", kind)
    if origin is FrozenMap and isinstance(node, dict):
        leaf = getattr(kind, "__args__", (Any,))[0]
        mapping = cast("dict[str, Any]", node)
        return FrozenMap({key: msgspec.convert(child, leaf) for key, child in mapping.items()})
    raise NotImplementedError(kind)
