"""What is wrong with the world that all resources make together, and with what single proxies are told of it."""

from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence

from msgspec.structs import replace

from pillion.controlplane.client import Client
from pillion.controlplane.plane import ControlPlane
from pillion.local.server.intake import Taken
from pillion.resources.meta import Ref
from pillion.resources.suggest import nearest
from pillion.value import Diagnostic, Diagnostics, Where

Owner = Callable[[str], Ref | None]
"""Names the workload that a pod, `namespace/name`, was made from."""
RULES = frozenset(
    {
        "AuthorizationPolicy",
        "EnvoyFilter",
        "PeerAuthentication",
        "ProxyConfig",
        "RequestAuthentication",
        "Sidecar",
        "Telemetry",
    }
)
"""Kinds that count for workloads of their own namespace alone, or, in the root namespace, of all."""
MOST_NAMES = 5
"""How many workloads a message names; it counts the others."""


def of_world(plane: ControlPlane, taken: Mapping[Ref, Taken], owner: Owner) -> Diagnostics:
    """Give what the control plane tells, and what is wrong in proxies, each with the document that it is about."""
    found = plane.diagnostics
    known = {(each.code, each.where.resource) for each in found}
    errors = (each for each in _of_proxies(plane, owner) if (each.code, each.where.resource) not in known)
    whole = (*found, *errors, *of_namespaces(taken, plane.settings.root_namespace))
    if not whole:
        return ()
    return _with_origins(whole, taken)


def of_pods(plane: ControlPlane, taken: Mapping[Ref, Taken], pods: Container[str]) -> Diagnostics:
    """Give what the proxies of some pods, `namespace/name`, are told of what they are configured with; all of it."""
    told = (each for client in plane.clients if client.peer in pods for each in _told(plane, client))
    return _with_origins(dict.fromkeys(told), taken)


def of_namespaces(refs: Collection[Ref], root: str) -> Diagnostics:
    """Tell of rules for the workloads of a namespace that nothing else speaks of: a slip in its name, mostly."""
    lived_in = {
        root,
        *(ref.name if ref.kind == "Namespace" else ref.namespace for ref in refs if ref.kind not in RULES),
    }
    return tuple(
        Diagnostic(
            code="unknown-namespace",
            severity="warning",
            message=f"there is no workload and no Namespace {ref.namespace}: this counts for nobody",
            where=Where(resource=str(ref), path=("metadata", "namespace")),
            hint=f"did you mean {meant}?"
            if (meant := nearest(ref.namespace, sorted(lived_in)))
            else "correct its name",
        )
        for ref in refs
        if ref.kind in RULES and ref.namespace not in lived_in
    )


def _with_origins(diagnostics: Iterable[Diagnostic], taken: Mapping[Ref, Taken]) -> Diagnostics:
    origins = {str(ref): each.held.document.origin for ref, each in taken.items()}
    return tuple(
        replace(each, where=replace(each.where, origin=each.where.origin or origins.get(each.where.resource)))
        for each in diagnostics
    )


def _told(plane: ControlPlane, client: Client) -> Diagnostics:
    try:
        return plane.teller.told(plane.world, client.proxy).diagnostics
    except Exception:  # noqa: BLE001 (the control plane has told of it)
        return ()


def _of_proxies(plane: ControlPlane, owner: Owner) -> list[Diagnostic]:
    found: dict[Diagnostic, dict[str, None]] = {}
    for client in plane.clients:
        name = str(owner(client.peer) or f"Pod {client.peer}")
        for each in (each for each in _told(plane, client) if _is_for_all(each)):
            if each.where.resource:
                found.setdefault(each, {})[name] = None
            else:  # it is about the workload, and the same for all of its pods
                found[replace(each, where=Where(resource=name))] = {}
    return [_concerning(each, sorted(names)) for each, names in found.items()]


def _is_for_all(diagnostic: Diagnostic) -> bool:
    """Tell whether to say it beside the whole mesh: errors, and what is wrong with a resource that somebody wrote."""
    return diagnostic.severity == "error" or (diagnostic.severity == "warning" and bool(diagnostic.where.resource))


def _concerning(diagnostic: Diagnostic, names: Sequence[str]) -> Diagnostic:
    """Say whose proxies were told of a resource."""
    if not names:
        return diagnostic
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    whose = f"the proxies of {', '.join(names[:MOST_NAMES])}{more}"
    return replace(diagnostic, message=f"{diagnostic.message} (this concerns {whose})")
