"""A document to a resource: picked by `apiVersion` and `kind`, read strictly, everything wrong with it told at once.

The origin stays beside the resource, never inside: two equal resources are equal wherever they stand.
"""

from collections.abc import Mapping
from typing import Any, cast, get_type_hints

import msgspec

from pillion.resources.istio.mesh_config import MeshConfig
from pillion.resources.istio.mesh_networks import MeshNetworks
from pillion.resources.istio.mesh_proxy import ProxyConfig
from pillion.resources.kinds import KINDS, OF_THE_CLUSTER, Resource, is_istio_group
from pillion.resources.meta import Ref
from pillion.resources.schema import Findings, find, kind_of, reader_of
from pillion.resources.suggest import nearest
from pillion.value import Diagnostics, Origin, Path, has_errors


def decode(
    document: Mapping[str, Any], origin: Origin | None = None, *, namespace: str = "default"
) -> tuple[Resource | None, Diagnostics]:
    """Read one document; `None` when it has an error, or is of a kind that is not ours (told as an info).

    `namespace` is where a resource lives that does not say so.
    """
    findings: Findings = []
    resource = _decode(document, namespace, findings)
    diagnostics = _located(findings, origin, _name(document, namespace))
    return (None if has_errors(diagnostics) else resource), diagnostics


def decode_mesh_config(document: Mapping[str, Any], origin: Origin | None = None) -> tuple[MeshConfig, Diagnostics]:
    """Read a MeshConfig as it stands, without Istio's defaults; both spellings of a field count, as in protobuf."""
    return _decode_part(MeshConfig, document, origin)


def decode_proxy_config(document: Mapping[str, Any], origin: Origin | None = None) -> tuple[ProxyConfig, Diagnostics]:
    """Read the ProxyConfig of a mesh, or of the annotation `proxy.istio.io/config`."""
    return _decode_part(ProxyConfig, document, origin)


def decode_mesh_networks(document: Mapping[str, Any], origin: Origin | None = None) -> tuple[MeshNetworks, Diagnostics]:
    """Read the networks of a mesh."""
    return _decode_part(MeshNetworks, document, origin)


def _decode_part(cls: Any, document: Mapping[str, Any], origin: Origin | None) -> tuple[Any, Diagnostics]:
    findings: Findings = []
    part = reader_of(cls, "proto")(document, (), findings)
    return part, _located(findings, origin, cls.__name__)


def _decode(document: Any, namespace: str, findings: Findings) -> Resource | None:
    if not isinstance(document, Mapping):
        find(findings, "not-a-resource", (), f"is {kind_of(document)}, expected a resource with apiVersion and kind")
        return None
    fields = cast(Mapping[str, Any], document)
    api_version, kind = _head(fields, "apiVersion", findings), _head(fields, "kind", findings)
    if api_version is None or kind is None:
        return None
    group, _, version = api_version.rpartition("/")
    known = KINDS.get((group, kind))
    if known is None:
        _explain_unknown(group, kind, api_version, findings)
        return None
    cls, versions = known
    if version not in versions:
        served = ", ".join(f"{group}/{served}" if group else served for served in versions)
        find(
            findings, "unknown-version", ("apiVersion",), f"{kind} has no version {api_version}", f"use one of {served}"
        )
        return None
    return _read(cls, group, fields, namespace, findings)


def _read(
    cls: type[Resource], group: str, document: Mapping[str, Any], namespace: str, findings: Findings
) -> Resource:  # fmt: skip
    body = {key: value for key, value in document.items() if key not in {"apiVersion", "kind"}}
    if "status" not in cls.__struct_encode_fields__:
        body.pop("status", None)
    elif is_istio_group(group) and isinstance(body.get("status"), Mapping):
        # Others write there too: the user is not to blame for what we do not know.
        known = get_type_hints(cls)["status"].__struct_encode_fields__
        body["status"] = {name: value for name, value in body["status"].items() if name in known}
    resource = cast(Resource, reader_of(cls, "strict" if is_istio_group(group) else "tolerant")(body, (), findings))
    metadata = resource.metadata
    place: Path = ("metadata", "name")
    if not metadata.name and not metadata.generate_name and all(found.where.path != place for found in findings):
        find(findings, "missing-name", place, "a resource needs a name")
    home = "" if cls in OF_THE_CLUSTER else metadata.namespace or namespace
    if home != metadata.namespace:
        resource = msgspec.structs.replace(resource, metadata=msgspec.structs.replace(metadata, namespace=home))
    return resource


def _head(document: Mapping[str, Any], field: str, findings: Findings) -> str | None:
    value = document.get(field)
    if isinstance(value, str) and value:
        return value
    if value is not None and not isinstance(value, str):
        find(findings, "wrong-type", (field,), f"is {kind_of(value)}, expected a text")
        return None
    meant: Path = tuple(key for key in document if key != field and str(key).lower() == field.lower())
    if meant:
        find(findings, "unknown-field", meant, f"unknown field {meant[0]}", f"did you mean {field}?")
    else:
        find(findings, "not-a-resource", (), f"has no {field}, so it is not a Kubernetes resource", f"set {field}")
    return None


def _explain_unknown(group: str, kind: str, api_version: str, findings: Findings) -> None:
    of_group = [name for known, name in KINDS if known == group]
    meant = nearest(kind, of_group)
    if meant is not None:
        find(findings, "unknown-kind", ("kind",), f"{api_version} has no kind {kind}", f"did you mean {meant}?")
        return
    homes = sorted(known for known, name in KINDS if name == kind)
    near = homes[0] if homes and group in {known for known, _ in KINDS} else nearest(group, filter(None, homes))
    if near is not None:
        version = KINDS[near, kind][1][0]
        hint = f"did you mean {near}/{version}?" if near else f"did you mean {version}?"
        find(findings, "unknown-version", ("apiVersion",), f"{kind} is not in {api_version}", hint)
        return
    message = f"{kind} of {api_version} is not a kind that a sidecar mesh reads"
    find(findings, "unknown-kind", ("kind",), message, severity="info")


def _name(document: Any, namespace: str) -> str:
    fields = _as_map(document)
    metadata = _as_map(fields.get("metadata"))
    kind = str(fields.get("kind") or "")
    home = "" if kind in {cls.__name__ for cls in OF_THE_CLUSTER} else str(metadata.get("namespace") or namespace)
    return str(Ref(kind=kind, namespace=home, name=str(metadata.get("name") or ""))) if kind else ""


def _as_map(value: Any) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], value) if isinstance(value, Mapping) else {}


def _located(findings: Findings, origin: Origin | None, resource: str) -> Diagnostics:
    replace = msgspec.structs.replace
    return tuple(replace(d, where=replace(d.where, origin=origin, resource=resource)) for d in findings)
