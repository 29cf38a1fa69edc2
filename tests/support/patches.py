"""Patches for tests, written as in an EnvoyFilter."""

import json
from typing import Any

from envoy.extensions.filters.http.lua.v3 import lua_pb2

from pillion.envoy.patch.editing import Edits
from pillion.envoy.patch.model import Patch
from pillion.envoy.patch.read import read
from pillion.ir.model.proxy import EnvoyPatch


def written(
    apply_to: str, operation: str, value: Any = None, *, context: str = "ANY", index: int = 0, **match: Any
) -> EnvoyPatch:
    """Give a patch as it stands beside the IR; `match` is that of the resource."""
    body = {"match": match, "patch": {"operation": operation, "value": value}}
    return EnvoyPatch(
        context=context,
        apply_to=apply_to,
        body=json.dumps(body).encode(),
        origin="EnvoyFilter shop/patch",
        index=index,
    )


def patch(apply_to: str, operation: str, value: Any = None, *, context: str = "ANY", **match: Any) -> Patch:
    """Give a patch that is good."""
    found, told = read(written(apply_to, operation, value, context=context, **match))
    assert found is not None, told
    return found


def edits(*patches: Patch) -> Edits:
    """Put patches to work on the outbound half."""
    return Edits(patches, "SIDECAR_OUTBOUND")


def lua(name: str, code: str = "x") -> dict[str, Any]:
    """Give a filter."""
    return {
        "name": name,
        "typed_config": {
            "@type": f"type.googleapis.com/{lua_pb2.Lua.DESCRIPTOR.full_name}",
            "default_source_code": {"inline_string": code},
        },
    }
