"""How pods of the local mesh are injected: by the ConfigMaps of the mesh's own YAML, else by our settings.

The MeshConfig is the one of `--mesh-config`, else of ConfigMap `istio`, else the defaults; what a machine needs is laid
under it: proxies find the control plane at a socket in their pod.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import msgspec

from pillion.inject.injection import Injection, Injector, Options
from pillion.inject.policy import Namespace
from pillion.inject.rendering.proxy_configs import Shelves
from pillion.inject.settings import INJECTOR_MAP, MESH_MAP, Settings, from_config_maps
from pillion.local.server.intake import Intake
from pillion.mesh.catalog import Catalog
from pillion.mesh.settings import MeshSettings
from pillion.proxy.settings import mesh_settings
from pillion.resources.istio.proxy_config import ProxyConfig
from pillion.resources.yaml.load import load
from pillion.value import Diagnostic, Diagnostics, FrozenMap, Origin, Where

XDS_SOCKET = "/var/run/pillion/xds.sock"
LOCAL = {"defaultConfig": {"discoveryAddress": f"unix://{XDS_SOCKET}"}}
OPTIONS = Options(by_hand=False, variables=FrozenMap({"ISTIO_META_CERTIFICATE_PROVIDER": "none"}))
CERTIFICATES = "CERTIFICATE_PROVIDER"


class Prepared(NamedTuple):
    """Settings of injection and of the mesh, as they are in force."""

    settings: Settings
    mesh: MeshSettings
    diagnostics: Diagnostics
    injector: Injector
    """Has read the settings; the pods of one rollout are much alike, and it knows that too."""
    proxy_configs: Shelves = FrozenMap()
    """ProxyConfig resources by namespace, oldest first; they count for pods that are made from now on."""


def prepare(intake: Intake, mesh_config: str | None, file: str = "", before: Prepared | None = None) -> Prepared:
    """Find the settings; `mesh_config` is the text of the file that the user gave.

    The injector of before goes on when its settings are the same.
    """
    maps = {
        ref.name: dict(taken.content)
        for ref, taken in intake.taken.items()
        if ref.kind == "ConfigMap" and ref.name in {INJECTOR_MAP, MESH_MAP}
    }
    settings, found = from_config_maps(maps)
    text = mesh_config if mesh_config is not None else (settings.mesh if MESH_MAP in maps else "")
    origin = Origin(file=file) if mesh_config is not None else None
    document, problems = _read(text, origin)
    mesh, wrong = mesh_settings(_merged(LOCAL, document), origin)
    merged = msgspec.json.encode(_merged(LOCAL, document)).decode()
    settings = msgspec.structs.replace(settings, mesh=merged)
    injector = before.injector if before is not None and before.settings == settings else Injector(settings)
    configs = (taken.resource for taken in intake.taken.values() if isinstance(taken.resource, ProxyConfig))
    shelves = Catalog().with_changes(configs).shelves(ProxyConfig)
    return Prepared(settings, mesh, (*found, *problems, *wrong), injector, shelves)


def injected(document: Mapping[str, Any], prepared: Prepared, namespace: Mapping[str, Any] | None) -> Injection:
    """Inject a pod as the webhook of a cluster would."""
    metadata: Mapping[str, Any] = (namespace or {}).get("metadata") or {}
    place = Namespace(
        name=str(document.get("metadata", {}).get("namespace") or "default"),
        labels=FrozenMap(metadata.get("labels") or {}),
        annotations=FrozenMap(metadata.get("annotations") or {}),
    )
    options = msgspec.structs.replace(OPTIONS, proxy_configs=prepared.proxy_configs)
    return prepared.injector.inject(dict(document), place, options)


def _read(text: str, origin: Origin | None) -> tuple[dict[str, Any], Diagnostics]:
    content, found = load(text)
    if content is None or isinstance(content, dict):
        fields = cast("dict[str, Any]", content or {})
        if "kind" not in fields:
            return fields, found
        if _is_mesh_map(fields):
            data = cast(Mapping[str, Any], fields["data"])
            return _read(str(data.get("mesh", "")), origin)
        message = f"is a {fields['kind']}, expected the fields of a MeshConfig, or ConfigMap {MESH_MAP}"
    else:
        message = f"is a {type(content).__name__}, expected the fields of a MeshConfig"
    where = Where(origin=origin, resource="MeshConfig")
    return {}, (*found, Diagnostic(code="not-a-mesh-config", severity="error", message=message, where=where))


def _is_mesh_map(fields: Mapping[str, Any]) -> bool:
    metadata: object = fields.get("metadata")
    name: object = cast(Mapping[str, Any], metadata).get("name") if isinstance(metadata, Mapping) else ""
    return fields["kind"] == "ConfigMap" and name == MESH_MAP and isinstance(fields.get("data"), Mapping)


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        known: object = merged.get(key)
        if isinstance(known, Mapping) and isinstance(value, Mapping):
            merged[key] = _merged(cast(Mapping[str, Any], known), cast(Mapping[str, Any], value))
        else:
            merged[key] = value
    return merged
