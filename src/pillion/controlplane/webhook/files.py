"""The files that settings come from: the three texts as files, or ConfigMaps as YAML, or as a mounted volume."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple, cast

from msgspec.structs import replace

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
        maps = _config_maps(files, found)
        documents = {name: each.document for name, each in maps.items()}
        if not documents and not has_errors(tuple(found)):
            message = f"there is neither ConfigMap {INJECTOR_MAP} nor ConfigMap {MESH_MAP}"
            found.append(
                _error("missing-setting", message, ", ".join(files.maps), "export them with kubectl get -o yaml")
            )
        settings, missing = from_config_maps(documents)
        origins = {key: place for each in maps.values() for key, place in each.places.items()}
        settings = replace(settings, origins=Labels(origins))
        found.extend(_placed(each, maps) for each in missing)
    if files.config or files.values or files.mesh:
        singles = {key: name for key in ("config", "values", "mesh") if (name := str(getattr(files, key)))}
        texts = {name: _text(name, found) for name in singles.values()}
        settings = Settings(
            config=texts[files.config] if files.config else settings.config,
            values=texts[files.values] if files.values else ("{}" if files.config else settings.values),
            mesh=texts[files.mesh] if files.mesh else settings.mesh,
            mesh_networks=settings.mesh_networks,
            reversible=settings.reversible and not files.config,
            source=", ".join(texts),
            origins=Labels(dict(settings.origins) | singles),
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
    keys = {key for every in _KEYS.values() for key in every}
    try:
        if path.is_dir():
            files = (each for each in path.iterdir() if each.suffix in _SUFFIXES or each.name in keys)
            return sorted(each for each in files if each.is_file())
    except OSError:
        pass  # whoever reads it says why it cannot be read
    return [path]


class _Map(NamedTuple):
    """A ConfigMap, and where it and its keys stand."""

    document: Json
    place: str
    places: dict[str, str]


def _config_maps(files: SettingsFiles, found: list[Diagnostic]) -> dict[str, _Map]:
    """Return the two ConfigMaps by their name without the revision; one of the revision goes before one of none."""
    maps: dict[str, _Map] = {}
    revised: set[str] = set()
    volumes: dict[str, _Map] = {}
    for path in (path for name in files.maps for path in _files(name)):
        text = _text(str(path), found)
        of = next((name for name, keys in _KEYS.items() if path.name in keys), None)
        if of is not None:
            document: Json = {"metadata": {"name": of}, "data": {}}
            volume = volumes.setdefault(of, _Map(document, str(path.parent), {}))
            volume.document["data"][path.name] = text
            volume.places[path.name] = str(path)
            continue
        content = read_documents(text, str(path))
        found.extend(each for each in content.diagnostics if each.severity == "error")
        for each in content.documents:
            document = cast(Json, each.content)
            name, is_revised = _known_name(document, files.revision)
            if name and (is_revised or name not in revised):
                revised |= {name} if is_revised else set()
                place = f"{path}: ConfigMap {section(document, 'metadata')['name']}"
                maps[name] = _Map(document, place, dict.fromkeys(_KEYS[name], place))
    return volumes | maps


def _placed(missing: Diagnostic, maps: Mapping[str, _Map]) -> Diagnostic:
    """Say of a missing key in which file its ConfigMap is."""
    key = missing.where.path[-1]
    place = next(each.place for name, each in maps.items() if key in _KEYS[name])
    return replace(missing, where=Where(resource=place, path=missing.where.path))


def _known_name(document: Json, revision: str) -> tuple[str, bool]:
    """Return the name of one of the two ConfigMaps, the revision apart, and whether it is the revision's own."""
    name = section(document, "metadata").get("name")
    if document.get("kind") != "ConfigMap":
        return "", False
    own = next((known for known in _KEYS if revision and name == f"{known}-{revision}"), "")
    return own or next((known for known in _KEYS if name == known), ""), bool(own)


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
