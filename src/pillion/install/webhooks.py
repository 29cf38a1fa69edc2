"""The webhook configurations: which pods an API server asks the injector about, and which resources the validator.

Whatever the labels say, nobody is asked about the namespaces of Kubernetes itself and of the control plane: with no
injector left, its own pods and the cluster's must still start.
"""

from base64 import b64encode
from typing import Any

from pillion.install.names import Names
from pillion.install.options import DEFAULT, NEVER_OURS, Options
from pillion.resources.kinds import KINDS, is_istio_group

Document = dict[str, Any]
INJECTION = "istio-injection"
REVISION = "istio.io/rev"
INJECT = "sidecar.istio.io/inject"
NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""An API server sets this label itself, and nobody can take it off."""


def mutating(options: Options, names: Names) -> list[Document]:
    """Write the webhooks of a revision: by the namespace's label, else by the pod's; the pod's `false` counts."""
    revision = options.revision
    absent, unmarked = _without(INJECTION), _without(REVISION)
    not_refused = _not_in(INJECT, "false")
    found = [
        ("rev.namespace", [_in(REVISION, revision), absent], [not_refused]),
        ("rev.object", [unmarked, absent], [not_refused, _in(REVISION, revision)]),
    ]
    if revision == DEFAULT:
        found += [
            ("namespace", [_in(INJECTION, "enabled")], [not_refused]),
            ("object", [absent, unmarked], [_in(INJECT, "true"), unmarked]),
        ]
    return [_mutating(options, names, kind, of_namespace, of_pod) for kind, of_namespace, of_pod in found]


def validating(options: Options, names: Names) -> list[Document]:
    """Write the webhook that judges our resources. It is never in the way: with no answer, a resource is let in."""
    groups = sorted({group for group, _ in KINDS if is_istio_group(group)})
    chosen = _in(REVISION, options.revision)
    selectors = [("rev.", chosen), ("", _without(REVISION))] if options.revision == DEFAULT else [("rev.", chosen)]
    rules = [
        {"apiGroups": groups, "apiVersions": ["*"], "operations": ["CREATE", "UPDATE"], "resources": ["*"]},
    ]
    client = _client(names.control_plane, "/validate", options)
    return [
        {
            "name": f"{prefix}validation.istio.io",
            "clientConfig": client,
            "rules": rules,
            "objectSelector": {"matchExpressions": [selector]},
            "failurePolicy": "Ignore",
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
        }
        for prefix, selector in selectors
    ]


def _mutating(
    options: Options, names: Names, kind: str, of_namespace: list[Document], of_pod: list[Document]
) -> Document:
    apart = _not_in(NAMESPACE_NAME, *NEVER_OURS, options.system_namespace)
    return {
        "name": f"{kind}.sidecar-injector.istio.io",
        "clientConfig": _client(names.injector, "/inject", options),
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
        "namespaceSelector": {"matchExpressions": [*of_namespace, apart]},
        "objectSelector": {"matchExpressions": of_pod},
        "failurePolicy": "Fail" if options.refuse_on_failure else "Ignore",
        "reinvocationPolicy": "Never",
        "sideEffects": "None",
        "timeoutSeconds": 10,
        "admissionReviewVersions": ["v1"],
    }


def _client(service: str, path: str, options: Options) -> Document:
    where = {"name": service, "namespace": options.system_namespace, "path": path, "port": 443}
    client: Document = {"service": where}
    # A field that is not named has no owner: whoever knows the certificate can fill it in.
    return client | {"caBundle": b64encode(options.ca_bundle.encode()).decode()} if options.ca_bundle else client


def _in(key: str, *values: str) -> Document:
    return {"key": key, "operator": "In", "values": list(values)}


def _not_in(key: str, *values: str) -> Document:
    return {"key": key, "operator": "NotIn", "values": list(values)}


def _without(key: str) -> Document:
    return {"key": key, "operator": "DoesNotExist"}
