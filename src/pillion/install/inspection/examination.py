"""Examines an installation for `health`: its objects, what its replicas say, and the pods that it serves."""

import asyncio
import datetime as dt
from collections.abc import Iterable
from typing import cast

from pillion.inject.pod import status
from pillion.inject.schema.types import Json, section
from pillion.install.cluster import Cluster, Collection
from pillion.install.inspection.health import (
    CertificateHealth,
    Health,
    certificate_health,
    deployment_health,
    ready_endpoints,
    secret_health,
    webhook_health,
)
from pillion.install.inspection.reading import MADE, PODS, collection
from pillion.install.inspection.replicas import Replica, is_alive, replicas
from pillion.install.manifest import ObjectKey
from pillion.install.names import names_of
from pillion.install.options import DEFAULT, Options
from pillion.install.ownership import REVISION_LABEL, revision_of
from pillion.sources.kubernetes.client import ApiError, KubernetesClient

SLICES = Collection(api_version="discovery.k8s.io/v1", plural="endpointslices", kind="EndpointSlice", namespaced=True)


async def health_of(client: KubernetesClient, home: str, revision: str, now: dt.datetime) -> Health:
    """Judge an installation, or one revision of it. Raises `ApiError`."""
    cluster = Cluster(client)
    unseen: list[str] = []

    async def listed(of: Collection, namespace: str = "", selector: str = "") -> list[Json] | None:
        try:
            return cast("list[Json]", await cluster.listed(of, namespace, selector, whole=True))
        except ApiError as problem:
            unseen.append(f"{of.plural}: {problem}")
            return None

    mine = f"{MADE},{REVISION_LABEL}={revision}" if revision else MADE
    asked = await replicas(client, home, revision)
    deployments, mutating, validating, slices, pods = await asyncio.gather(
        listed(collection("Deployment"), home, mine),
        listed(collection("MutatingWebhookConfiguration"), "", mine),
        listed(collection("ValidatingWebhookConfiguration"), "", mine),
        listed(SLICES, home),
        listed(PODS),
    )
    revisions = {revision} if revision else {revision_of(each) or DEFAULT for each in deployments or ()} or {DEFAULT}
    ready = None if slices is None else ready_endpoints(slices)
    ends = {f"of the {name}": end for each in asked for name, end in each.ends.items()}
    told = [certificate_health(name, dt.datetime.fromtimestamp(end, dt.UTC), now) for name, end in ends.items()]
    for each in sorted(revisions):
        told += await _injectors_certificate(cluster, home, each, unseen, now)
    return Health(
        deployments=tuple(deployment_health(each) for each in deployments or ()),
        replicas=asked,
        webhooks=tuple(webhook_health(each, ready, now) for each in (*(mutating or ()), *(validating or ()))),
        certificates=tuple(told),
        disconnected=tuple(_disconnected(pods or (), asked, revision)),
        unseen=tuple(sorted(unseen)),
        is_there=bool(deployments or asked) or deployments is None,
    )


async def _injectors_certificate(
    cluster: Cluster, home: str, revision: str, unseen: list[str], now: dt.datetime
) -> tuple[CertificateHealth, ...]:
    name = names_of(Options(system_namespace=home, revision=revision)).injector_certificate
    key = ObjectKey(api_version="v1", kind="Secret", namespace=home, name=name)
    try:
        document = await cluster.get(key)
    except ApiError as problem:
        unseen.append(f"{key}: {problem}")
        return ()
    # Without one it is somebody else's Secret that the injector reads, or nobody has written it yet.
    return () if document is None else (secret_health(f"in {key}", document, now),)


def _disconnected(pods: Iterable[Json], asked: tuple[Replica, ...], revision: str) -> Iterable[str]:
    """Name running pods with a sidecar that no replica tells of; nobody knows while one replica is silent."""
    known = [each for each in asked if not each.problem]
    connected = {proxy.proxy for each in known for proxy in each.proxies}
    if len(known) < len(asked):
        return
    for pod in pods:
        record = status.read(pod)
        metadata = section(pod, "metadata")
        name, namespace = metadata.get("name"), metadata.get("namespace")
        if record is None or not is_alive(pod) or section(pod, "status").get("phase") != "Running":
            continue
        if revision in {"", record.get("revision")} and f"{name}.{namespace}" not in connected:
            yield f"{namespace}/{name}"
