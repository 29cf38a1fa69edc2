"""What the injector and the control plane may do: what they read and write, and nothing else."""

from typing import Any

from pillion.controlplane.writing.writers import ALLOCATION
from pillion.install.names import AUTHORITY_SECRET, Names
from pillion.install.options import Options
from pillion.resources.kinds import is_istio_group
from pillion.sources.kubernetes.watched import DEFINITIONS, mesh_collections

ROOT_CONFIG_MAP = "istio-ca-root-cert"
"""Handed to every namespace, so that proxies there trust the control plane."""
Rule = dict[str, Any]
READ = ["get", "list", "watch"]


def injector_rules(options: Options) -> list[Rule]:
    """Let the injector read ProxyConfigs; settings and certificate are mounted, the control plane renews both.

    Nodes tell whether all of them can run native sidecars, namespaces which ids OpenShift gave them.
    """
    kinds = {"ProxyConfig"}
    if options.native_sidecars == "auto":
        kinds.add("Node")
    if options.is_openshift:
        kinds.add("Namespace")
    return [
        *(_rule(each.group, each.plural, READ) for each in mesh_collections() if each.kind in kinds),
        _rule(DEFINITIONS.group, DEFINITIONS.plural, READ),
    ]


def control_plane_rules(options: Options, names: Names) -> list[Rule]:
    """Let the control plane read the mesh, write back what it thinks of it, and ask who a caller is."""
    groups: dict[str, list[str]] = {}
    for each in mesh_collections():
        groups.setdefault(each.group, []).append(each.plural)
    reading = [_rule(group, plurals, READ) for group, plurals in sorted(groups.items())]
    written = [(group, plurals) for group, plurals in sorted(groups.items()) if is_istio_group(group)]
    status = [_rule(group, [f"{plural}/status" for plural in plurals], ["patch"]) for group, plurals in written]
    allocation = _rule("networking.istio.io", "serviceentries/status", ["patch"])
    return [
        *reading,
        _rule(DEFINITIONS.group, DEFINITIONS.plural, READ),
        *(status if options.status else (allocation,) if options.allocate else ()),
        _rule("", "configmaps", ["create"]),
        _rule("", "configmaps", ["patch"], [ROOT_CONFIG_MAP]),
        _rule("authentication.k8s.io", "tokenreviews", ["create"]),
        *(_configuration("validatingwebhookconfigurations", names.validator) if options.validation else ()),
        *(_configuration("mutatingwebhookconfigurations", names.webhook) if options.is_certificate_ours else ()),
    ]


def home_rules(options: Options, names: Names) -> list[Rule]:
    """Let the control plane keep its settings, its authority and its Lease in its own namespace."""
    secrets = [AUTHORITY_SECRET, *([names.injector_certificate] if options.is_certificate_ours else ())]
    found = [
        _rule("", "configmaps", READ, [names.mesh]),
        # A page for people shows the templates.
        _rule("", "configmaps", ["get"], [names.injector]),
        _rule("", "secrets", ["create"]),
        _rule("", "secrets", [*READ, "update"], secrets),
    ]
    writes = options.status or options.validation or options.is_certificate_ours
    leases = [*([names.control_plane] if writes else ()), *([ALLOCATION] if options.allocate else ())]
    if leases:
        found.append(_rule("coordination.k8s.io", "leases", ["create"]))
        found.append(_rule("coordination.k8s.io", "leases", ["get", "update"], leases))
    if options.validation:
        # The webhook proves that it judges by refusing one; nothing is ever stored.
        found.append(_rule("networking.istio.io", "gateways", ["create"]))
    return found


def _configuration(plural: str, name: str) -> list[Rule]:
    return [_rule("admissionregistration.k8s.io", plural, [*READ, "patch"], [name])]


def _rule(group: str, resources: str | list[str], verbs: list[str], names: list[str] | None = None) -> Rule:
    named = [resources] if isinstance(resources, str) else resources
    rule: Rule = {"apiGroups": [group], "resources": named, "verbs": verbs}
    return rule | {"resourceNames": names} if names else rule
