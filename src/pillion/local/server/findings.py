"""What is wrong with the world that all resources make together, and with what single proxies are told of it."""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from pillion.controlplane.plane import ControlPlane
from pillion.local.server.intake import Taken
from pillion.resources.meta import Ref
from pillion.value import Diagnostic, Diagnostics, Where

Owner = Callable[[str], Ref | None]
"""Names the workload that a pod, `namespace/name`, was made from."""


def of_world(plane: ControlPlane, taken: Mapping[Ref, Taken], owner: Owner) -> Diagnostics:
    """Give what the control plane tells, and the errors of proxies, each with the document that it is about."""
    found = plane.diagnostics
    known = {(each.code, each.where.resource) for each in found}
    errors = (each for each in _of_proxies(plane, owner) if (each.code, each.where.resource) not in known)
    whole = (*found, *dict.fromkeys(errors))
    if not whole:
        return ()
    origins = {str(ref): each.held.document.origin for ref, each in taken.items()}
    return tuple(
        replace(each, where=replace(each.where, origin=each.where.origin or origins.get(each.where.resource)))
        for each in whole
    )


def _of_proxies(plane: ControlPlane, owner: Owner) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    for client in plane.clients:
        try:
            told = plane.teller.told(plane.world, client.proxy).diagnostics
        except Exception:  # noqa: BLE001, S112 (the control plane has told of it)
            continue
        errors = (each for each in told if each.severity == "error")
        found.extend(each if each.where.resource else _of_workload(each, owner(client.peer)) for each in errors)
    return found


def _of_workload(diagnostic: Diagnostic, owner: Ref | None) -> Diagnostic:
    """Say whose proxies a diagnostic is about that names no resource: it is the same for all pods of a workload."""
    return replace(diagnostic, where=Where(resource=str(owner))) if owner else diagnostic
