"""Injection itself: a document and settings in, the injected document and the whole decision out.

The order is Istio's `injectPod`: decide, check annotations, take an earlier injection off for the template's eyes,
render each template and lay it over the pod, put the user's own container settings back, then probes, metrics, record
and order.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

from msgspec.structs import replace

from pillion.inject import annotations as checks
from pillion.inject import mesh as mesh_config
from pillion.inject.documents import PodPlace, is_list, place_of, pod_as_written, resource_of, with_pod
from pillion.inject.gotemplate.errors import TemplateError
from pillion.inject.merge import MergeError, merge_pod
from pillion.inject.pod import identity, metrics, overrides, probes, status
from pillion.inject.pod.containers import (
    PROXY,
    annotations,
    labels,
    listed,
    named,
    ordered,
    with_annotations,
    with_metadata,
    with_spec,
)
from pillion.inject.policy import Decision, Namespace, Policy, decide
from pillion.inject.rendering import proxy_configs
from pillion.inject.rendering.data import Circumstances, MeshAndValues, SidecarTemplateData
from pillion.inject.rendering.images import inside
from pillion.inject.rendering.proxy_configs import Shelves
from pillion.inject.rendering.result import RenderError, read
from pillion.inject.reversal import restored, reversible
from pillion.inject.schema.check import Checker
from pillion.inject.schema.decode import Decoder
from pillion.inject.schema.types import Json, section, table
from pillion.inject.settings import Compiled, Settings, compiled
from pillion.inject.text import SIDECAR, read_text
from pillion.value import NO_LABELS, Diagnostic, Diagnostics, FrozenMap, Labels, Value, Where, has_errors

_TEMPLATES = "inject.istio.io/templates"
_NATIVE = "sidecar.istio.io/nativeSidecar"
_TEXTS = 256
"""Rendered texts that an injector remembers."""


class Options(Value):
    """How one injection differs from another with the same settings."""

    by_hand: bool = True
    """As `istioctl kube-inject` does: the policy counts as enabled, the settings' selectors, aliases, default
    templates and extra annotations are not used. A webhook and the local mesh say `False`."""
    revision: str = ""
    """The revision that injects; empty for the default one."""
    native_sidecars: bool = False
    """Whether the proxy becomes a native sidecar (an init container that keeps running), unless the pod says
    otherwise."""
    variables: Labels = NO_LABELS
    """Environment of the proxy that the webhook's URL adds, such as ISTIO_META_CLUSTER_ID."""
    proxy_configs: Shelves = FrozenMap()
    """The ProxyConfig resources of the cluster; a document that is injected by hand belongs to none."""
    openshift: bool = False
    compliance_policy: str = ""


class Injection(Value):
    """What became of a document, or of the pods of a List."""

    document: Any
    """The injected document; the very document that came in when nothing was injected."""
    decisions: tuple[Decision, ...] = ()
    """One for each pod: none when the document holds no pod, many for a List."""
    diagnostics: Diagnostics = ()
    """With an error among them, the document is as it came in."""
    depends_on_name: bool = True
    """Whether a pod of another name might have got something else, its name apart."""

    @property
    def is_injected(self) -> bool:
        """Whether a pod was injected."""
        return not has_errors(self.diagnostics) and any(decision.injects for decision in self.decisions)


class _Failure(Exception):  # noqa: N818  # ends one injection; its diagnostic is the answer
    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint


DEFAULTS = Options()


def inject(
    document: Json, settings: Settings, namespace: Namespace | None = None, options: Options = DEFAULTS
) -> Injection:
    """Inject one document, with settings that are read for it alone; whoever injects more keeps an `Injector`."""
    return Injector(settings).inject(document, namespace, options)


