"""The settings of injection that a command line names: files, the ConfigMaps of a cluster, or our own."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec, TypeVar, cast

import click

from pillion.cli.injection.texts import FileError, read_file
from pillion.inject.schema.types import Json, section
from pillion.inject.settings import INJECTOR_MAP, MESH_MAP, Settings, default_settings
from pillion.inject.text import read_text, write_text
from pillion.value import FrozenMap, Labels, Value

if TYPE_CHECKING:
    from pillion.sources.kubernetes.client import KubernetesClient

P = ParamSpec("P")
R = TypeVar("R")
HOME = "istio-system"


class ClusterMaps(Value):
    """Where a cluster keeps its settings."""

    kubeconfig: str = ""
    context: str = ""
    namespace: str = HOME
    injector: str = INJECTOR_MAP
    """Name of the ConfigMap with `config` and `values`."""
    mesh: str = MESH_MAP
    """Name of the one with `mesh`."""


def cluster_map_options(function: Callable[P, R]) -> Callable[P, R]:
    """Add the options that name a cluster and its ConfigMaps; `cluster_maps` takes them."""
    options = (
        (("--kubeconfig",), "take settings that no file gives from the cluster of this kubeconfig"),
        (("--context",), "take them from the cluster of this context"),
        (("-i", "--istioNamespace", "home"), "take them from this namespace; istio-system if absent"),
        (("--injectConfigMapName", "injector_map"), "with a cluster: istio-sidecar-injector[-REVISION] if absent"),
        (("--meshConfigMapName", "mesh_map"), "with a cluster: istio[-REVISION] if absent"),
    )
    for names, text in reversed(options):
        function = click.option(*names, default="", help=text)(function)
    return function


def cluster_maps(
    revision: str, *, kubeconfig: str, context: str, home: str, injector_map: str, mesh_map: str
) -> ClusterMaps | None:
    """Return the ConfigMaps of the cluster that options name; `None` when none of them is there."""
    suffix = f"-{revision}" if revision else ""
    maps = ClusterMaps(
        kubeconfig=kubeconfig,
        context=context,
        namespace=home or HOME,
        injector=injector_map or INJECTOR_MAP + suffix,
        mesh=mesh_map or MESH_MAP + suffix,
    )
    return maps if any((kubeconfig, context, home, injector_map, mesh_map)) else None


class SettingsSource(Value):
    """Files for single settings, and a cluster for those that no file gives; without either, ours."""

    config: str = ""
    values: str = ""
    mesh: str = ""
    operator: str = ""
    """An IstioOperator, whose values and mesh config go before the files'."""
    cluster: ClusterMaps | None = None


def read_settings(source: SettingsSource) -> Settings:
    """Read the settings. A cluster is asked only for what the files do not give. Raises `FileError`."""
    ours = default_settings()
    origins = {key: name for key in ("config", "values", "mesh") if (name := getattr(source, key))}
    texts = {key: read_file(name) for key, name in origins.items()}
    files = tuple(texts)
    if source.operator:
        given = _operator(source.operator)
        texts, origins = texts | given, origins | dict.fromkeys(given, source.operator)
    if source.cluster is not None:
        for key, (text, place) in _of_cluster(source.cluster, texts).items():
            texts[key], origins[key] = text, place
    if not origins:
        return ours
    return Settings(
        config=texts.get("config", ours.config),
        values=texts.get("values", "{}" if "config" in texts else ours.values),
        mesh=texts.get("mesh", ours.mesh),
        mesh_networks=texts.get("meshNetworks", ""),
        reversible="config" not in texts,
        source=", ".join(dict.fromkeys(origins.values())),
        origins=Labels(origins),
        files=tuple(key for key in files if origins[key] == getattr(source, key)),
    )


def _operator(name: str) -> dict[str, str]:
    document, problem = read_text(read_file(name))
    if problem or not isinstance(document, dict):
        message = f"{name}: {problem or 'an IstioOperator was expected'}"
        raise FileError(message)
    spec = section(cast(Json, document), "spec")
    keys = {"values": "values", "mesh": "meshConfig"}
    return {key: write_text(spec[field]) for key, field in keys.items() if spec.get(field)}


def _of_cluster(cluster: ClusterMaps, given: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Return the settings that are not given, each with the ConfigMap that it was read from."""
    wanted = {cluster.injector: ["config", "values"], cluster.mesh: ["mesh"]}
    missing = {name: [key for key in keys if key not in given] for name, keys in wanted.items()}
    names = [name for name, keys in missing.items() if keys]
    found: dict[str, tuple[str, str]] = {}
    for name, data in zip(names, config_maps(cluster, names), strict=True):
        place = f"ConfigMap {cluster.namespace}/{name}"
        for key in missing[name]:
            if key not in data:
                message = f"{place}: key {key!r} is missing"
                raise FileError(message)
            found[key] = (str(data[key]), place)
        if name == cluster.mesh and data.get("meshNetworks"):
            found["meshNetworks"] = (str(data["meshNetworks"]), place)
    return found


def config_maps(cluster: ClusterMaps, names: list[str]) -> list[FrozenMap[str]]:
    """Return what ConfigMaps of the cluster hold. Raises `FileError`."""
    if not names:
        return []
    import msgspec  # noqa: PLC0415 with the next two: only who asks a cluster waits for what that takes

    from pillion.cli.cluster import asked  # noqa: PLC0415
    from pillion.sources.kubernetes.client import ApiError  # noqa: PLC0415

    async def work(client: "KubernetesClient") -> list[FrozenMap[str]]:
        found: list[FrozenMap[str]] = []
        for name in names:
            try:
                body = await client.request("GET", f"/api/v1/namespaces/{cluster.namespace}/configmaps/{name}")
            except ApiError as problem:
                hint = "see --revision and --istioNamespace, or give the settings as files"
                what = "is not there" if problem.code == 404 else f"cannot be read: {problem}"
                message = f"ConfigMap {cluster.namespace}/{name} {what}" + (f"; {hint}" if problem.code == 404 else "")
                raise FileError(message) from problem
            found.append(FrozenMap(section(cast(Json, msgspec.json.decode(body)), "data")))
        return found

    return asked(cluster.kubeconfig, cluster.context, work)
