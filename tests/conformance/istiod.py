"""`istiod/*`: what a proxy gets in a world, against what Istio's control plane gave it in the same world."""

import importlib.util
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import yaml

from conformance.outcome import Outcome, tally
from pillion.envoy.rendered import Rendered
from pillion.envoy.text import to_json
from pillion.mesh.catalog import Catalog
from pillion.mesh.snapshot import World
from pillion.proxy.node import Proxy, read_proxy
from pillion.proxy.settings import mesh_settings
from pillion.proxy.telling import Teller
from pillion.resources.decode import decode
from pillion.resources.documents import read

Facts = Mapping[str, Any]
SWITCHES = {
    "ENABLE_TLS_ON_SIDECAR_INGRESS": "ingress_tls",
    "ISTIO_DUAL_STACK": "dual_stack",
    "PILOT_SIDECAR_PICK_BEST_SERVICE_NAMESPACE": "pick_best_service_namespace",
}
"""Environment variables of istiod, and the settings of ours that do the same."""


def run(data: Path) -> dict[str, Outcome]:
    """Compare the facts of every proxy of every case."""
    judge = _facts_module(data / "istiod" / "facts.py")
    answers: list[tuple[str, bool]] = []
    for case in sorted(path.parent for path in data.glob("istiod/*/case.yaml")):
        for name, wanted, got in compare(case, judge):
            answers.append((f"{case.name}/{name}", wanted == got))
    return {"istiod/facts": tally(answers)}


def _facts_module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("istiod_facts", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compare(case: Path, judge: ModuleType) -> Iterator[tuple[str, Facts, Facts]]:
    """Yield each proxy of a case with the facts that are wanted and those that are got."""
    teller = Teller()
    world = _world(teller, case)
    for asked in _yaml(case / "proxies.yaml"):
        name = f"{asked['name']}.{asked['namespace']}"
        wanted = json.loads((case / f"facts.{name}.json").read_text())
        proxy = _proxy(asked)
        yield name, wanted, json.loads(json.dumps(_facts(teller, world, proxy, judge)))


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def _world(teller: Teller, case: Path) -> World:
    documents = [
        document.content
        for file in ("kube.yaml", "istio.yaml")
        if (case / file).exists()
        for document in read((case / file).read_text(), file).documents
    ]
    resources = [resource for document in documents if (resource := decode(document)[0]) is not None]
    mesh = case / "mesh.yaml"
    settings, _ = mesh_settings(_yaml(mesh) if mesh.exists() else {})
    switches: Mapping[str, str] = _yaml(case / "case.yaml").get("istiodEnv") or {}
    settings = msgspec.structs.replace(
        settings,
        **{field: switches[name] == "true" for name, field in SWITCHES.items() if name in switches},
    )
    world, _ = teller.build(Catalog().with_changes(resources), settings)
    return world


def _proxy(asked: Mapping[str, Any]) -> Proxy:
    metadata = {
        "NAMESPACE": asked["namespace"],
        "LABELS": asked.get("labels", {}),
        "INSTANCE_IPS": asked["ip"],
        "SERVICE_ACCOUNT": asked.get("serviceAccount", "default"),
        "ISTIO_VERSION": "1.32.0",
        "CLUSTER_ID": "Kubernetes",
        **(asked.get("metadata") or {}),
    }
    namespace = asked["namespace"]
    proxy = read_proxy(f"sidecar~{asked['ip']}~{asked['name']}.{namespace}~{namespace}.svc.cluster.local", metadata)
    assert proxy is not None
    return proxy


def rendered(case: Path) -> Iterator[tuple[str, tuple[Rendered, ...]]]:
    """Yield each proxy of a case with what it is told."""
    teller = Teller()
    world = _world(teller, case)
    for asked in _yaml(case / "proxies.yaml"):
        yield f"{asked['name']}.{asked['namespace']}", _rendered(teller, world, _proxy(asked))


def _rendered(teller: Teller, world: World, proxy: Proxy) -> tuple[Rendered, ...]:
    return tuple(
        Rendered(type_url=resource.type_url, name=resource.name, body=resource.body)
        for group in teller.view(world, proxy)
        for resource in group
    )


def _facts(teller: Teller, world: World, proxy: Proxy, judge: ModuleType) -> Facts:
    told = teller.told(world, proxy)
    found = judge.facts(to_json(_rendered(teller, world, proxy)))
    found["sidecar"] = told.scope.sidecar.metadata.name if told.scope.sidecar else None
    return found
