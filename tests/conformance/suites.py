"""Every suite by its name, and the module that answers it."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

SUITES: Mapping[str, str] = {
    "simulation": "simulation",
    "sidecar_scope/create_sidecar_scope": "sidecar_scope",
    "sidecar_scope/select_services": "sidecar_scope",
    "sidecar_scope/select_services_exact_parity": "sidecar_scope",
    "sidecar_scope/TestContainsEgressDependencies": "sidecar_scope",
    "sidecar_scope/TestRootNsSidecarDependencies": "sidecar_scope",
    "sidecar_scope/outbound_traffic_policy": "sidecar_scope",
    "sidecar_scope/inbound_connection_pool": "sidecar_scope",
    "sidecar_scope/wildcard_virtualservice_index": "sidecar_scope",
    "sidecar_scope/authn_policies": "sidecar_scope",
    "injection/kube-inject": "injection",
    "injection/webhook": "injection",
    "injection/unit": "injection_tables",
    "injection/istioctl_kubeinject": "injection_tables",
    "injection/istioctl_checkinject": "injection_tables",
    "capture/iptables": "capture",
    "capture/nftables": "capture",
    "validation/resources": "validation",
    "validation/submessages": "validation",
    "validation/envoyfilter": "validation",
    "crd_validation": "crd_validation",
    "analyzers": "analyzers",
    "bootstrap": "bootstrap",
    "agent/dns": "agent_dns",
    "xds_protocol": "xds_protocol",
    "xds_assertions": "xds_assertions",
    "gotemplate": "gotemplate",
    "goyaml/load": "goyaml",
    "goyaml/dump": "goyaml",
    "istiod/facts": "istiod",
    "istiod/reach": "istiod_reach",
    "istiod-inject": "istiod_inject",
    "istiod-iptables": "istiod_iptables",
    "istiod-validate": "istiod_validate",
    "istiod-analyze": "istiod_analyze",
    "istiod-envoyfilter": "istiod_envoyfilter",
    "istiod-policy": "istiod_policy",
}
"""Suite -> module in this folder; a module that is not there yet answers nothing."""


def modules_for(suite: str = "") -> list[ModuleType]:
    """Import the modules that answer a suite, a group of suites (the part before the slash), or all."""
    wanted = [module for name, module in SUITES.items() if not suite or name == suite or name.startswith(f"{suite}/")]
    here = Path(__file__).parent
    present = [name for name in dict.fromkeys(wanted) if (here / f"{name}.py").exists()]
    return [importlib.import_module(f"conformance.{name}") for name in present]
