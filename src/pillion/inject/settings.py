"""Injection's settings: the texts that Istio keeps in the ConfigMaps `istio-sidecar-injector` and `istio`.

`Settings` is the texts, so that equal settings are equal values; `compiled` reads them once: templates parsed,
values and mesh config as documents. What is wrong is said with the name of the setting: `config`, `values` or `mesh`.
"""

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any, Protocol, cast

from msgspec.structs import replace

from pillion.inject import mesh
from pillion.inject.gotemplate.errors import TemplateError
from pillion.inject.gotemplate.functions import Function
from pillion.inject.gotemplate.sprig.library import FUNCTIONS as SPRIG_FUNCTIONS
from pillion.inject.gotemplate.template import Template, parse
from pillion.inject.policy import Policy, selector_of
from pillion.inject.rendering.functions import FUNCTIONS as ISTIO_FUNCTIONS
from pillion.inject.rendering.functions import environment_function
from pillion.inject.schema.types import Json, section
from pillion.inject.text import SIDECAR, read_text, templates_in
from pillion.resources.lines import locate
from pillion.resources.schema import kind_of
from pillion.resources.suggest import nearest
from pillion.value import NO_LABELS, Diagnostic, Diagnostics, FrozenMap, Labels, Origin, Path, Value, Where

INJECTOR_MAP = "istio-sidecar-injector"
MESH_MAP = "istio"
FUNCTIONS = {**SPRIG_FUNCTIONS, **ISTIO_FUNCTIONS}
"""What a template may call beside Go's own functions."""
_FORMS: dict[str, tuple[type, str]] = {
    "policy": (str, "a text"),
    "defaultTemplates": (list, "a list"),
    "aliases": (dict, "a map"),
    "neverInjectSelector": (list, "a list"),
    "alwaysInjectSelector": (list, "a list"),
    "injectedAnnotations": (dict, "a map"),
}
"""What the fields of `config` are, templates apart."""


class Settings(Value):
    """The texts of a mesh's settings."""

    config: str
    """Templates, policy and selectors, or a bare template."""
    values: str = "{}"
    mesh: str = ""
    mesh_networks: str = ""
    reversible: bool = False
    """Whether injection leaves what `uninject` needs to restore the document exactly: only our own settings do."""
    source: str = ""
    """Where they came from, for messages: a file, or `ConfigMap istio-system/istio-sidecar-injector`."""
    origins: Labels = NO_LABELS
    """Where single ones of `config`, `values` and `mesh` came from, if each has a place of its own."""
    files: tuple[str, ...] = ()
    """Those of `config`, `values` and `mesh` that are the very text of the file that `origins` names."""

    def place_of(self, setting: str) -> str:
        """Return what messages call one of `config`, `values` and `mesh`: where it came from, and its name."""
        return f"{self.origins.get(setting, self.source)} {setting}".strip()


class Compiled:
    """Settings that were read. Shared between injections: nothing in it is ever changed."""

    def __init__(self, settings: Settings) -> None:
        self.settings: Settings = settings
        self.templates: dict[str, Template] = {}
        self.is_constant: bool = False
        """Whether the config is taken for a template and yet calls nothing: what it renders is its text."""
        self.default_templates: tuple[str, ...] = (SIDECAR,)
        self.aliases: FrozenMap[tuple[str, ...]] = FrozenMap()
        self.policy: Policy = Policy()
        self.injected_annotations: FrozenMap[str] = FrozenMap()
        self.values: Json = {}
        self.mesh: Json = {}
        self.diagnostics: Diagnostics = ()


def compiled(settings: Settings, environment: Labels = NO_LABELS) -> Compiled:
    """Read settings; `diagnostics` of the result says what is wrong with them. Function `env` reads `environment`."""
    result = Compiled(settings)
    found: list[Diagnostic] = []
    report = _reporter(settings, found)
    _read_config(result, {**FUNCTIONS, "env": environment_function(environment)}, report)
    _read_values(result, report)
    _read_mesh(result, report)
    result.diagnostics = tuple(found)
    return result


class _Report(Protocol):
    def __call__(self, setting: str, code: str, message: str, path: Path = (), hint: str = "") -> None: ...


def _reporter(settings: Settings, found: list[Diagnostic]) -> _Report:
    def report(setting: str, code: str, message: str, path: Path = (), hint: str = "") -> None:
        where = Where(resource=settings.place_of(setting))
        severity = "warning" if code == "unknown-field" else "error"
        told = Diagnostic(code=code, severity=severity, message=message, where=where, hint=hint)
        if path and setting in settings.files:
            where = Where(origin=Origin(file=settings.origins[setting]), resource=setting, path=path)
            line = locate(replace(told, where=where), getattr(settings, setting)).where.line
            told = replace(told, where=replace(where, path=(), line=line))  # the message names the field
        found.append(told)

    return report


def _read_config(result: Compiled, functions: Mapping[str, Function], report: _Report) -> None:
    templates, config = templates_in(result.settings.config)
    config = _well_formed(config, report)
    if templates == {SIDECAR: result.settings.config}:
        result.is_constant = "{{" not in result.settings.config
        _tell_of_foreign_text(result.settings.config, report)
    for name, template in templates.items():
        try:
            result.templates[name] = parse(name, template, functions)
        except TemplateError as error:
            report("config", "bad-template", f"template {name}: {error}")
    result.default_templates = _strings(config.get("defaultTemplates")) or (SIDECAR,)
    aliases: Json = config.get("aliases") or {}
    result.aliases = FrozenMap({str(name): _strings(names) for name, names in aliases.items()})
    result.policy = Policy(
        policy=str(config.get("policy") or ""),
        never=tuple(selector_of(item) for item in config.get("neverInjectSelector") or ()),
        always=tuple(selector_of(item) for item in config.get("alwaysInjectSelector") or ()),
    )
    annotations: Json = config.get("injectedAnnotations") or {}
    result.injected_annotations = FrozenMap({str(key): str(value) for key, value in annotations.items()})


