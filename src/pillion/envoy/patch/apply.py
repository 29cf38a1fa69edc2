"""All patches of a proxy on all that was rendered for it.

Each resource is patched by itself and remembered by itself, so a change costs what it touches. What comes out is
complete again: where patches take away a cluster that routes name, or name one that nobody has, that reference is
told and no longer needed, since Envoy fails such requests and no others; a listener that would wait for a route
configuration which never comes stays as it was.
"""

from collections.abc import Iterable

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.core.v3 import extension_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_pb2
from google.protobuf.message import Message

from pillion.envoy.patch.clusters import added_clusters, patch_cluster
from pillion.envoy.patch.editing import Edits
from pillion.envoy.patch.listeners import added_listeners, patch_inline_routes, patch_listener
from pillion.envoy.patch.model import Context, Patch
from pillion.envoy.patch.read import read
from pillion.envoy.patch.references import references
from pillion.envoy.patch.routes import patch_routes
from pillion.envoy.rendered import ASSIGNMENT, CLUSTER, EXTENSION, LISTENER, ROUTES, Need, Rendered, TypeUrl
from pillion.ir.memo import Memo
from pillion.ir.model.proxy import EnvoyPatch
from pillion.value import Diagnostic, Diagnostics, FrozenMap, Value

OF_LISTENERS = frozenset({"LISTENER", "LISTENER_FILTER", "FILTER_CHAIN", "NETWORK_FILTER", "HTTP_FILTER"})
OF_ROUTES = frozenset({"ROUTE_CONFIGURATION", "VIRTUAL_HOST", "HTTP_ROUTE"})
Hosts = FrozenMap[tuple[str, ...]]


class Patched(Value):
    """The resources of a proxy after its patches, and what there is to tell about these."""

    resources: tuple[Rendered, ...]
    diagnostics: Diagnostics = ()


class Outcome(Value):
    """What became of one resource."""

    before: Rendered | None
    after: Rendered | None
    by: tuple[Patch, ...] = ()
    """The patches that did something to it."""
    told: Diagnostics = ()

    @property
    def added_needs(self) -> frozenset[Need]:
        """What it refers to because of a patch."""
        needs = frozenset(self.after.needs) if self.after else frozenset[Need]()
        return needs.difference(self.before.needs) if self.before else needs


def apply_patches(
    outbound: tuple[Rendered, ...],
    inbound: tuple[Rendered, ...],
    hosts: Hosts,
    patches: tuple[EnvoyPatch, ...],
    memo: Memo,
) -> Patched:
    """Patch what was rendered for a proxy's two halves. `hosts` are the services of its inbound clusters, by name."""
    found = [memo(read, patch) for patch in patches]
    ready = tuple(patch for patch, _ in found if patch is not None)
    told = [each for _, diagnostics in found for each in diagnostics]
    outcomes: list[Outcome] = []
    halves: tuple[tuple[Context, tuple[Rendered, ...]], ...] = (
        ("SIDECAR_OUTBOUND", outbound),
        ("SIDECAR_INBOUND", inbound),
    )
    for context, resources in halves:
        wanted = _by_type(ready, context)
        for each in resources:
            served = hosts.get(each.name, ()) if context == "SIDECAR_INBOUND" else ()
            if wanted[each.type_url]:
                outcomes.append(memo(_patched, each, wanted[each.type_url], context, served))
            else:
                outcomes.append(Outcome(before=each, after=each))
        outcomes.extend(_added(wanted, context))
    outcomes = _unique(outcomes, told)
    outcomes = _without_waiting(outcomes, told)
    outcomes.extend(_extensions(ready, outcomes))
    told.extend(each for outcome in outcomes for each in outcome.told)
    return Patched(resources=_complete(outcomes, told), diagnostics=tuple(dict.fromkeys(told)))


def _by_type(patches: tuple[Patch, ...], context: Context) -> dict[TypeUrl, tuple[Patch, ...]]:
    """Sort the patches of a context by the resources that they may change."""
    here = [patch for patch in patches if patch.context in {"ANY", context}]
    of_listeners = OF_LISTENERS | OF_ROUTES if context == "SIDECAR_INBOUND" else OF_LISTENERS
    return {
        CLUSTER: tuple(patch for patch in here if patch.apply_to == "CLUSTER"),
        LISTENER: tuple(patch for patch in here if patch.apply_to in of_listeners),
        ROUTES: tuple(patch for patch in here if patch.apply_to in OF_ROUTES),
        ASSIGNMENT: (),
    }


def _patched(resource: Rendered, patches: tuple[Patch, ...], context: Context, hosts: tuple[str, ...]) -> Outcome:
    """Patch one resource; the very one comes back when no patch is about it."""
    edits = Edits(patches, context)
    message, known, stays = _patch_message(resource, hosts, edits)
    by, told = tuple(edits.touched), tuple(edits.told)
    if not stays:
        return Outcome(before=resource, after=None, by=by, told=told)
    body = message.SerializeToString(deterministic=True)
    if not by or body == resource.body:
        return Outcome(before=resource, after=resource, told=told)
    now = references(message)
    needs = (frozenset(resource.needs) - (known - now)) | (now - known)
    return Outcome(before=resource, after=_rendered(resource.type_url, message, needs), by=by, told=told)