class Injector:
    """Settings read once, and ready for any number of documents.

    It remembers what rendered texts mean: the pods of one rollout render the same text.
    """

    def __init__(self, settings: Settings, environment: Labels = NO_LABELS) -> None:
        self.settings: Settings = settings
        self._ready: Compiled = compiled(settings, environment)
        self._pod: Checker = Checker(table("kubernetes"), "Pod")
        self._read: Callable[[str, str], Json] = lru_cache(maxsize=_TEXTS)(read)

    @property
    def diagnostics(self) -> Diagnostics:
        """What is wrong with the settings; with an error among it, nothing can be injected."""
        return self._ready.diagnostics

    def inject(self, document: Json, namespace: Namespace | None = None, options: Options = DEFAULTS) -> Injection:
        """Inject a document: a Pod, anything that holds a pod template, a List of such; others come back as they are.

        With a namespace whose labels are known, the webhook's selectors are asked too, as a cluster would.
        """
        if has_errors(self.diagnostics):
            return Injection(document=document, diagnostics=self.diagnostics)
        if is_list(document):
            return self._inject_list(document, namespace, options)
        place = place_of(document)
        if place is None:
            return Injection(document=document)
        written = pod_as_written(document, place)
        if not isinstance(written.get("spec"), dict) or not self._pod.fits(written):
            return Injection(document=document, diagnostics=_malformed(document, place, written))
        original = self._before(written)
        pod = {"metadata": section(original, "metadata"), "spec": section(original, "spec")}
        policy = Policy() if options.by_hand else self._ready.policy
        decision = decide(pod, policy, namespace, options.revision)
        if not decision.injects:
            return Injection(document=document, decisions=(decision,), diagnostics=(_skipped(document, decision),))
        run = _Run(self._ready, self._read, namespace or Namespace(), options)
        try:
            workload = _workload(document, place, pod)
            injected = run.injected(pod, workload)
        except _Failure as failure:
            diagnostic = Diagnostic(
                code=failure.code,
                severity="error",
                message=str(failure),
                where=Where(resource=resource_of(document)),
                hint=failure.hint,
            )
            return Injection(document=document, decisions=(decision,), diagnostics=(diagnostic,))
        nothing = self._nothing_added(document, run)
        if has_errors(nothing):
            return Injection(document=document, decisions=(decision,), diagnostics=nothing)
        if self.settings.reversible:
            injected = reversible(original, injected, written)
        whole = with_pod(document, place, injected)
        return Injection(
            document=whole,
            decisions=(decision,),
            diagnostics=(*_warnings(document, place, pod), *nothing),
            depends_on_name=run.reads_name or workload.kind == "Pod" or not place.is_pod,
        )

    def _before(self, written: Json) -> Json:
        """Return the pod before an earlier injection, if what it remembers of itself is a pod."""
        before = restored(written)
        return before if before and self._pod.fits(before) else written

    def _nothing_added(self, document: Json, run: "_Run") -> Diagnostics:
        """Templates may add labels alone, but whoever runs no proxy by mistake is to hear of it."""
        if run.adds_to_spec:
            return ()
        is_wrong = not run.adds_metadata and self._ready.is_constant
        what = "is no injection config, and as a template it adds nothing" if is_wrong else "adds no container"
        message = f"{self.settings.place_of('config') or 'the injection config'} {what} to this pod"
        where = Where(resource=resource_of(document))
        severity = "error" if is_wrong else "warning"
        return (Diagnostic(code="nothing-added", severity=severity, message=message, where=where),)

    def _inject_list(self, document: Json, namespace: Namespace | None, options: Options) -> Injection:
        results = [self.inject(item, namespace, options) for item in document["items"]]
        found = tuple(
            diagnostic for at, result in enumerate(results) for diagnostic in _of_item(result.diagnostics, at)
        )
        decisions = tuple(decision for result in results for decision in result.decisions)
        if has_errors(found):
            return Injection(document=document, decisions=decisions, diagnostics=found)
        whole = document | {"items": [result.document for result in results]}
        return Injection(document=whole, decisions=decisions, diagnostics=found)


def _of_item(found: Diagnostics, index: int) -> Diagnostics:
    """Let paths begin at the List that the document is an item of."""
    return tuple(replace(each, where=replace(each.where, path=("items", index, *each.where.path))) for each in found)


def _malformed(document: Json, place: PodPlace, pod: Json) -> Diagnostics:
    """What makes the pod unreadable to Kubernetes too: injecting it would only hide the mistake."""
    if not isinstance(pod.get("spec"), dict):
        path, message = place.spec, "a pod's spec was expected"
    else:
        kubernetes = table("kubernetes")
        decoder = Decoder(kubernetes)
        decoder.struct(pod, kubernetes.structs["Pod"])
        (part, *rest), message = decoder.problems[0]
        path = (*(place.metadata if part == "metadata" else place.spec), *rest)
    where = Where(resource=resource_of(document), path=path)
    return (Diagnostic(code="malformed-pod", severity="error", message=message, where=where),)