def _tell_of_foreign_text(text: str, report: _Report) -> None:
    """Tell of a text that Istio takes for a bare template, and that renders nothing of a pod: a wrong file."""
    document, problem = read_text(text)
    if problem or not isinstance(document, dict) or not document:
        return
    found = cast(Json, document)
    kind = found.get("kind")
    if isinstance(kind, str) and kind != "Pod":
        hint = "give what its key config holds" if kind == "ConfigMap" else ""
        report("config", "bad-config", f"is a {kind}, expected an injection config or a template", ("kind",), hint)
    elif not {"metadata", "spec"} & found.keys():
        field = str(next(iter(found)))
        meant = "templates" if nearest(field, ["templates"]) else ""
        message = "is neither an injection config, which has templates, nor a template with metadata or spec of a pod"
        report("config", "bad-config", message, (field,), f"did you mean {meant}?" if meant else "")


def _well_formed(config: Json, report: _Report) -> Json:
    """Leave out the fields that are of another form than Istio reads."""
    wrong: dict[str, str] = {}
    for name, (kind, words) in _FORMS.items():
        value = config.get(name)
        if value is not None and not isinstance(value, kind):
            wrong[name] = f"{name}: {words} was expected, not {kind_of(value)}"
        elif name.endswith("Selector") and not all(isinstance(each, dict) for each in value or ()):
            wrong[name] = f"{name}: a list of label selectors was expected"
    for message in wrong.values():
        report("config", "bad-config", message)
    return {name: value for name, value in config.items() if name not in wrong}


def _strings(items: Any) -> tuple[str, ...]:
    return tuple(str(item) for item in cast(list[Any], items)) if isinstance(items, list) else ()


def _read_values(result: Compiled, report: _Report) -> None:
    document, problem = read_text(result.settings.values)
    if problem or not isinstance(document, dict | None):
        report("values", "bad-values", problem or "a map was expected")
        return
    result.values = cast(Json, document) if document else {}


def _read_mesh(result: Compiled, report: _Report) -> None:
    document, problem = read_text(result.settings.mesh)
    if problem or not isinstance(document, dict | None):
        report("mesh", "bad-mesh-config", problem or "a map was expected")
    reading = mesh.apply_mesh_config(
        cast(Json, document) if isinstance(document, dict) else {}, mesh.default_mesh_config()
    )
    for path, text in reading.problems:
        report("mesh", "bad-mesh-config", f"{Where(path=path).field}: {text}", path)
    for each in reading.unknown:
        message = f"{Where(path=each.path).field} is no field of the mesh config"
        report("mesh", "unknown-field", message, each.path, f"did you mean {each.meant}?" if each.meant else "")
    result.mesh = reading.document


def from_config_maps(documents: Mapping[str, Json]) -> tuple[Settings, Diagnostics]:
    """Take settings from the two ConfigMaps, by name; what is not there is our default, a missing key is an error."""
    fallback = default_settings()
    injector, mesh_map = documents.get(INJECTOR_MAP), documents.get(MESH_MAP)
    missing: list[Diagnostic] = []
    config, values = fallback.config, fallback.values
    if injector is not None:
        config = _key(injector, "config", missing)
        values = _key(injector, "values", missing)
    mesh_text = fallback.mesh if mesh_map is None else _key(mesh_map, "mesh", missing)
    networks: Json = (mesh_map or {}).get("data") or {}
    settings = Settings(
        config=config,
        values=values,
        mesh=mesh_text,
        mesh_networks=str(networks.get("meshNetworks", "")),
        reversible=injector is None,
        source=f"ConfigMap {INJECTOR_MAP}" if injector is not None else "",
    )
    return settings, tuple(missing)


def to_config_maps(settings: Settings, namespace: str, revision: str = "") -> tuple[Json, Json]:
    """Write settings as the two ConfigMaps that `from_config_maps` reads."""
    suffix = f"-{revision}" if revision else ""
    networks = {"meshNetworks": settings.mesh_networks} if settings.mesh_networks else {}
    every = {
        INJECTOR_MAP: {"config": settings.config, "values": settings.values},
        MESH_MAP: {"mesh": settings.mesh} | networks,
    }
    injector, mesh_map = (
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name + suffix, "namespace": namespace},
            "data": data,
        }
        for name, data in every.items()
    )
    return injector, mesh_map


def _key(config_map: Json, key: str, missing: list[Diagnostic]) -> str:
    data = section(config_map, "data")
    if key not in data:
        metadata = section(config_map, "metadata")
        resource = f"ConfigMap {metadata.get('namespace', '')}/{metadata.get('name', '')}"
        message = f"key {key!r} is missing"
        hint = f"take it from the cluster: kubectl get configmap -n istio-system {metadata.get('name', '')} -o yaml"
        where = Where(resource=resource, path=("data", key))
        missing.append(Diagnostic(code="missing-setting", severity="error", message=message, where=where, hint=hint))
    return str(data.get(key, ""))


@lru_cache(maxsize=1)
def default_settings() -> Settings:
    """Return our own settings: pillion's images, and a template that fits the local mesh and Kubernetes alike."""
    folder = resources.files("pillion.inject.defaults")
    config, values, mesh_text = (
        folder.joinpath(name).read_text() for name in ("config.yaml", "values.yaml", "mesh.yaml")
    )
    return Settings(config=config, values=values, mesh=mesh_text, reversible=True, source="default settings")
