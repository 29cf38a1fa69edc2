"""Pods of a cluster as the documents of a file, with all that decides about their injection."""

import asyncio
from typing import TYPE_CHECKING, cast

import msgspec

from pillion.cli.injection.settings import ClusterMaps, config_maps
from pillion.inject.schema.types import Json, items, section
from pillion.inject.settings import INJECTOR_MAP, MESH_MAP
from pillion.resources.documents import read
from pillion.resources.yaml.dump import dump_all
from pillion.sources.files import Reading

if TYPE_CHECKING:
    from pillion.sources.kubernetes.client import KubernetesClient

PROXY_CONFIGS = "/apis/networking.istio.io/v1beta1/proxyconfigs"
WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"


def pods_of_cluster(names: tuple[str, ...], namespace: str, maps: ClusterMaps) -> Reading:
    """Read pods (`NAME` or `NAMESPACE/NAME`), their namespaces, webhooks, ProxyConfigs and the settings that inject.

    What the cluster refuses ends the command; raises `FileError` for ConfigMaps that are not there.
    """
    from pillion.cli.cluster import asked  # noqa: PLC0415 only who asks a cluster waits for what that takes

    async def work(client: "KubernetesClient") -> list[Json]:
        places = [name.rpartition("/") for name in names]
        pods = [(home or namespace or client.access.namespace, name) for home, _, name in places]
        homes = sorted({home for home, _ in pods})
        paths = [f"/api/v1/namespaces/{home}/pods/{name}" for home, name in pods]
        paths += [f"/api/v1/namespaces/{home}" for home in homes]
        *found, webhooks = await asyncio.gather(*(_got(client, path) for path in (*paths, WEBHOOKS)))
        configs = await _proxy_configs(client)
        kinds = [("v1", "Pod")] * len(pods) + [("v1", "Namespace")] * len(homes)
        documents = [_document(*kind, each) for kind, each in zip(kinds, found, strict=True)]
        kind = ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration")
        documents += [_document(*kind, each) for each in items(webhooks, "items")]
        return [*documents, *(_document("networking.istio.io/v1beta1", "ProxyConfig", each) for each in configs)]

    documents = asked(maps.kubeconfig, maps.context, work)
    for name, known in ((maps.injector, INJECTOR_MAP), (maps.mesh, MESH_MAP)):
        (data,) = config_maps(maps, [name])
        documents.append(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": known, "namespace": maps.namespace}}
            | {"data": dict(data)}
        )
    text = dump_all(documents)
    content = read(text, "cluster")
    return Reading(content.documents, content.diagnostics, {"cluster": text})


async def _proxy_configs(client: "KubernetesClient") -> list[Json]:
    from pillion.sources.kubernetes.client import ApiError  # noqa: PLC0415 as above

    try:
        return items(await _got(client, PROXY_CONFIGS), "items")
    except ApiError as problem:
        if problem.code != 404:
            raise
        return []  # the cluster does not have the kind


async def _got(client: "KubernetesClient", path: str) -> Json:
    return cast(Json, msgspec.json.decode(await client.request("GET", path)))


def _document(version: str, kind: str, found: Json) -> Json:
    """Leave out what no user writes: bookkeeping, and how the object fares."""
    metadata = {key: value for key, value in section(found, "metadata").items() if key != "managedFields"}
    rest = {key: value for key, value in found.items() if key not in {"metadata", "status"}}
    return {"apiVersion": version, "kind": kind} | rest | {"metadata": metadata}
