"""Whether an installation is well: judged from objects of the cluster and from what its replicas say."""

import base64
import binascii
import datetime as dt
from collections.abc import Iterable, Mapping

from pillion.inject.schema.types import Json, items, section
from pillion.install.apply import rollout_problem
from pillion.install.inspection.replicas import Replica
from pillion.install.options import DEFAULT
from pillion.install.ownership import revision_of
from pillion.pki.authority import validity
from pillion.value import Value

SOON = dt.timedelta(days=1)
"""A certificate that ends so soon should have been renewed."""
BAD = {"Available": "False", "Progressing": "False", "ReplicaFailure": "True"}
"""Conditions of a Deployment, and the status that means trouble."""


class DeploymentHealth(Value):
    """A Deployment of ours."""

    name: str
    revision: str
    wanted: int
    available: int
    problem: str = ""
    conditions: tuple[str, ...] = ()
    """Those that mean trouble, in the cluster's words."""


class WebhookHealth(Value):
    """A webhook configuration of ours."""

    kind: str
    name: str
    revision: str
    service: str
    endpoints: int
    """Ready ones of its Service."""
    failure_policy: str
    problem: str = ""


class CertificateHealth(Value):
    """A certificate."""

    name: str
    ends: str
    """As RFC 3339 writes it; empty when it cannot be read."""
    problem: str = ""


class Health(Value):
    """All of it."""

    deployments: tuple[DeploymentHealth, ...] = ()
    replicas: tuple[Replica, ...] = ()
    webhooks: tuple[WebhookHealth, ...] = ()
    certificates: tuple[CertificateHealth, ...] = ()
    disconnected: tuple[str, ...] = ()
    """Pods with a sidecar that no replica knows."""
    unseen: tuple[str, ...] = ()
    """What could not be read, and why."""
    is_there: bool = True
    """Whether there is a control plane at all, as far as can be seen."""

    @property
    def findings(self) -> tuple[str, ...]:
        """What the replicas say is wrong with the cluster's resources; each once."""
        return tuple(dict.fromkeys(finding for each in self.replicas for finding in each.findings))

    @property
    def problems(self) -> tuple[str, ...]:
        """Everything that is wrong, in a sentence each."""
        found = [f"Deployment {each.name}: {each.problem}" for each in self.deployments if each.problem]
        found += [f"{each.kind} {each.name}: {each.problem}" for each in self.webhooks if each.problem]
        found += [f"certificate {each.name}: {each.problem}" for each in self.certificates if each.problem]
        for each in self.replicas:
            if each.problem or not each.is_ready:
                found.append(f"pod {each.name}: {each.problem or 'not ready: ' + '; '.join(each.reasons)}")
        found += [
            f"proxy {proxy.proxy} refuses what it is told: {kind.problem}"
            for each in self.replicas
            for proxy in each.proxies
            for kind in proxy.types
            if kind.problem
        ]
        found += [f"pod {each}: its sidecar is not connected to any replica" for each in self.disconnected]
        if not self.is_there:
            found.append("there is no control plane of ours")
        return (*found, *self.findings)


def deployment_health(document: Json) -> DeploymentHealth:
    """Judge a Deployment."""
    conditions = (
        f"{each.get('type')}={each.get('status')}: {each.get('message', '')}"
        for each in items(section(document, "status"), "conditions")
        if BAD.get(str(each.get("type"))) == each.get("status")
    )
    return DeploymentHealth(
        name=str(section(document, "metadata").get("name", "")),
        revision=revision_of(document) or DEFAULT,
        wanted=int(section(document, "spec").get("replicas", 1)),
        available=int(section(document, "status").get("availableReplicas", 0)),
        problem=rollout_problem(document),
        conditions=tuple(conditions),
    )


def webhook_health(document: Json, ready: Mapping[str, int] | None, now: dt.datetime) -> WebhookHealth:
    """Judge a webhook configuration; `ready` counts the ready endpoints of `NAMESPACE/SERVICE`, None if unseen."""
    webhooks = items(document, "webhooks")
    policies = {str(each.get("failurePolicy", "")) for each in webhooks}
    services = {_service(each) for each in webhooks} - {""}
    bundles = {str(section(each, "clientConfig").get("caBundle", "")) for each in webhooks}
    service = ", ".join(sorted(services))
    count = min(((ready or {}).get(each, 0) for each in services), default=0)
    problem = _bundle_problem(bundles, now)
    if services and ready is not None and not count:
        refused = "resources" if document.get("kind") == "ValidatingWebhookConfiguration" else "pods"
        effect = f"{refused} are refused" if "Fail" in policies else "what it does is left out"
        problem = f"no endpoint of Service {service} is ready: {effect}"
    return WebhookHealth(
        kind=str(document.get("kind", "")),
        name=str(section(document, "metadata").get("name", "")),
        revision=revision_of(document) or DEFAULT,
        service=service,
        endpoints=count,
        failure_policy=", ".join(sorted(policies)),
        problem=problem,
    )


def certificate_health(name: str, ends: dt.datetime, now: dt.datetime) -> CertificateHealth:
    """Judge a certificate by its end."""
    problem = ""
    if ends <= now:
        problem = "is over"
    elif ends - now < SOON:
        problem = "ends within a day, and was not renewed"
    return CertificateHealth(name=name, ends=ends.isoformat().replace("+00:00", "Z"), problem=problem)


def secret_health(name: str, secret: Json, now: dt.datetime) -> CertificateHealth:
    """Judge the certificate of a server that a Secret holds."""
    try:
        text = base64.b64decode(str(section(secret, "data").get("tls.crt", ""))).decode()
        return certificate_health(name, validity(text)[1], now)
    except ValueError:
        return CertificateHealth(name=name, ends="", problem="is none: tls.crt cannot be read")


def ready_endpoints(slices: Iterable[Json]) -> dict[str, int]:
    """Count the ready endpoints of each Service, by `NAMESPACE/SERVICE`."""
    found: dict[str, int] = {}
    for each in slices:
        metadata = section(each, "metadata")
        service = f"{metadata.get('namespace', '')}/{section(metadata, 'labels').get('kubernetes.io/service-name', '')}"
        ready = sum(
            section(endpoint, "conditions").get("ready", True) is not False for endpoint in items(each, "endpoints")
        )
        found[service] = found.get(service, 0) + ready
    return found


def _service(webhook: Json) -> str:
    service = section(webhook, "clientConfig", "service")
    return f"{service.get('namespace', '')}/{service.get('name', '')}" if service else ""


def _bundle_problem(bundles: set[str], now: dt.datetime) -> str:
    if "" in bundles:
        return "it has no caBundle: without one an API server trusts nobody inside its cluster"
    for bundle in bundles:
        try:
            _, last = validity(base64.b64decode(bundle).decode())
        except (ValueError, binascii.Error):
            return "its caBundle is no certificate"
        if last <= now:
            return "the certificate in its caBundle is over"
    return ""
