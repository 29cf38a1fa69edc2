"""Judges every pod of a cluster: with the webhooks, the namespaces and the settings that are there."""

import asyncio
import re
from collections.abc import Iterable
from typing import cast

import msgspec
from msgspec.structs import replace

from pillion.inject.injection import Injector
from pillion.inject.pod import status
from pillion.inject.pod.containers import named
from pillion.inject.pod.native import Mode, are_supported
from pillion.inject.policy import Namespace
from pillion.inject.rendering.proxy_configs import Shelves
from pillion.inject.schema.types import Json, items, section
from pillion.inject.settings import INJECTOR_MAP, MESH_MAP, from_config_maps
from pillion.install.cluster import Cluster, Collection
from pillion.install.inspection.pods import PodInjection, Settings, look
from pillion.install.inspection.replicas import is_alive
from pillion.install.inventory import controller_of
from pillion.install.manifest import KINDS, ObjectKey
from pillion.install.options import DEFAULT, OPENSHIFT
from pillion.install.ownership import OWNER, OWNER_LABEL, revision_of
from pillion.mesh.catalog import Catalog
from pillion.resources.decode import decode
from pillion.resources.istio.proxy_config import ProxyConfig
from pillion.sources.kubernetes.client import ApiError
from pillion.value import FrozenMap, Value, has_errors

PODS = Collection(api_version="v1", plural="pods", kind="Pod", namespaced=True)
NAMESPACES = Collection(api_version="v1", plural="namespaces", kind="Namespace", namespaced=False)
MADE = f"{OWNER_LABEL}={OWNER}"
NODES = Collection(api_version="v1", plural="nodes", kind="Node", namespaced=False)
PROXY_CONFIGS = Collection(
    api_version="networking.istio.io/v1beta1", plural="proxyconfigs", kind="ProxyConfig", namespaced=True
)
NATIVE, PLATFORM = "ENABLE_NATIVE_SIDECARS", "PLATFORM"
TOKEN_VOLUME = re.compile(rb"kube-api-access-\w{5}")
"""What an API server calls the volume with the token of a pod's account, by chance."""
OWNERS = {
    "ReplicaSet": "replicasets",
    "StatefulSet": "statefulsets",
    "DaemonSet": "daemonsets",
    "Job": "jobs",
    "ReplicationController": "replicationcontrollers",
}


class PodsFound(Value):
    """What became of the pods of a cluster, and which settings could not be used."""

    pods: tuple[PodInjection, ...]
    problems: tuple[str, ...] = ()


def collection(kind: str) -> Collection:
    """Name the collection of a kind that we make."""
    version, plural = KINDS[kind]
    return Collection(api_version=version, plural=plural, kind=kind, namespaced="Configuration" not in kind)


async def settings_of(cluster: Cluster, home: str) -> tuple[Settings, tuple[str, ...]]:
    """Read what injects today, and what is wrong with it. Raises `ApiError`."""
    webhooks, deployments, maps, proxy_configs = await asyncio.gather(
        cluster.listed(collection("MutatingWebhookConfiguration"), whole=True),
        cluster.listed(collection("Deployment"), home, MADE, whole=True),
        cluster.listed(collection("ConfigMap"), home, MADE),
        _proxy_configs(cluster),
    )
    # Pods outlive the webhook that injected them, and its settings may too.
    kept = (each for each in maps if str(section(each, "metadata")["name"]).startswith(INJECTOR_MAP))
    injecting = (each for each in webhooks if _injects(each))
    revisions = {revision_of(each) or DEFAULT for each in (*injecting, *kept)}
    injectors: dict[str, Injector] = {}
    problems: list[str] = []
    for revision in sorted(revisions):
        injector, wrong = await _injector(cluster, home, revision)
        if injector is not None:
            injectors[revision] = injector
        problems += wrong
    modes = dict(_modes(deployments))
    versions = await _kubelet_versions(cluster) if "auto" in modes.values() else None
    native = frozenset(revision for revision, mode in modes.items() if are_supported(mode, versions))
    openshift = frozenset(revision for revision, platform in _told(deployments, PLATFORM) if platform == OPENSHIFT)
    found = Settings(webhooks, injectors, native, openshift=openshift, proxy_configs=proxy_configs)
    return found, tuple(problems)


async def _proxy_configs(cluster: Cluster) -> Shelves:
    """Read what counts for pods beside the settings; a cluster that does not have the kind has none."""
    try:
        documents = await cluster.listed(PROXY_CONFIGS, whole=True)
    except ApiError as problem:
        if problem.code == 404:
            return FrozenMap()
        raise
    found = (decode(each)[0] for each in documents)
    return Catalog().with_changes(each for each in found if each is not None).shelves(ProxyConfig)


