"""The webhook configurations: which pods an API server asks the injector about, and which resources the validator.

Whatever the labels say, nobody is asked about pods in the namespaces of Kubernetes itself and of the control plane:
with no injector left, its own pods and the cluster's must still start. Resources there are judged, but never need it.

The control plane fills in whom the API server is to trust, and closes the validator when it judges.
"""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any, cast

from pillion.controlplane.writing.webhooks import HOME
from pillion.install.manifest import Manifest, manifest
from pillion.install.names import Names
from pillion.install.options import DEFAULT, NEVER_OURS, Options
from pillion.install.ownership import CONTROL_PLANE, managers
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
    """Write the webhooks that judge our resources.

    They are made such that, with no answer, a resource is let in; those of the namespaces that must never be locked out
    stay so.
    """
    groups = sorted({group for group, _ in KINDS if is_istio_group(group)})
    chosen = _in(REVISION, options.revision)
    selectors = [("rev.", chosen), ("", _without(REVISION))] if options.revision == DEFAULT else [("rev.", chosen)]
    rules = [
        {"apiGroups": groups, "apiVersions": ["*"], "operations": ["CREATE", "UPDATE"], "resources": ["*"]},
    ]
    home = (NAMESPACE_NAME, *NEVER_OURS, options.system_namespace)
    return [
        {
            "name": f"{kind}{prefix}validation.istio.io",
            "clientConfig": _client(names.control_plane, "/validate", options, options.roots),
            "rules": rules,
            "namespaceSelector": {"matchExpressions": [where]},
            "objectSelector": {"matchExpressions": [selector]},
            "failurePolicy": "Ignore",
            "sideEffects": "None",
            "timeoutSeconds": 10,
            "admissionReviewVersions": ["v1"],
        }
        for kind, where in (("", _not_in(*home)), (HOME, _in(*home)))
        for prefix, selector in selectors
    ]


def with_what_is_kept(wanted: Manifest, found: Mapping[str, Any] | None, options: Options) -> Manifest:
    """Leave to the control plane what it has written into a webhook configuration."""
    kind = wanted.key.kind
    if found is None or not kind.endswith("WebhookConfiguration") or CONTROL_PLANE not in managers(found):
        return wanted
    document = wanted.document()
    there = {each["name"]: each for each in cast("list[Document]", found.get("webhooks") or [])}
    for each in document["webhooks"]:
        before = there.get(each["name"])
        if before is None:
            continue
        bundle = before.get("clientConfig", {}).get("caBundle")
        if bundle and (kind.startswith("Validating") or options.is_certificate_ours):
            each["clientConfig"]["caBundle"] = bundle
        if kind.startswith("Validating"):
            each["failurePolicy"] = before.get("failurePolicy", each["failurePolicy"])
    return manifest(document)


def _mutating(
    options: Options, names: Names, kind: str, of_namespace: list[Document], of_pod: list[Document]
) -> Document:
    apart = _not_in(NAMESPACE_NAME, *NEVER_OURS, options.system_namespace)
    return {
        "name": f"{kind}.sidecar-injector.istio.io",
        "clientConfig": _client(
            names.injector, "/inject", options, options.roots if options.is_certificate_ours else options.ca_bundle
        ),
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
        "namespaceSelector": {"matchExpressions": [*of_namespace, apart]},
        "objectSelector": {"matchExpressions": of_pod},
        "failurePolicy": "Fail" if options.refuse_on_failure else "Ignore",
        "reinvocationPolicy": "Never",
        "sideEffects": "None",
        "timeoutSeconds": 10,
        "admissionReviewVersions": ["v1"],
    }


def _client(service: str, path: str, options: Options, roots: str) -> Document:
    where = {"name": service, "namespace": options.system_namespace, "path": path, "port": 443}
    client: Document = {"service": where}
    # A field that is not named has no owner: whoever knows the certificate can fill it in.
    return client | {"caBundle": b64encode(roots.encode()).decode()} if roots else client


def _in(key: str, *values: str) -> Document:
    return {"key": key, "operator": "In", "values": list(values)}


def _not_in(key: str, *values: str) -> Document:
    return {"key": key, "operator": "NotIn", "values": list(values)}


def _without(key: str) -> Document:
    return {"key": key, "operator": "DoesNotExist"}
