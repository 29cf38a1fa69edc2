"""Services whose members stay within their own cluster: the API server's, and those that `serviceSettings` names.

Mirrors `model/cluster_local.go`: a setting that says no to a host also takes it off the list of defaults.
"""

from pillion.resources.host import is_subset_of, is_wildcard, most_specific
from pillion.resources.istio.mesh_config import MeshConfig
from pillion.value import FrozenMap

SYSTEM_NAMESPACE = "kube-system"
API_SERVER = "kubernetes.default.svc"


def cluster_local_hosts(config: MeshConfig, domain: str) -> FrozenMap[bool]:
    """Return for each host, some of them wildcards, whether its members stay within their cluster."""
    discovery = (config.default_config.discovery_address if config.default_config else "").partition(":")[0]
    defaults = [f"*.{SYSTEM_NAMESPACE}.svc.{domain}", f"{API_SERVER}.{domain}"]
    if discovery:
        defaults.append(discovery if discovery.endswith(domain) else f"{discovery}.{domain}")
    declared = {
        host: setting.settings is not None and setting.settings.cluster_local
        for setting in config.service_settings
        for host in setting.hosts
    }
    refused = [host for host, local in declared.items() if not local]
    kept = [each for each in defaults if not any(_takes_off(host, each) for host in refused)]
    return FrozenMap(declared | dict.fromkeys(kept, True))


def _takes_off(host: str, default: str) -> bool:
    return host == default or (is_wildcard(default) and is_subset_of(host, default))


def is_cluster_local(host: str, hosts: FrozenMap[bool]) -> bool:
    """Return whether the most specific host that covers this one says so."""
    found = most_specific(host, hosts)
    return found is not None and found[1]
