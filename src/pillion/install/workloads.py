"""A program of ours in a cluster: Deployment, Service, and what protects it."""

from typing import Any

from pillion.install.options import Options, Resources
from pillion.value import NO_LABELS, Labels, Value

UID = 1337
Document = dict[str, Any]


class Port(Value):
    """A port of a container, and of the Service in front of it."""

    name: str
    number: int
    service: int = 0
    """0: not in the Service."""


class Mount(Value):
    """A ConfigMap or a Secret as a folder."""

    name: str
    path: str
    config_map: str = ""
    secret: str = ""


class Program(Value):
    """A program to run."""

    name: str
    account: str
    app: str
    """Label `app` of its pods."""
    instance: str
    """Label `istio.io/rev` of its pods: two revisions' pods are never mixed up."""
    arguments: tuple[str, ...]
    ports: tuple[Port, ...]
    probe: tuple[str, str, str]
    """Scheme, path and port name of its readiness."""
    mounts: tuple[Mount, ...] = ()
    resources: Resources = Resources()
    environment: Labels = NO_LABELS

    @property
    def labels(self) -> dict[str, str]:
        """The labels that select its pods."""
        return {"app": self.app, "istio.io/rev": self.instance}


def deployment(program: Program, options: Options) -> Document:
    """Write the spec of the Deployment: pods spread over nodes, replaced one by one, without any privilege."""
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": program.labels},
    }
    pod: Document = {
        "serviceAccountName": program.account,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": UID,
            "runAsGroup": UID,
            "fsGroup": UID,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "topologySpreadConstraints": [spread],
        "containers": [_container(program, options)],
        "volumes": [_volume(each) for each in program.mounts] + [{"name": "tmp", "emptyDir": {"medium": "Memory"}}],
    }
    if options.pull_secrets:
        pod["imagePullSecrets"] = [{"name": name} for name in options.pull_secrets]
    # A sidecar in front of the one who makes sidecars would wait for itself.
    labels = program.labels | {"sidecar.istio.io/inject": "false"}
    return {
        "replicas": options.replicas,
        "selector": {"matchLabels": program.labels},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "100%", "maxUnavailable": "25%"}},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }


def service(program: Program) -> Document:
    """Write the spec of the Service."""
    return {
        "selector": program.labels,
        "ports": [
            {"name": port.name, "port": port.service, "targetPort": port.number, "protocol": "TCP"}
            for port in program.ports
            if port.service
        ],
    }


def disruption_budget(program: Program) -> Document:
    """Keep one replica while nodes are drained."""
    return {"minAvailable": 1, "selector": {"matchLabels": program.labels}}


def network_policy(program: Program) -> Document:
    """Let anybody reach the ports of the program, and no other; what it may reach itself stays free."""
    ports = [{"port": port.number, "protocol": "TCP"} for port in program.ports]
    return {"podSelector": {"matchLabels": program.labels}, "policyTypes": ["Ingress"], "ingress": [{"ports": ports}]}


def _container(program: Program, options: Options) -> Document:
    scheme, path, port = program.probe
    container: Document = {
        "name": program.app,
        "image": options.full_image,
        "args": list(program.arguments),
        "ports": [{"name": each.name, "containerPort": each.number, "protocol": "TCP"} for each in program.ports],
        "readinessProbe": {"httpGet": {"scheme": scheme, "path": path, "port": port}, "periodSeconds": 3},
        "resources": _amounts(program.resources),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            *({"name": each.name, "mountPath": each.path, "readOnly": True} for each in program.mounts),
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 (of the container)
        ],
    }
    if program.environment:
        container["env"] = [{"name": name, "value": value} for name, value in program.environment.items()]
    if options.pull_policy:
        container["imagePullPolicy"] = options.pull_policy
    return container


def _amounts(resources: Resources) -> Document:
    found = {"requests": dict(resources.requests), "limits": dict(resources.limits)}
    return {name: amounts for name, amounts in found.items() if amounts}


def _volume(mount: Mount) -> Document:
    if mount.secret:
        return {"name": mount.name, "secret": {"secretName": mount.secret}}
    return {"name": mount.name, "configMap": {"name": mount.config_map}}
