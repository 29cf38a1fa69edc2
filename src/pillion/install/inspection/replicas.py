"""What the replicas of a control plane say about themselves, on pages that they show on their loopback only."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, cast

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from pillion.inject.schema.types import Json, items, section
from pillion.install.inspection.sync import ProxySync, read_sync
from pillion.install.ownership import REVISION_LABEL
from pillion.sources.kubernetes.client import ApiError, KubernetesClient
from pillion.sources.kubernetes.forward import Place, fetch
from pillion.value import FrozenMap, Value

DEBUG_PORT = 8080
SELECTOR = "app=istiod"
ENDS = FrozenMap(
    {
        "citadel_server_root_cert_expiry_timestamp": "authority",
        "citadel_server_cert_chain_expiry_timestamp": "control plane",
    }
)
"""Metric -> whose certificate it is about."""
_json = msgspec.json.Decoder()


class Replica(Value):
    """One pod of the control plane."""

    name: str
    revision: str
    version: str = ""
    is_ready: bool = False
    reasons: tuple[str, ...] = ()
    """Why it is not ready."""
    proxies: tuple[ProxySync, ...] = ()
    findings: tuple[str, ...] = ()
    """What it says is wrong with the cluster's resources, or with reading them."""
    ends: FrozenMap[float] = FrozenMap()
    """When certificates end, in seconds since 1970."""
    problem: str = ""
    """Why its pages could not be read; then nothing above is known."""


async def replicas(client: KubernetesClient, namespace: str, revision: str = "") -> tuple[Replica, ...]:
    """Ask every replica of the control plane, of one revision or of all. Raises `ApiError`."""
    selector = f"{SELECTOR},{REVISION_LABEL}={revision}" if revision else SELECTOR
    path = f"/api/v1/namespaces/{namespace}/pods"
    pods: Json = _json.decode(await client.request("GET", path, {"labelSelector": selector}))
    serving = (each for each in items(pods, "items") if is_alive(each))
    found = await asyncio.gather(*(_asked(client, section(each, "metadata")) for each in serving))
    return tuple(sorted(found, key=lambda each: each.name))


def is_alive(pod: Json) -> bool:
    """Return whether a pod is neither over nor on its way out."""
    is_over = section(pod, "status").get("phase") in {"Succeeded", "Failed"}
    return not is_over and "deletionTimestamp" not in section(pod, "metadata")


async def _asked(client: KubernetesClient, metadata: Json) -> Replica:
    name = str(metadata["name"])
    revision = str(section(metadata, "labels").get(REVISION_LABEL, ""))
    place = Place(namespace=str(metadata["namespace"]), pod=name, port=DEBUG_PORT)
    paths = ("/version", "/ready", "/debug/syncz", "/debug/configz", "/metrics")
    try:
        version, ready, syncz, configz, metrics = await asyncio.gather(*(fetch(client, place, path) for path in paths))
        return Replica(
            name=name,
            revision=revision,
            version=version.body.decode(),
            is_ready=ready.status == 200,
            reasons=() if ready.status == 200 else tuple(ready.body.decode().splitlines()),
            proxies=read_sync(_json.decode(syncz.body), name),
            findings=tuple(_findings(_json.decode(configz.body))),
            ends=FrozenMap(_ends(metrics.body.decode())),
        )
    except ApiError as problem:
        return Replica(name=name, revision=revision, problem=str(problem))
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as problem:
        return Replica(name=name, revision=revision, problem=f"it answers what nobody expects: {problem}")


def _findings(page: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for each in page:
        about = str(each.get("resource") or each.get("collection") or "")
        words = [str(each["problem"])] if each.get("problem") else cast("list[str]", each.get("diagnostics") or [])
        yield from (f"{about}: {word}" if about and about not in word else word for word in words)


def _ends(metrics: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(metrics):
        if family.name in ENDS and family.samples:
            found[ENDS[family.name]] = min(sample.value for sample in family.samples)
    return found
