"""The mesh's settings from their ConfigMap: a MeshConfig as YAML under `mesh`."""

from collections.abc import Mapping
from typing import Any, cast

from pillion.mesh.settings import MeshSettings
from pillion.proxy.settings import mesh_settings
from pillion.resources.kubernetes.cluster import ConfigMap
from pillion.resources.yaml.load import load
from pillion.value import Diagnostic, Diagnostics, Origin, Where, has_errors


def settings_of(config_map: ConfigMap | None, domain: str) -> tuple[MeshSettings | None, Diagnostics]:
    """Read the settings; Istio's defaults without a ConfigMap, None when it cannot be read."""
    if config_map is None:
        return mesh_settings({}, domain=domain)
    name = f"ConfigMap {config_map.metadata.namespace}/{config_map.metadata.name}"
    content, found = load(config_map.data.get("mesh", ""))
    if has_errors(found):
        return None, found
    if content is not None and not isinstance(content, Mapping):
        message = f"data.mesh is a {type(content).__name__}, expected the fields of a MeshConfig"
        return None, (*found, Diagnostic(code="not-a-mesh-config", severity="error", message=message,
                                         where=Where(resource=name, path=("data", "mesh"))),)  # fmt: skip
    settings, wrong = mesh_settings(cast("Mapping[str, Any]", content or {}), Origin(file=name), domain)
    return (None if has_errors(wrong) else settings), (*found, *wrong)
