"""Who a pod is: the workload that it belongs to, its cluster and network, and the user that its proxy runs as."""

import re

from pillion.inject.pod.containers import INIT, PROXY, VALIDATION, find, labels, listed, replace, with_environment
from pillion.inject.schema.types import Json, items, section
from pillion.value import Labels, Value

CLUSTER_VARIABLE = "ISTIO_META_CLUSTER_ID"
NETWORK_VARIABLE = "ISTIO_META_NETWORK"
NETWORK_LABEL = "topology.istio.io/network"
DEFAULT_USER = 1337
_CRON_JOB = re.compile(r"(.+)-\d{8,10}")
_UID_RANGE = "openshift.io/sa.scc.uid-range"
_GROUPS = "openshift.io/sa.scc.supplemental-groups"


class Workload(Value):
    """What a pod belongs to: for a lone pod, itself."""

    name: str
    namespace: str
    kind: str
    api_version: str


def workload_of(pod: Json) -> Workload:
    """Find a pod's workload from its controlling owner, seeing through ReplicaSets and Jobs as Istio does."""
    metadata = section(pod, "metadata")
    name, namespace = metadata.get("name") or "", metadata.get("namespace") or ""
    owner = _controller(metadata) if metadata.get("generateName") else None
    if owner is None:
        return Workload(name=name, namespace=namespace, kind="Pod", api_version="v1")
    kind, version, owned_by = owner.get("kind", ""), owner.get("apiVersion", ""), owner.get("name", "")
    found = labels(pod)
    replica_hash, rollout_hash = found.get("pod-template-hash", ""), found.get("rollouts-pod-template-hash", "")
    if kind == "ReplicaSet" and replica_hash and owned_by.endswith(replica_hash):
        kind, owned_by = "Deployment", owned_by.removesuffix(f"-{replica_hash}")
    elif kind == "ReplicaSet" and rollout_hash and owned_by.endswith(rollout_hash):
        kind, version, owned_by = "Rollout", "v1alpha1", owned_by.removesuffix(f"-{rollout_hash}")
    elif kind == "ReplicationController" and found.get("deploymentconfig"):
        kind, owned_by = "DeploymentConfig", found["deploymentconfig"]
    elif kind == "Job" and (match := _CRON_JOB.fullmatch(owned_by)):
        kind, version, owned_by = "CronJob", "batch/v1", match.group(1)
    return Workload(name=owned_by or name, namespace=namespace, kind=kind, api_version=version)


def _controller(metadata: Json) -> Json | None:
    return next((owner for owner in items(metadata, "ownerReferences") if owner.get("controller") is True), None)


def proxy_ids(annotations: Labels) -> tuple[int, int]:
    """Return the user and group of the proxy, from OpenShift's annotations of the namespace where it has them."""
    user = _block_end(annotations.get(_UID_RANGE, ""))
    groups = annotations.get(_GROUPS, annotations.get(_UID_RANGE, ""))
    ends = [_block_end(block) for block in groups.split(",")]
    group = ends[0] if None not in ends else None
    return (DEFAULT_USER if user is None else user, DEFAULT_USER if group is None else group)


def ids_of(annotations: Labels) -> Labels:
    """Return what of a namespace's annotations `proxy_ids` reads."""
    return Labels({name: value for name, value in annotations.items() if name in {_UID_RANGE, _GROUPS}})


def _block_end(block: str) -> int | None:
    """The last id of `first/count` or `first-last`."""
    match = re.match(r"(\d+)([/-])(\d+)", block)
    if match is None:
        return None
    first, second = int(match.group(1)), int(match.group(3))
    return first + second - 1 if match.group(2) == "/" else second


def without_borrowed_user(pod: Json) -> Json:
    """Return an OpenShift pod whose `istio-proxy` does not run as the application's user.

    OpenShift gives every container of a pod the same user before the webhook sees it; the proxy's traffic could not
    be told from the application's.
    """
    proxy = find(PROXY, pod)
    if proxy is None or not proxy.get("securityContext"):
        return pod
    ours = section(proxy, "securityContext").get("runAsUser") or 0
    if ours != _application_user(pod):
        return pod
    context = section(proxy, "securityContext")
    kept = {key: value for key, value in context.items() if key not in {"runAsUser", "runAsGroup"}}
    return replace(pod, proxy, proxy | {"securityContext": kept})


def _application_user(pod: Json) -> int:
    user = 0
    for container in listed(pod, "containers") + listed(pod, "initContainers"):
        own = section(container, "securityContext").get("runAsUser")
        if isinstance(own, int) and container.get("name") not in {PROXY, INIT, VALIDATION}:
            user = own
    return user


def with_variables(pod: Json, variables: dict[str, str]) -> Json:
    """Return the pod whose proxy has these environment variables, whatever the template gave it."""
    proxy = find(PROXY, pod)
    if proxy is None or not variables:
        return pod
    kept = [item for item in items(proxy, "env") if item.get("name") not in variables]
    added = [{"name": name, "value": variables[name]} for name in sorted(variables)]
    return with_environment(pod, proxy, kept + added)
