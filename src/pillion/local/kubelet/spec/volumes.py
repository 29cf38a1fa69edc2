"""A pod's volumes as folders with files, and where each container sees them.

ConfigMaps, Secrets and the downward API become files when the pod is made. A `hostPath` becomes an empty folder with a
warning: a pod of the local mesh gets at the machine's files anyway, through its layer over them, and never writes them.
"""

import base64
import binascii
import posixpath
from collections.abc import Mapping
from typing import Any

from pillion.local.kubelet.spec import env
from pillion.local.kubelet.spec.pod import Container, FileSource, Item, Pod, ProjectedSource, Volume
from pillion.value import Diagnostic, Diagnostics, Value, Where

HOME = "/.pillion"
"""Where a pod's volumes lie inside it, until a container's own view is made."""


class File(Value):
    """One file of a volume."""

    path: str
    content: bytes
    mode: int = 0o644


class Folder(Value):
    """A volume as it is made in the pod."""

    name: str
    files: tuple[File, ...] = ()
    mode: int = 0o777


class Bind(Value):
    """A folder or file of a volume as a container sees it."""

    source: str
    target: str
    read_only: bool = False


class Sources(Value):
    """Where the contents of volumes come from."""

    pod: Pod
    facts: env.PodFacts
    lookup: Any
    """`env.Lookup`; not part of any memo."""


def folders(sources: Sources) -> tuple[tuple[Folder, ...], Diagnostics]:
    """Compute all volumes of a pod; raise `env.MissingReferenceError` for a ConfigMap or Secret that is not there."""
    made: list[Folder] = []
    found: list[Diagnostic] = []
    for volume in sources.pod.spec.volumes:
        if volume.host_path:
            found.append(_ignored(sources.pod, volume))
        files = _files(volume, sources)
        mode = 0o777 if not files else 0o755
        made.append(Folder(name=volume.name, files=files, mode=mode))
    return tuple(made), tuple(found)


def _ignored(pod: Pod, volume: Volume) -> Diagnostic:
    return Diagnostic(
        code="host-path-ignored",
        severity="warning",
        message=f"volume {volume.name} asks for a path of the machine; the pod gets an empty folder",
        where=Where(resource=f"Pod {pod.key}", path=("spec", "volumes")),
        hint="use emptyDir or a ConfigMap",
    )


def _files(volume: Volume, sources: Sources) -> tuple[File, ...]:
    if volume.projected:
        mode = volume.projected.default_mode
        return tuple(file for part in volume.projected.sources for file in _projected(part, sources, mode))
    if volume.config_map:
        return _from_object("ConfigMap", volume.config_map, sources, volume.config_map.default_mode)
    if volume.secret:
        return _from_object("Secret", volume.secret, sources, volume.secret.default_mode)
    if volume.downward_api:
        return _from_pod(volume.downward_api.items, sources, volume.downward_api.default_mode)
    return ()


def _projected(part: ProjectedSource, sources: Sources, mode: int) -> tuple[File, ...]:
    if part.config_map:
        return _from_object("ConfigMap", part.config_map, sources, mode)
    if part.secret:
        return _from_object("Secret", part.secret, sources, mode)
    if part.downward_api:
        return _from_pod(part.downward_api.items, sources, mode)
    if part.service_account_token:
        return (File(path=_inside(part.service_account_token.path), content=b"", mode=mode),)
    return ()


def _from_object(kind: str, source: FileSource, sources: Sources, mode: int) -> tuple[File, ...]:
    name = source.secret_name or source.name
    data: Mapping[str, str] | None = sources.lookup(kind, name)
    if data is None:
        if source.optional:
            return ()
        raise env.MissingReferenceError(f"{kind} {name} not found")
    items = source.items or tuple(Item(key=key, path=key) for key in sorted(data))
    missing = [item.key for item in items if item.key not in data]
    if missing and not source.optional:
        raise env.MissingReferenceError(f"{kind} {name} has no key {missing[0]}")
    return tuple(
        File(
            path=_inside(item.path),
            content=data[item.key].encode("utf-8", "surrogateescape"),
            mode=mode if item.mode is None else item.mode,
        )
        for item in items
        if item.key in data
    )


def _from_pod(items: tuple[Item, ...], sources: Sources, mode: int) -> tuple[File, ...]:
    return tuple(
        File(
            path=_inside(item.path),
            content=_downward(item, sources).encode(),
            mode=mode if item.mode is None else item.mode,
        )
        for item in items
    )


def _downward(item: Item, sources: Sources) -> str:
    if item.field_ref:
        return env.field_of(item.field_ref, sources.pod, sources.facts)
    if item.resource_field_ref:
        any_container = sources.pod.spec.containers[0] if sources.pod.spec.containers else Container(name="")
        return env.resource_of(item.resource_field_ref, any_container, sources.pod, sources.facts)
    return ""


def _inside(path: str) -> str:
    """Keep a relative path in its folder, whatever it says."""
    return posixpath.normpath("/" + path).lstrip("/")


def binds(container: Container, pod: Pod, environment: Mapping[str, str]) -> tuple[Bind, ...]:
    """Compute what a container sees of its pod's volumes, outer folders first."""
    known = {volume.name: volume for volume in pod.spec.volumes}
    made: list[Bind] = []
    for mount in container.volume_mounts:
        volume = known.get(mount.name)
        if volume is None:
            raise env.MissingReferenceError(f"volume {mount.name} is not one of the pod's")
        part = env.expand(mount.sub_path_expr, environment) if mount.sub_path_expr else mount.sub_path
        source = posixpath.normpath(f"{HOME}/{mount.name}/{_inside(part)}")
        is_data = bool(volume.config_map or volume.secret or volume.downward_api or volume.projected)
        made.append(
            Bind(source=source, target=posixpath.normpath(mount.mount_path), read_only=mount.read_only or is_data)
        )
    return tuple(sorted(made, key=lambda bind: (bind.target.count("/"), bind.target)))


def keys_of(document: Mapping[str, Any]) -> dict[str, str]:
    """Read the keys of a ConfigMap's or Secret's document; bytes that are no text survive as surrogates."""
    is_secret = document.get("kind") == "Secret"
    plain, encoded, strings = (_texts(document.get(field)) for field in ("data", "binaryData", "stringData"))
    found = {key: _decoded(text) if is_secret else text for key, text in plain.items()}
    return found | {key: _decoded(text) for key, text in encoded.items()} | strings


def _texts(mapping: dict[str, Any] | None) -> dict[str, str]:
    return {key: str(value) for key, value in (mapping or {}).items()}


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text).decode("utf-8", "surrogateescape")
    except (binascii.Error, ValueError):
        return ""
