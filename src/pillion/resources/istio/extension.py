"""WasmPlugin and TrafficExtension: filters of the user's own."""

from typing import ClassVar, Literal

from pillion.resources.frozen import FrozenJson
from pillion.resources.istio.workload import PolicyTargetReference, PortSelector, WorkloadMode, WorkloadSelector
from pillion.resources.meta import Metadata
from pillion.value import Value

PluginType = Literal["UNSPECIFIED_PLUGIN_TYPE", "HTTP", "NETWORK"]
PluginPhase = Literal["UNSPECIFIED_PHASE", "AUTHN", "AUTHZ", "STATS"]
PullPolicy = Literal["UNSPECIFIED_POLICY", "IfNotPresent", "Always"]
EnvValueSource = Literal["INLINE", "HOST"]
FailStrategy = Literal["FAIL_CLOSE", "FAIL_OPEN", "FAIL_RELOAD"]
ExecutionPhase = Literal["UNSPECIFIED", "AUTHN", "AUTHZ", "STATS"]


class WasmTrafficSelector(Value, rename="camel"):
    """The ports and the side of a call that a WasmPlugin is for."""

    mode: WorkloadMode = "UNDEFINED"
    ports: tuple[PortSelector, ...] = ()


class EnvVar(Value, rename="camel"):
    """An environment variable of a WebAssembly machine."""

    name: str = ""
    value_from: EnvValueSource = "INLINE"
    value: str = ""


class VmConfig(Value, rename="camel"):
    """How a WebAssembly machine is set up."""

    env: tuple[EnvVar, ...] = ()


class WasmPluginSpec(Value, rename="camel"):
    """The body of a WasmPlugin."""

    selector: WorkloadSelector | None = None
    target_ref: PolicyTargetReference | None = None
    target_refs: tuple[PolicyTargetReference, ...] = ()
    url: str = ""
    sha256: str = ""
    image_pull_policy: PullPolicy = "UNSPECIFIED_POLICY"
    image_pull_secret: str = ""
    verification_key: str = ""
    plugin_config: FrozenJson = None
    plugin_name: str = ""
    phase: PluginPhase = "UNSPECIFIED_PHASE"
    priority: int | None = None
    fail_strategy: FailStrategy = "FAIL_CLOSE"
    vm_config: VmConfig | None = None
    match: tuple[WasmTrafficSelector, ...] = ()
    type: PluginType = "UNSPECIFIED_PLUGIN_TYPE"


class WasmPlugin(Value, rename="camel"):
    """A WasmPlugin: a WebAssembly filter of the user's own."""

    metadata: Metadata = Metadata()
    spec: WasmPluginSpec = WasmPluginSpec()


class TrafficSelector(Value, rename="camel"):
    """The ports and the side of a call that an extension is for."""

    mode: WorkloadMode = "UNDEFINED"
    ports: tuple[PortSelector, ...] = ()


class WasmConfig(Value, rename="camel"):
    """A WebAssembly filter: where its code is, and its configuration."""

    url: str = ""
    sha256: str = ""
    image_pull_policy: PullPolicy = "UNSPECIFIED_POLICY"
    image_pull_secret: str = ""
    verification_key: str = ""
    plugin_config: FrozenJson = None
    plugin_name: str = ""
    fail_strategy: FailStrategy = "FAIL_CLOSE"
    vm_config: VmConfig | None = None
    type: PluginType = "UNSPECIFIED_PLUGIN_TYPE"


class LuaConfig(Value, rename="camel"):
    """A Lua filter: its code."""

    inline_code: str = ""


class TrafficExtensionSpec(Value, rename="camel"):
    """The body of a TrafficExtension."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("wasm", "lua"),)

    selector: WorkloadSelector | None = None
    target_refs: tuple[PolicyTargetReference, ...] = ()
    phase: ExecutionPhase = "UNSPECIFIED"
    priority: int | None = None
    match: tuple[TrafficSelector, ...] = ()
    wasm: WasmConfig | None = None
    lua: LuaConfig | None = None


class TrafficExtension(Value, rename="camel"):
    """A TrafficExtension: a WebAssembly or Lua filter of the user's own."""

    metadata: Metadata = Metadata()
    spec: TrafficExtensionSpec = TrafficExtensionSpec()
