"""`istiod-envoyfilter`: what EnvoyFilters change about what a proxy gets, against what they change for Istio's."""

import importlib.util
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

from conformance.outcome import Outcome, tally
from conformance.worlds import build, documents, told
from pillion.proxy.node import Proxy, read_proxy
from pillion.proxy.telling import Teller

Json = Mapping[str, Any]
Changes = list[Json]
EXTENSIONS = ("istio.alpn", "istio.metadata_exchange")
"""Istio's own filters that the proxies had, beside which patches stand; statistics were off."""


def run(data: Path) -> dict[str, Outcome]:
    """Compare the changes of every proxy of every case."""
    judge = _judge(data / "istiod-envoyfilter" / "changes.py")
    answers: list[tuple[str, bool]] = []
    for case in sorted(path.parent for path in data.glob("istiod-envoyfilter/*/case.yaml")):
        answers += [(f"{case.name}/{name}", wanted == got) for name, wanted, got in compare(case, judge)]
    return {"istiod-envoyfilter": tally(answers)}


def _judge(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("envoyfilter_changes", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compare(case: Path, judge: ModuleType) -> Iterator[tuple[str, Changes, Changes]]:
    """Yield each proxy of a case with the changes that are wanted and those that are got."""
    found = [each for name in ("kube.yaml", "istio.yaml") if (case / name).exists() for each in _documents(case / name)]
    plain = [each for each in found if each["kind"] != "EnvoyFilter"]
    mesh = yaml.safe_load((case / "mesh.yaml").read_text()) if (case / "mesh.yaml").exists() else {}
    for asked in yaml.safe_load((case / "proxies.yaml").read_text()):
        name = f"{asked['name']}.{asked['namespace']}"
        proxy = proxy_of(asked)
        without, changed = (_dump(world, mesh, proxy) for world in (plain, found))
        wanted = json.loads((case / f"changes.{name}.json").read_text())
        yield name, wanted, json.loads(json.dumps(judge.compare(without, changed)))


def _documents(path: Path) -> list[Json]:
    return documents(path.read_text())


def _dump(found: list[Json], mesh: Json, proxy: Proxy) -> Json:
    """Give what a proxy has in the end: the listeners it is told of, and the routes that these name."""
    teller = Teller()
    every = told(teller, build(teller, found, mesh), proxy)
    named = set(_named_routes(every["listeners"]))
    return {**every, "routes": [each for each in every["routes"] if each["name"] in named]}


def _named_routes(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if "routeConfigName" in part:
            yield part["routeConfigName"]
        for each in part.values():
            yield from _named_routes(each)
    elif isinstance(part, list):
        for each in part:
            yield from _named_routes(each)


def proxy_of(asked: Json) -> Proxy:
    """Give the proxy that a case describes."""
    namespace = asked["namespace"]
    metadata = {
        "NAMESPACE": namespace,
        "LABELS": asked.get("labels", {}),
        "INSTANCE_IPS": asked["ip"],
        "SERVICE_ACCOUNT": asked.get("serviceAccount", "default"),
        "ISTIO_VERSION": "1.32.0",
        "CLUSTER_ID": "Kubernetes",
        **(asked.get("metadata") or {}),
    }
    node = f"sidecar~{asked['ip']}~{asked['name']}.{namespace}~{namespace}.svc.cluster.local"
    proxy = read_proxy(node, metadata, extensions=EXTENSIONS)
    assert proxy is not None
    return proxy
