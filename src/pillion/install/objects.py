"""All that an installation makes, in the order of making: what others lean on first, webhooks last."""

from collections.abc import Iterator
from typing import Any

from msgspec import structs

from pillion.install import rights, webhooks, workloads
from pillion.install.crd.definitions import definitions
from pillion.install.manifest import CLUSTER_WIDE, KINDS, Manifest, manifest
from pillion.install.names import Names, names_of
from pillion.install.options import DEFAULT, OPENSHIFT, Options
from pillion.install.ownership import OWNER, OWNER_LABEL, REVISION_LABEL
from pillion.install.settings import injector_data, mesh_data
from pillion.install.workloads import Mount, Port, Program
from pillion.value import FrozenMap

CERTIFICATE_PATH = "/etc/pillion/certificate"
SETTINGS_PATH = "/etc/pillion/settings"
Document = dict[str, Any]


def objects(options: Options) -> tuple[Manifest, ...]:
    """Make the objects. The options have no errors (`options.check`)."""
    names = names_of(options)
    maker = _Maker(options)
    found = [maker.make("Namespace", options.system_namespace, {}, shared=True)]
    if options.root != options.system_namespace:
        found.append(maker.make("Namespace", options.root, {}, shared=True))
    if options.crds:
        for name, spec in definitions().items():
            found.append(maker.make("CustomResourceDefinition", name, {"spec": spec}, shared=True))
    found += maker.injector(names)
    found += maker.control_plane(names)
    order = list(KINDS)
    return tuple(sorted(found, key=lambda each: order.index(each.key.kind)))


def unwanted(options: Options) -> tuple[Manifest, ...]:
    """Make what other choices would have made in the same place: an earlier installation may have left it."""
    everything = structs.replace(
        options, disruption_budget=True, replicas=max(2, options.replicas), network_policy=True, validation=True
    )
    wanted = {each.key for each in objects(options)}
    return tuple(each for each in objects(everything) if each.key not in wanted)


def programs(options: Options) -> tuple[Program, Program]:
    """Describe the injector and the control plane."""
    names = names_of(options)
    maps = [(names.injector, "injector"), (names.mesh, "mesh")]
    revision = () if options.revision == DEFAULT else ("--revision", options.revision)
    injector = Program(
        name=names.injector,
        account=names.injector_account,
        app="sidecar-injector",
        instance=options.revision,
        arguments=(
            "webhook",
            *("--cert", f"{CERTIFICATE_PATH}/tls.crt", "--key", f"{CERTIFICATE_PATH}/tls.key"),
            *(word for _, place in maps for word in ("--settings", f"{SETTINGS_PATH}/{place}")),
            *("--host", "", "--port", "15017", "--drain", "5", "--watch"),
            *revision,
        ),
        ports=(Port(name="https-inject", number=15017, service=443),),
        probe=("HTTPS", "/readyz", "https-inject"),
        mounts=(
            Mount(
                name="certificate",
                path=CERTIFICATE_PATH,
                secret=options.certificate_secret or names.injector_certificate,
            ),
            *(Mount(name=place, path=f"{SETTINGS_PATH}/{place}", config_map=name) for name, place in maps),
        ),
        resources=options.injector_resources,
        environment=FrozenMap(dict(_environment(options))),
    )
    control_plane = Program(
        name=names.control_plane,
        account=names.control_plane,
        app="istiod",
        instance=options.revision,
        arguments=("serve", "--namespace", options.system_namespace, *revision, *_charges(options, names)),
        ports=(
            Port(name="tls-xds", number=15012, service=15012),
            Port(name="https-webhook", number=15017, service=443),
            Port(name="http-monitoring", number=15014, service=15014),
        ),
        probe=("HTTP", "/ready", "http-monitoring"),
        resources=options.control_plane_resources,
    )
    return injector, control_plane


def _environment(options: Options) -> Iterator[tuple[str, str]]:
    """Tell the injector what Istio's is told by its environment."""
    if options.native_sidecars != "false":
        yield "ENABLE_NATIVE_SIDECARS", options.native_sidecars
    if options.is_openshift:
        yield "PLATFORM", OPENSHIFT


def _charges(options: Options, names: Names) -> Iterator[str]:
    """Tell the control plane what to look after."""
    if options.validation:
        yield from ("--validator", names.validator)
    if options.is_certificate_ours:
        yield from ("--injector", names.webhook, "--injector-certificate", names.injector_certificate)
    if not options.status:
        yield "--no-status"
    if not options.allocate:
        yield "--no-allocate"


class _Maker:
    """Makes objects with the labels of an installation."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def make(self, kind: str, name: str, body: Document, *, shared: bool = False) -> Manifest:
        """Make an object; `shared` ones belong to no revision."""
        labels = {OWNER_LABEL: OWNER} if shared else {OWNER_LABEL: OWNER, REVISION_LABEL: self._options.revision}
        metadata: Document = {"name": name, "labels": labels}
        if kind not in CLUSTER_WIDE:
            metadata["namespace"] = self._options.system_namespace
        return manifest({"apiVersion": KINDS[kind][0], "kind": kind, "metadata": metadata, **body})

    def injector(self, names: Names) -> list[Manifest]:
        """Make what injects."""
        injector, _ = programs(self._options)
        rules = rights.injector_rules(self._options)
        return [
            *self._program(injector),
            self.make("ConfigMap", names.injector, {"data": injector_data(self._options)}),
            self.make("ClusterRole", names.injector_role, {"rules": rules}),
            self._binding("ClusterRole", names.injector_binding, names.injector_role, injector.account),
            self.make("MutatingWebhookConfiguration", names.webhook, self._webhooks(webhooks.mutating, names)),
        ]

    def control_plane(self, names: Names) -> list[Manifest]:
        """Make what serves proxies."""
        _, control_plane = programs(self._options)
        account, role = control_plane.account, names.control_plane_role
        found = [
            *self._program(control_plane),
            self.make("ConfigMap", names.mesh, {"data": mesh_data(self._options)}),
            self.make("ClusterRole", role, {"rules": rights.control_plane_rules(self._options, names)}),
            self._binding("ClusterRole", role, role, account),
            self.make("Role", account, {"rules": rights.home_rules(self._options, names)}),
            self._binding("Role", account, account, account),
        ]
        if self._options.validation:
            body = self._webhooks(webhooks.validating, names)
            found.append(self.make("ValidatingWebhookConfiguration", names.validator, body))
        return found

    def _program(self, program: Program) -> list[Manifest]:
        options = self._options
        found = [
            self.make("ServiceAccount", program.account, {}),
            self.make("Service", program.name, {"spec": workloads.service(program)}),
            self.make("Deployment", program.name, {"spec": workloads.deployment(program, options)}),
        ]
        if options.disruption_budget and options.replicas > 1:
            found.append(self.make("PodDisruptionBudget", program.name, {"spec": workloads.disruption_budget(program)}))
        if options.network_policy:
            found.append(self.make("NetworkPolicy", program.name, {"spec": workloads.network_policy(program)}))
        return found

    def _binding(self, kind: str, name: str, role: str, account: str) -> Manifest:
        subject = {"kind": "ServiceAccount", "name": account, "namespace": self._options.system_namespace}
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role}
        return self.make(f"{kind}Binding", name, {"roleRef": reference, "subjects": [subject]})

    def _webhooks(self, write: Any, names: Names) -> Document:
        return {"webhooks": write(self._options, names)}