async def pods_found(cluster: Cluster, home: str, namespace: str = "") -> PodsFound:
    """Judge every pod of a namespace, or of all. Raises `ApiError`."""
    settings, problems = await settings_of(cluster, home)
    pods, namespaces = await asyncio.gather(
        cluster.listed(PODS, namespace, whole=True), cluster.listed(NAMESPACES, whole=True)
    )
    known = {str(section(each, "metadata")["name"]): _namespace(each) for each in namespaces}
    templates: dict[ObjectKey, bool] = {}
    alike: dict[bytes, PodInjection] = {}
    found: list[PodInjection] = []
    for pod in cast("list[Json]", pods):
        if not is_alive(pod):
            continue
        key = _without_itself(pod)
        judged = alike.get(key)
        if judged is None:
            namespace_name = str(section(pod, "metadata").get("namespace") or "")
            at = known.get(namespace_name) or Namespace(name=namespace_name)
            judged = look(_without_managers(pod), at, settings)
            if judged.state == "leftover" and await _is_by_hand(cluster, pod, templates):
                judged = look(_without_managers(pod), at, settings, by_hand=True)
            alike[key] = judged
        judged = replace(judged, name=str(section(pod, "metadata")["name"]))
        found.append(judged)
    return PodsFound(pods=tuple(sorted(found, key=lambda each: (each.namespace, each.name))), problems=problems)


async def _injector(cluster: Cluster, home: str, revision: str) -> tuple[Injector | None, list[str]]:
    suffix = "" if revision == DEFAULT else f"-{revision}"
    maps: dict[str, Json] = {}
    for name in (INJECTOR_MAP, MESH_MAP):
        key = ObjectKey(api_version="v1", kind="ConfigMap", namespace=home, name=name + suffix)
        document = await cluster.get(key)
        if document is None:
            return None, [f"{key} is not there"]
        maps[name] = document
    settings, found = from_config_maps(maps)
    injector = Injector(settings)
    wrong = [str(each) for each in (*found, *injector.diagnostics) if each.severity == "error"]
    return (None if has_errors((*found, *injector.diagnostics)) else injector), wrong


def _injects(configuration: Json) -> bool:
    return any(str(each.get("name", "")).endswith("istio.io") for each in items(configuration, "webhooks"))


def _modes(deployments: Iterable[Json]) -> Iterable[tuple[str, Mode]]:
    """Tell by revision when its injector makes native sidecars."""
    for revision, mode in _told(deployments, NATIVE):
        if mode in {"true", "auto"}:
            yield revision, cast(Mode, mode)


def _told(deployments: Iterable[Json], variable: str) -> Iterable[tuple[str, str]]:
    """Tell by revision what its injector is told by a variable."""
    for each in deployments:
        for container in items(section(each, "spec", "template", "spec"), "containers"):
            value = (named(variable, items(container, "env")) or {}).get("value")
            if value is not None:
                yield revision_of(each) or DEFAULT, str(value)


async def _kubelet_versions(cluster: Cluster) -> tuple[str, ...]:
    nodes = cast("list[Json]", await cluster.listed(NODES, whole=True))
    return tuple(str(section(each, "status", "nodeInfo").get("kubeletVersion", "")) for each in nodes)


def _namespace(document: Json) -> Namespace:
    metadata = section(document, "metadata")
    labels, annotations = (FrozenMap(section(metadata, part)) for part in ("labels", "annotations"))
    return Namespace(name=str(metadata["name"]), labels=labels, annotations=annotations)


async def _is_by_hand(cluster: Cluster, pod: Json, known: dict[ObjectKey, bool]) -> bool:
    """Ask whoever made a pod whether the sidecar stands in its template."""
    owner = controller_of(pod)
    if owner is None or owner[0].kind not in OWNERS:
        return False
    key = owner[0]
    if key not in known:
        document = await cluster.get(key, OWNERS[key.kind])
        known[key] = status.read(section(document or {}, "spec", "template")) is not None
    return known[key]


def _without_itself(pod: Json) -> bytes:
    """Return what a verdict depends on; the pods that one owner makes of one template have it in common."""
    metadata = section(pod, "metadata")
    owner = controller_of(pod)
    spec = {key: value for key, value in section(pod, "spec").items() if key not in {"nodeName", "hostname"}}
    name = metadata.get("name") if owner is None else owner[1]
    parts = (metadata.get("namespace"), name, metadata.get("labels"), metadata.get("annotations"), spec)
    return TOKEN_VOLUME.sub(b"", msgspec.json.encode(parts))


def _without_managers(pod: Json) -> Json:
    """Leave out bookkeeping that no injector is shown."""
    metadata = {key: value for key, value in section(pod, "metadata").items() if key != "managedFields"}
    return pod | {"metadata": metadata}
