"""The mesh's settings, from a MeshConfig as users write it: Istio's defaults below, theirs on top."""

from collections.abc import Mapping
from typing import Any

from pillion.mesh.settings import MeshSettings
from pillion.resources.mesh_settings import overlay_mesh_config
from pillion.value import Diagnostics, Origin


def mesh_settings(
    document: Mapping[str, Any], origin: Origin | None = None, domain: str = "cluster.local"
) -> tuple[MeshSettings, Diagnostics]:
    """Read a MeshConfig over the defaults; what is wrong with it is told about the document as written."""
    config, found = overlay_mesh_config(document, origin=origin)
    return MeshSettings(config=config, domain=domain), found
