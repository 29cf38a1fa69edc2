"""What the injector and the control plane may do: what they read and write, and nothing else."""

from typing import Any

from pillion.install.names import AUTHORITY_SECRET, Names
from pillion.resources.kinds import is_istio_group
from pillion.sources.kubernetes.watched import DEFINITIONS, mesh_collections

ROOT_CONFIG_MAP = "istio-ca-root-cert"
"""Handed to every namespace, so that proxies there trust the control plane."""
Rule = dict[str, Any]
READ = ["get", "list", "watch"]


def injector_rules(names: Names) -> list[Rule]:
    """Let the injector look after its own webhook and read ProxyConfigs; settings and certificate are mounted."""
    own = [names.webhook]
    return [
        _rule("admissionregistration.k8s.io", "mutatingwebhookconfigurations", [*READ, "patch"], own),
        *(_rule(each.group, each.plural, READ) for each in mesh_collections() if each.kind == "ProxyConfig"),
        _rule(DEFINITIONS.group, DEFINITIONS.plural, READ),
    ]


def control_plane_rules(names: Names) -> list[Rule]:
    """Let the control plane read the mesh, write back what it thinks of it, and ask who a caller is."""
    groups: dict[str, list[str]] = {}
    for each in mesh_collections():
        groups.setdefault(each.group, []).append(each.plural)
    reading = [_rule(group, plurals, READ) for group, plurals in sorted(groups.items())]
    writing = [
        _rule(group, [f"{plural}/status" for plural in plurals], ["patch", "update"])
        for group, plurals in sorted(groups.items())
        if is_istio_group(group)
    ]
    return [
        *reading,
        _rule(DEFINITIONS.group, DEFINITIONS.plural, READ),
        *writing,
        _rule("", "configmaps", ["create"]),
        _rule("", "configmaps", ["patch"], [ROOT_CONFIG_MAP]),
        _rule("authentication.k8s.io", "tokenreviews", ["create"]),
        _rule("admissionregistration.k8s.io", "validatingwebhookconfigurations", [*READ, "patch"], [names.validator]),
    ]


def home_rules(names: Names) -> list[Rule]:
    """Let the control plane keep its settings, its authority and its Lease in its own namespace."""
    return [
        _rule("", "configmaps", READ, [names.mesh]),
        _rule("", "secrets", ["create"]),
        _rule("", "secrets", ["get", "list", "watch", "update", "patch"], [AUTHORITY_SECRET]),
        _rule("coordination.k8s.io", "leases", ["create"]),
        _rule("coordination.k8s.io", "leases", ["get", "update", "patch"], [names.control_plane]),
    ]


def _rule(group: str, resources: str | list[str], verbs: list[str], names: list[str] | None = None) -> Rule:
    named = [resources] if isinstance(resources, str) else resources
    rule: Rule = {"apiGroups": [group], "resources": named, "verbs": verbs}
    return rule | {"resourceNames": names} if names else rule
