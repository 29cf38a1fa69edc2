"""What an API server says of Kubernetes' own documents and typed decoding leaves to it: names, and unknown fields.

A document from a cluster has passed this; one from a file has not.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from pillion.resources.meta import Ref
from pillion.resources.suggest import nearest
from pillion.value import Diagnostic, Diagnostics, Origin, Path, Where

LONGEST_NAME = 253
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_SERVICE = frozenset(
    [
        "allocateLoadBalancerNodePorts",
        "clusterIP",
        "clusterIPs",
        "externalIPs",
        "externalName",
        "externalTrafficPolicy",
        "healthCheckNodePort",
        "internalTrafficPolicy",
        "ipFamilies",
        "ipFamilyPolicy",
        "loadBalancerClass",
        "loadBalancerIP",
        "loadBalancerSourceRanges",
        "ports",
        "publishNotReadyAddresses",
        "selector",
        "sessionAffinity",
        "sessionAffinityConfig",
        "trafficDistribution",
        "type",
    ]
)
_SERVICE_PORT = frozenset(["appProtocol", "name", "nodePort", "port", "protocol", "targetPort"])
_DEPLOYMENT = frozenset(
    [
        "minReadySeconds",
        "paused",
        "progressDeadlineSeconds",
        "replicas",
        "revisionHistoryLimit",
        "selector",
        "strategy",
        "template",
    ]
)
_TOP = frozenset(("apiVersion", "kind", "metadata", "spec", "status"))
Found = Iterator[tuple[Path, frozenset[str]]]


def check_name(ref: Ref, origin: Origin) -> Diagnostics:
    """Refuse what no API server takes as a name."""
    if len(ref.name) <= LONGEST_NAME and _NAME.fullmatch(ref.name):
        return ()
    shown = ref.name if len(ref.name) < 40 else f"{ref.name[:40]}..."
    message = f"{shown!r} is no name, expected lower-case letters, digits, '-' and '.', {LONGEST_NAME} at most"
    where = Where(origin=origin, resource=str(ref) if len(ref.name) < 40 else ref.kind, path=("metadata", "name"))
    return (Diagnostic(code="invalid-name", severity="error", message=message, where=where),)


def check_fields(content: Mapping[str, Any], ref: Ref, origin: Origin) -> Diagnostics:
    """Warn about fields that Services and Deployments do not have: an API server drops them."""
    return tuple(
        Diagnostic(
            code="unknown-field",
            severity="warning",
            message=f"unknown field {name}, it is ignored",
            where=Where(origin=origin, resource=str(ref), path=(*path, name)),
            hint=f"did you mean {meant}?" if meant else "",
        )
        for path, fields in _parts(content, ref.kind)
        for name in _at(content, path)
        if name not in fields
        for meant in (nearest(name, fields),)
    )


def _parts(content: Mapping[str, Any], kind: str) -> Found:
    match kind:
        case "Service":
            yield (), _TOP
            yield ("spec",), _SERVICE
            ports: object = _at(content, ("spec",)).get("ports")
            for index in range(len(cast("list[Any]", ports)) if isinstance(ports, list) else 0):
                yield ("spec", "ports", index), _SERVICE_PORT
        case "Deployment":
            yield (), _TOP
            yield ("spec",), _DEPLOYMENT
        case _:
            return


def _at(content: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    part: Any = content
    for step in path:
        part = part[step] if not isinstance(part, Mapping) else cast(Mapping[Any, Any], part).get(step, {})
    return cast(Mapping[str, Any], part) if isinstance(part, Mapping) else {}