def _skipped(document: Json, decision: Decision) -> Diagnostic:
    metadata = section(document, "metadata")
    name = "/".join(str(part) for part in (metadata.get("namespace"), metadata.get("name")) if part)
    what = "host networking enabled" if decision.deciding.name == "host-network" else "sidecar injection disabled"
    message = f'Skipping injection because {document.get("kind", "")} "{name}" has {what}: {decision.deciding.reason}'
    where = Where(resource=resource_of(document), path=decision.deciding.path)
    return Diagnostic(code="injection-skipped", severity="info", message=message, where=where)


def _warnings(document: Json, place: PodPlace, pod: Json) -> Diagnostics:
    policy = pod["spec"].get("dnsPolicy")
    if policy in {None, "", "ClusterFirst"}:
        return ()
    message = f"dnsPolicy {policy}: the proxy may not find the control plane by name"
    where = Where(resource=resource_of(document), path=(*place.spec, "dnsPolicy"))
    return (Diagnostic(code="dns-policy", severity="warning", message=message, where=where),)


def _workload(document: Json, place: PodPlace, pod: Json) -> identity.Workload:
    if place.is_pod:
        return identity.workload_of(pod)
    metadata = section(document, "metadata")
    return identity.Workload(
        name=metadata.get("name") or "",
        namespace=metadata.get("namespace") or "",
        kind=str(document.get("kind", "")),
        api_version=str(document.get("apiVersion", "")),
    )


