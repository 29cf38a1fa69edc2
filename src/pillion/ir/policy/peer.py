"""Peer authentication: whether a workload takes the mesh's mutual TLS, plain text, or both.

Mirrors `authn.ComposePeerAuthentication` (the server's side) and `AuthenticationPolicies` (what a client may infer of
a namespace). The oldest of each level counts; a port's mode needs a selector.
"""

from collections.abc import Iterable

from pillion.ir.policy.client_tls import MutualMode
from pillion.resources.istio.security import MutualTLS, PeerAuthentication
from pillion.resources.meta import ref_of
from pillion.value import Labels, Value, Where


class PeerModes(Value):
    """What a workload takes, and where a port differs."""

    mode: MutualMode = "PERMISSIVE"
    ports: tuple[tuple[int, MutualMode], ...] = ()
    policy: str = ""
    """The PeerAuthentication that says `mode`; empty when none does."""
    own: str = ""
    """The one that says what ports take which do not take `mode`, or say so themselves."""
    said: frozenset[int] = frozenset()
    """The ports that it says it of."""

    def for_port(self, port: int) -> MutualMode:
        """Return what one port takes."""
        return dict(self.ports).get(port, self.mode)

    def where(self, port: int) -> Where:
        """Return the line that decides what a port takes."""
        if port in self.said:
            return Where(resource=self.own, path=("spec", "portLevelMtls", str(port), "mode"))
        return Where(resource=self.policy, path=("spec", "mtls", "mode"))


def peer_modes(
    policies: Iterable[PeerAuthentication], namespace: str, labels: Labels, root_namespace: str
) -> PeerModes:
    """Merge what concerns one workload."""
    mesh = own = workload = None
    for policy in sorted(policies, key=_age):
        selector = policy.spec.selector.match_labels if policy.spec.selector else None
        place = policy.metadata.namespace
        if not selector:
            if place == root_namespace:
                mesh = mesh or policy
            elif place == namespace:
                own = own or policy
        elif place == namespace and place != root_namespace and labels.covers(selector):
            workload = workload or policy
    mode: MutualMode = "PERMISSIVE"
    deciding: PeerAuthentication | None = None
    for policy in (mesh, own, workload):
        said = _mode(policy.spec.mtls) if policy is not None else None
        if said is not None:
            mode, deciding = said, policy
    name = str(ref_of(deciding)) if deciding is not None else ""
    if workload is None or not workload.spec.port_level_mtls:
        return PeerModes(mode=mode, policy=name)
    levels: dict[int, MutualMode | None] = {
        int(port): _mode(setting) for port, setting in workload.spec.port_level_mtls.items()
    }
    ports: dict[int, MutualMode] = {port: levels[port] or mode for port in sorted(levels)}
    return PeerModes(
        mode=mode,
        ports=tuple(ports.items()),
        policy=name,
        own=str(ref_of(workload)),
        said=frozenset(port for port, level in levels.items() if level is not None),
    )


def namespace_mode(policies: Iterable[PeerAuthentication], namespace: str, root_namespace: str) -> MutualMode:
    """Return what a client may expect of a namespace's servers: its own policy's mode, else the mesh's."""
    mesh: MutualMode | None = None
    own: PeerAuthentication | None = None
    for policy in sorted(policies, key=_age):
        if policy.spec.selector is not None and policy.spec.selector.match_labels:
            continue
        if policy.metadata.namespace == root_namespace:
            mesh = mesh or _mode(policy.spec.mtls) or "PERMISSIVE"
        elif policy.metadata.namespace == namespace and own is None:
            own = policy
    fallback: MutualMode = mesh or "PERMISSIVE"
    return fallback if own is None else _mode(own.spec.mtls) or fallback


def _age(policy: PeerAuthentication) -> tuple[str, str, str]:
    return policy.metadata.creation_timestamp, policy.metadata.name, policy.metadata.namespace


def _mode(setting: MutualTLS | None) -> MutualMode | None:
    if setting is None or setting.mode == "UNSET":
        return None
    return setting.mode
