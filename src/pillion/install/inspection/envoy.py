"""What the Envoy of a pod says, on the admin page that it shows on its loopback only."""

from typing import cast

import msgspec

from pillion.inject.schema.types import Json, items, section
from pillion.install.inventory import STATUS
from pillion.sources.kubernetes.client import ApiError, KubernetesClient
from pillion.sources.kubernetes.forward import Place, fetch

ADMIN_PORT = 15000
WORKLOADS = ("deployments", "statefulsets", "daemonsets", "replicasets")
_json = msgspec.json.Decoder()


async def config_dump(client: KubernetesClient, namespace: str, name: str) -> Json:
    """Return Envoy's `/config_dump`, endpoints included, of a pod or of a workload's first running pod.

    Raises `ApiError`.
    """
    pod = await _pod(client, namespace, name)
    metadata = section(pod, "metadata")
    named = f"pod {namespace}/{metadata['name']}"
    if STATUS not in section(metadata, "annotations"):
        raise ApiError(0, f"{named} is not injected: it has no Envoy")
    place = Place(namespace=namespace, pod=str(metadata["name"]), port=ADMIN_PORT)
    page = await fetch(client, place, "/config_dump?include_eds")
    try:
        return cast(Json, _json.decode(page.body))
    except msgspec.MsgspecError as problem:
        raise ApiError(0, f"Envoy of {named} answers with something else than its configuration: {problem}") from None


async def _pod(client: KubernetesClient, namespace: str, name: str) -> Json:
    pods = f"/api/v1/namespaces/{namespace}/pods"
    try:
        return cast(Json, _json.decode(await client.request("GET", f"{pods}/{name}")))
    except ApiError as problem:
        if problem.code != 404:
            raise
    for plural in WORKLOADS:
        found = await _if_there(client, f"/apis/apps/v1/namespaces/{namespace}/{plural}/{name}")
        if found is not None:
            query = {"labelSelector": selector_text(section(found, "spec", "selector"))}
            listed: Json = _json.decode(await client.request("GET", pods, query))
            running = [each for each in items(listed, "items") if section(each, "status").get("phase") == "Running"]
            if running:
                return min(running, key=lambda each: str(each["metadata"]["name"]))
            raise ApiError(0, f"{found['kind']} {namespace}/{name} has no running pod")
    raise ApiError(404, f"there is neither a pod nor a workload {namespace}/{name}")


async def _if_there(client: KubernetesClient, path: str) -> Json | None:
    try:
        return cast(Json, _json.decode(await client.request("GET", path)))
    except ApiError as problem:
        if problem.code == 404:
            return None
        raise


def selector_text(selector: Json) -> str:
    """Write a label selector as a query has it."""
    words = [f"{key}={value}" for key, value in sorted(section(selector, "matchLabels").items())]
    for each in items(selector, "matchExpressions"):
        key, values = str(each.get("key")), ",".join(each.get("values") or ())
        match each.get("operator"):
            case "In":
                words.append(f"{key} in ({values})")
            case "NotIn":
                words.append(f"{key} notin ({values})")
            case "Exists":
                words.append(key)
            case _:
                words.append(f"!{key}")
    return ",".join(words)
