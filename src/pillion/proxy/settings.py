"""The mesh's settings, from a MeshConfig as users write it: Istio's defaults below, theirs on top."""

from collections.abc import Mapping
from typing import Any

from pillion.inject.mesh import apply_mesh_config, default_mesh_config
from pillion.mesh.settings import MeshSettings
from pillion.resources.decode import decode_mesh_config
from pillion.value import Diagnostics, Origin


def mesh_settings(
    document: Mapping[str, Any], origin: Origin | None = None, domain: str = "cluster.local"
) -> tuple[MeshSettings, Diagnostics]:
    """Read a MeshConfig over the defaults; what is wrong with it is told about the document as written."""
    _, found = decode_mesh_config(document, origin)
    merged = apply_mesh_config(dict(document), default_mesh_config()).document
    config, _ = decode_mesh_config(merged, origin)
    return MeshSettings(config=config, domain=domain), found