def _patch_message(resource: Rendered, hosts: tuple[str, ...], edits: Edits) -> tuple[Message, frozenset[Need], bool]:
    """Return the patched message, what it referred to before, and whether it is still there."""
    if resource.type_url == CLUSTER:
        cluster = cluster_pb2.Cluster.FromString(resource.body)
        known = references(cluster)
        return cluster, known, patch_cluster(cluster, hosts, edits)
    if resource.type_url == ROUTES:
        routes = route_pb2.RouteConfiguration.FromString(resource.body)
        known = references(routes)
        patch_routes(routes, edits)
        return routes, known, True
    listener = listener_pb2.Listener.FromString(resource.body)
    known = references(listener)
    patch_inline_routes(listener, edits)
    return listener, known, patch_listener(listener, edits)


def _rendered(type_url: TypeUrl, message: Message, needs: Iterable[Need]) -> Rendered:
    name: str = getattr(message, "name")  # noqa: B009 (every resource has one)
    body = message.SerializeToString(deterministic=True)
    return Rendered(type_url=type_url, name=name, body=body, needs=tuple(sorted(needs)))


def _added(wanted: dict[TypeUrl, tuple[Patch, ...]], context: Context) -> list[Outcome]:
    """Return what patches add; one for any context adds to the outbound half alone."""
    named = {
        url: [each for each in patches if context in {"SIDECAR_OUTBOUND", each.context}]
        for url, patches in wanted.items()
    }
    made: list[tuple[TypeUrl, Patch, Message]] = [
        *((CLUSTER, patch, message) for patch, message in added_clusters(Edits(named[CLUSTER], context))),
        *((LISTENER, patch, message) for patch, message in added_listeners(Edits(named[LISTENER], context))),
    ]
    return [
        Outcome(before=None, after=_rendered(url, message, references(message)), by=(patch,))
        for url, patch, message in made
    ]


def _unique(outcomes: list[Outcome], told: list[Diagnostic]) -> list[Outcome]:
    """Leave out what a patch adds under a name that is taken; what was rendered goes before."""
    taken: dict[tuple[str, str], Outcome] = {}
    for each in sorted(outcomes, key=lambda each: each.before is None):
        if each.after is None:
            taken.setdefault((each.before.type_url, f"\0{each.before.name}") if each.before else ("", ""), each)
        elif taken.setdefault((each.after.type_url, each.after.name), each) is not each:
            told.append(_about(each, "patch-name-taken", f"{_kind(each.after)} {each.after.name} is there already"))
    return list(taken.values())


def _without_waiting(outcomes: list[Outcome], told: list[Diagnostic]) -> list[Outcome]:
    """Take back what would make a listener wait for a route configuration that never comes."""
    tables = {each.after.name for each in outcomes if each.after is not None and each.after.type_url == ROUTES}
    kept: list[Outcome] = []
    for each in outcomes:
        waits = [need.name for need in each.added_needs if need.type_url == ROUTES and need.name not in tables]
        if each.after is None or not waits:
            kept.append(each)
            continue
        message = f"listener {each.after.name} would wait for the route configuration {waits[0]}, which nobody has"
        told.append(_about(each, "patch-waits", message))
        if each.before is not None:
            kept.append(Outcome(before=each.before, after=each.before))
    return kept


def _extensions(patches: tuple[Patch, ...], outcomes: list[Outcome]) -> list[Outcome]:
    """Return the configurations that patches add and some filter names; the first of a name counts."""
    asked = {need.name for each in outcomes if each.after for need in each.after.needs if need.type_url == EXTENSION}
    found: dict[str, Outcome] = {}
    for patch in patches:
        if patch.apply_to == "EXTENSION_CONFIG" and patch.operation == "ADD":
            message = extension_pb2.TypedExtensionConfig.FromString(patch.value or b"")
            if message.name in asked:
                made = Outcome(before=None, after=_rendered(EXTENSION, message, ()), by=(patch,))
                found.setdefault(message.name, made)
    return list(found.values())


def _complete(outcomes: list[Outcome], told: list[Diagnostic]) -> tuple[Rendered, ...]:
    """Drop the needs that nobody meets because of a patch, and tell of each."""
    present = {(each.after.type_url, each.after.name) for each in outcomes if each.after is not None}
    removed = {
        Need(each.before.type_url, each.before.name): each
        for each in outcomes
        if each.before is not None and (each.before.type_url, each.before.name) not in present
    }
    done: list[Rendered] = []
    for each in outcomes:
        if each.after is None:
            continue
        introduced = each.added_needs
        unmet = {
            need: removed.get(need, each)
            for need in each.after.needs
            if need not in present and need.type_url != ASSIGNMENT and (need in removed or need in introduced)
        }
        for need, cause in unmet.items():
            told.append(_unmet(each.after, need, cause))
        needs = tuple(need for need in each.after.needs if need not in unmet)
        after = each.after
        done.append(
            Rendered(type_url=after.type_url, name=after.name, body=after.body, needs=needs) if unmet else after
        )
    return tuple(done)


def _unmet(owner: Rendered, need: Need, cause: Outcome) -> Diagnostic:
    what = "the configuration" if need.type_url == EXTENSION else "cluster"
    return Diagnostic(
        code="patch-reference",
        severity="warning",
        message=f"{_kind(owner)} {owner.name} names {what} {need.name}, which nobody has after this patch",
        where=cause.by[0].where,
        hint="requests that go there fail",
    )


def _about(outcome: Outcome, code: str, message: str) -> Diagnostic:
    hint = "the patch is left out here"
    return Diagnostic(code=code, severity="error", message=message, where=outcome.by[0].where, hint=hint)


def _kind(resource: Rendered) -> str:
    return {CLUSTER: "cluster", LISTENER: "listener", ROUTES: "route configuration"}.get(resource.type_url, "resource")
