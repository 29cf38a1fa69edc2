"""ProxyConfig resources, chosen for one pod and laid over the mesh's own.

Mirrors Istio's `EffectiveProxyConfig`: the mesh's config, then the oldest resource without selector of the root
namespace, then that of the pod's namespace, then the pod's annotation, and last the oldest resource of the pod's
namespace whose selector selects it.
"""

from pillion.inject.mesh import merge_proxy_config
from pillion.inject.schema.types import Json
from pillion.resources.istio.proxy_config import ProxyConfig, ProxyConfigSpec
from pillion.value import FrozenMap, Labels

Shelves = FrozenMap[tuple[ProxyConfig, ...]]
"""ProxyConfigs by namespace, oldest first."""


def of_namespaces(shelves: Shelves, root: str, namespace: str, config: Json) -> Json:
    """Lay what is said for everybody, then what is said for everybody of the namespace, over a config."""
    for name in dict.fromkeys((root, namespace)):
        general = (each.spec for each in shelves.get(name, ()) if each.spec.selector is None)
        config = _laid_over(config, next(general, None))
    return config


def of_workload(shelves: Shelves, namespace: str, labels: Labels, config: Json) -> Json:
    """Lay what is said for pods with such labels over a config; a selector without labels selects nothing."""
    chosen = (
        each.spec
        for each in shelves.get(namespace, ())
        if each.spec.selector and each.spec.selector.match_labels and labels.covers(each.spec.selector.match_labels)
    )
    return _laid_over(config, next(chosen, None))


def _laid_over(config: Json, spec: ProxyConfigSpec | None) -> Json:
    if spec is None:
        return config
    fields: Json = {}
    if spec.concurrency is not None:
        fields["concurrency"] = spec.concurrency
    if spec.environment_variables:
        fields["proxyMetadata"] = dict(spec.environment_variables)
    if spec.image is not None and spec.image.image_type:
        fields["image"] = {"imageType": spec.image.image_type}
    return merge_proxy_config(fields, config)
