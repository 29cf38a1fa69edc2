"""The two ConfigMaps that hold a mesh's settings, as texts: `istio-sidecar-injector` and `istio`."""

import json
from collections.abc import Mapping
from typing import Any, cast

from pillion.inject.settings import default_settings
from pillion.install.names import names_of
from pillion.install.options import DEFAULT, Options
from pillion.resources.frozen import FrozenJson, thaw
from pillion.resources.yaml.dump import dump
from pillion.resources.yaml.load import load
from pillion.value import FrozenMap


def injector_data(options: Options) -> dict[str, str]:
    """Write `config` (templates and policy, YAML) and `values` (what the templates read, JSON)."""
    values = _map(default_settings().values)
    ours: dict[str, Any] = {
        "global": {
            "hub": options.hub,
            "tag": options.tag,
            "istioNamespace": options.system_namespace,
            "imagePullPolicy": options.pull_policy,
            "imagePullSecrets": list(options.pull_secrets),
            "proxy": {"image": options.image},
            "proxy_init": {"image": options.image},
            **({"platform": options.platform} if options.platform else {}),
        },
        "revision": "" if options.revision == DEFAULT else options.revision,
    }
    merged = _over(_over(values, ours), _thawed(options.values))
    return {"config": default_settings().config, "values": json.dumps(merged, indent=2, sort_keys=True)}


def mesh_data(options: Options) -> dict[str, str]:
    """Write `mesh` (the MeshConfig, YAML) and `meshNetworks`."""
    service = f"{names_of(options).control_plane}.{options.system_namespace}.svc"
    ours = {"rootNamespace": options.root, "defaultConfig": {"discoveryAddress": f"{service}:15012"}}
    merged = _over(_over(_map(default_settings().mesh), ours), _thawed(options.mesh))
    return {"mesh": dump(merged), "meshNetworks": "networks: {}\n"}


def _map(text: str) -> dict[str, Any]:
    content, _ = load(text)
    return cast("dict[str, Any]", content)


def _thawed(fields: FrozenMap[FrozenJson]) -> dict[str, Any]:
    return cast("dict[str, Any]", thaw(fields))


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay a map over another one, map by map."""
    merged = dict(below)
    for key, value in above.items():
        inner = merged.get(key)
        both = isinstance(inner, Mapping) and isinstance(value, Mapping)
        merged[key] = _over(cast("Mapping[str, Any]", inner), cast("Mapping[str, Any]", value)) if both else value
    return merged
