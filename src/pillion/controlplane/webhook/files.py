"""The files that settings come from: the three texts as files, or ConfigMaps as YAML, or as a mounted volume."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import cast

from pillion.inject.schema.types import Json, section
from pillion.inject.settings import INJECTOR_MAP, MESH_MAP, Settings, default_settings, from_config_maps
from pillion.resources.documents import read as read_documents
from pillion.value import Diagnostic, Diagnostics, Labels, Origin, Value, Where, has_errors

_SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_KEYS = {INJECTOR_MAP: ("config", "values"), MESH_MAP: ("mesh", "meshNetworks")}


class SettingsFiles(Value):
    """What the command line names; with nothing named, our own settings are used."""

    config: str = ""
    """Key `config` of ConfigMap `istio-sidecar-injector`, or a bare template."""
    values: str = ""
    mesh: str = ""
    maps: tuple[str, ...] = ()
    """Files or folders with the two ConfigMaps: as YAML or JSON, or a folder that holds their keys as files."""
    revision: str = ""
    """Picks `istio-sidecar-injector-REVISION` and `istio-REVISION` where they are."""


Read = tuple[Settings | None, Diagnostics]


def read(files: SettingsFiles) -> Read:
    """Read the settings; `None` with an error that names the file and the key."""
    found: list[Diagnostic] = []
    settings = default_settings()
    if files.maps:
        documents = _config_maps(files, found)
        if not documents and not has_errors(tuple(found)):
            message = f"there is neither ConfigMap {INJECTOR_MAP} nor ConfigMap {MESH_MAP}"
            found.append(
                _error("missing-setting", message, ", ".join(files.maps), "export them with kubectl get -o yaml")
            )
        settings, missing = from_config_maps(documents)
        found.extend(missing)
    if files.config or files.values or files.mesh:
        texts = {name: _text(name, found) for name in (files.config, files.values, files.mesh) if name}
        settings = Settings(
            config=texts[files.config] if files.config else settings.config,
            values=texts[files.values] if files.values else ("{}" if files.config else settings.values),
            mesh=texts[files.mesh] if files.mesh else settings.mesh,
            mesh_networks=settings.mesh_networks,
            reversible=settings.reversible and not files.config,
            source=", ".join(texts),
            origins=Labels({key: name for key in ("config", "values", "mesh") if (name := getattr(files, key))}),
        )
    return (None if has_errors(tuple(found)) else settings), tuple(found)


def paths(files: SettingsFiles) -> tuple[str, ...]:
    """Return every file that was, or would be, read: a change of one of them is a change of settings."""
    singles = (name for name in (files.config, files.values, files.mesh) if name)
    return (*singles, *(str(path) for name in files.maps for path in _files(name)))


def signature(names: Iterable[str]) -> tuple[object, ...]:
    """Return something that differs when one of these files was written, replaced or removed."""
    return tuple(_signature(name) for name in names)


def _signature(name: str) -> tuple[object, ...]:
    try:
        found = os.stat(name)  # noqa: PTH116 follows the links of a mounted ConfigMap or Secret
    except OSError:
        return (name, None)
    return (name, found.st_mtime_ns, found.st_size, found.st_ino)


def _files(name: str) -> list[Path]:
    path = Path(name)
    if not path.is_dir():
        return [path]
    keys = {key for every in _KEYS.values() for key in every}
    return sorted(each for each in path.iterdir() if each.is_file() and (each.suffix in _SUFFIXES or each.name in keys))


def _config_maps(files: SettingsFiles, found: list[Diagnostic]) -> dict[str, Json]:
    """Return the two ConfigMaps by their name without the revision."""
    documents: dict[str, Json] = {}
    volume: dict[str, dict[str, str]] = {}
    for path in (path for name in files.maps for path in _files(name)):
        text = _text(str(path), found)
        of = next((name for name, keys in _KEYS.items() if path.name in keys), None)
        if of is not None:
            volume.setdefault(of, {})[path.name] = text
            continue
        content = read_documents(text, str(path))
        found.extend(each for each in content.diagnostics if each.severity == "error")
        for document in content.documents:
            name = _known_name(cast(Json, document.content), files.revision)
            if name:
                documents[name] = cast(Json, document.content)
    for name, data in volume.items():
        documents.setdefault(name, {"metadata": {"name": name}, "data": data})
    return documents


def _known_name(document: Json, revision: str) -> str:
    if document.get("kind") != "ConfigMap":
        return ""
    name = section(document, "metadata").get("name")
    suffix = f"-{revision}" if revision else ""
    return next((known for known in _KEYS if name in {known, known + suffix}), "")


def _text(name: str, found: list[Diagnostic]) -> str:
    try:
        return Path(name).read_text(encoding="utf-8")
    except OSError as error:
        found.append(_error("unreadable", f"cannot be read: {error.strerror}", name, "check the path"))
    except UnicodeDecodeError:
        found.append(_error("unreadable", "cannot be read: it is not UTF-8 text", name, "check the path"))
    return ""


def _error(code: str, message: str, file: str, hint: str) -> Diagnostic:
    return Diagnostic(code=code, severity="error", message=message, where=Where(origin=Origin(file=file)), hint=hint)