class _Run:
    """One injection."""

    def __init__(
        self, ready: Compiled, read_rendered: Callable[[str, str], Json], namespace: Namespace, options: Options
    ) -> None:
        self.ready = ready
        self.read = read_rendered
        self.namespace = namespace
        self.options = options
        self.reads_name = False
        self.adds_to_spec = self.adds_metadata = True

    def injected(self, pod: Json, workload: identity.Workload) -> Json:
        """Return the injected pod."""
        options = self.options
        if options.openshift:
            pod = identity.without_borrowed_user(pod)
        wrong = checks.problems(annotations(pod))
        if wrong:
            raise _Failure("bad-annotation", "; ".join(message for _, message in wrong))
        scene = self.scene(pod)
        circumstances = Circumstances(
            revision=options.revision,
            native_sidecars=options.native_sidecars,
            proxy_ids=identity.proxy_ids(self.namespace.annotations if options.openshift else NO_LABELS),
            compliance_policy=options.compliance_policy,
        )
        try:
            seen = overrides.reinserted(status.stripped(pod, _status_port(scene.mesh)))
            data = SidecarTemplateData(seen, workload, scene, circumstances)
            final, template = self.overlaid(pod, data)
            self.adds_to_spec = any(value is not None for value in section(template, "spec").values())
            self.adds_metadata = bool(annotations(template) or labels(template))
            final = overrides.reapplied(final, pod, template)
            final = overrides.with_user(final, pod, scene.proxy_config)
            return self.finished(final, template, scene, pod)
        except (RenderError, MergeError) as error:
            raise _Failure("bad-rendering", str(error)) from error
        except overrides.OverrideError as error:
            raise _Failure("bad-overrides", str(error)) from error
        except metrics.ScrapeError as error:
            raise _Failure("bad-annotation", str(error)) from error

    def scene(self, pod: Json) -> MeshAndValues:
        """Return mesh config and values as this pod sees them, its own proxy config merged in."""
        mesh, resources = self.ready.mesh, self.options.proxy_configs
        namespace = str(section(pod, "metadata").get("namespace") or self.namespace.name)
        root = str(mesh.get("rootNamespace") or "")
        proxy_config = proxy_configs.of_namespaces(resources, root, namespace, mesh["defaultConfig"])
        text = annotations(pod).get(mesh_config.ANNOTATION)
        if text is not None:
            document, _ = read_text(text)
            own = mesh_config.read_proxy_config(document or {}).document
            proxy_config = mesh_config.merge_proxy_config(own, proxy_config)
            if self.options.by_hand:
                mesh = mesh | {"defaultConfig": proxy_config}
        proxy_config = proxy_configs.of_workload(resources, namespace, FrozenMap(labels(pod)), proxy_config)
        return MeshAndValues(mesh, self.ready.values, proxy_config)

    def variables(self, pod: Json) -> dict[str, str]:
        """Return cluster and network of the proxy: the pod's label wins over the URL's, that over the values'."""
        variables = dict(self.options.variables)
        cluster, network = ("multiCluster", "clusterName"), ("network",)
        own = {identity.NETWORK_VARIABLE: labels(pod).get(identity.NETWORK_LABEL)}
        for name, path in ((identity.CLUSTER_VARIABLE, cluster), (identity.NETWORK_VARIABLE, network)):
            value = own.get(name)
            if value is None:
                value = variables.get(name) or inside(self.ready.values, "global", *path)
            if value:
                variables[name] = str(value)
        return variables

    def template_names(self, found: dict[str, str]) -> list[str]:
        """Return the names of the templates to render, in order."""
        asked = found.get(_TEMPLATES)
        default = (SIDECAR,) if self.options.by_hand else self.ready.default_templates
        names = [name.strip() for name in asked.split(",")] if asked is not None else list(default)
        if self.options.by_hand:
            return names
        return [real for name in names for real in self.ready.aliases.get(name, (name,))]

    def overlaid(self, pod: Json, data: SidecarTemplateData) -> tuple[Json, Json]:
        """Render the templates in order; returns the pod with all of them laid over it, and all of them alone."""
        merged, template = pod, cast(Json, {})
        for name in self.template_names(annotations(pod)):
            found = self.ready.templates.get(name)
            if found is None:
                known = ", ".join(sorted(self.ready.templates))
                raise _Failure("unknown-template", f"requested template {name!r} not found; have {known}")
            try:
                overlay = self.read(found.render(data), name)
            except TemplateError as error:
                raise _Failure("bad-template", str(error)) from error
            self.reads_name |= data.reads_name
            template = merge_pod(template, overlay) if template else overlay
            merged = merge_pod(_with_moved_proxy(merged, template, native=data.NativeSidecars), overlay)
        return merged, template

    def finished(self, final: Json, template: Json, scene: MeshAndValues, pod: Json) -> Json:
        """Return the pod after all that a template cannot do."""
        variables, port = self.variables(pod), _status_port(scene.mesh)
        final = identity.with_variables(final, variables)
        final = metrics.merged(final, scene.mesh, port)
        final = metrics.with_secure_port(final)
        rewrite = inside(self.ready.values, "sidecarInjectorWebhook", "rewriteAppHTTPProbe") is True
        final = probes.rewritten(final, port, by_default=rewrite)
        if identity.NETWORK_VARIABLE in variables:
            network = {identity.NETWORK_LABEL: variables[identity.NETWORK_VARIABLE]}
            final = with_metadata(final, labels=labels(final) | network)
        final = with_annotations(final, {status.ANNOTATION: status.record(template, self.options.revision)})
        if not self.options.by_hand:
            final = with_annotations(final, dict(self.ready.injected_annotations))
        return ordered(final, hold=self.holds(pod, scene))

    def holds(self, pod: Json, scene: MeshAndValues) -> bool:
        """Return whether the application waits for the proxy."""
        has_own = mesh_config.ANNOTATION in annotations(pod)
        config = scene.proxy_config if has_own else scene.mesh["defaultConfig"]
        in_values = inside(self.ready.values, "global", "proxy", "holdApplicationUntilProxyStarts")
        return bool(config.get("holdApplicationUntilProxyStarts") or in_values)


def _status_port(mesh: Json) -> int:
    return int(mesh["defaultConfig"].get("statusPort") or 0)


def _with_moved_proxy(pod: Json, template: Json, *, native: bool) -> Json:
    """Move the user's own `istio-proxy` among the init containers, if that is where the template has it."""
    word = annotations(pod).get(_NATIVE)
    native = {"true": True, "false": False}.get(word or "", native)
    own = named(PROXY, listed(pod, "containers"))
    if not native or own is None or named(PROXY, listed(template, "initContainers")) is None:
        return pod
    containers = [item for item in listed(pod, "containers") if item is not own]
    return with_spec(pod, containers=containers, initContainers=[*listed(pod, "initContainers"), own])
