"""`istiod/reach`: where calls go through the configuration that we give a proxy, against where istiod's leads them."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from conformance.istiod import _proxy as read_asked
from conformance.istiod import _world as build_world
from conformance.outcome import Outcome, tally
from pillion.analysis.call import Call, Direction, Result
from pillion.analysis.simulate import simulate
from pillion.envoy.rendered import Rendered
from pillion.envoy.text import to_json
from pillion.envoy.view.configuration import Configuration
from pillion.envoy.view.read import read_configuration
from pillion.proxy.telling import Teller
from pillion.value import FrozenMap
from pillion.xds.resource import View

Answer = Mapping[str, Any]
DIRECTIONS: Mapping[str, Direction] = {"outbound": "outbound", "inbound": "inbound", "gateway": "direct"}


def run(data: Path) -> dict[str, Outcome]:
    """Compare the outcome of every call of every case."""
    answers = [
        (f"{case.name}/{name}", wanted == got)
        for case in sorted(path.parent for path in data.glob("istiod/*/reach.json"))
        for name, wanted, got in compare(case)
    ]
    return {"istiod/reach": tally(answers)}


def compare(case: Path) -> Iterator[tuple[str, Answer, Answer]]:
    """Yield each call of a case with the outcome that is wanted and the one that is got."""
    teller = Teller()
    world = build_world(teller, case)
    configurations = {
        f"{asked['name']}.{asked['namespace']}": configuration_of(teller.view(world, read_asked(asked)))
        for asked in load_yaml(case / "proxies.yaml")
    }
    wanted = json.loads((case / "reach.json").read_text())
    for asked in load_yaml(case / "calls.yaml"):
        got = outcome_of(simulate(configurations[asked["proxy"]], call_of(asked)))
        yield asked["id"], wanted[asked["id"]], got


def load_yaml(path: Path) -> Any:
    """Read a YAML file of the data."""
    return yaml.load(path.read_text(), Loader=yaml.CSafeLoader)


def configuration_of(view: View) -> Configuration:
    """Give what a proxy is told as a configuration."""
    rendered = [
        Rendered(type_url=each.type_url, name=each.name, body=each.body) for resources in view for each in resources
    ]
    return read_configuration(to_json(rendered))


def call_of(asked: Answer) -> Call:
    """Read a recorded call."""
    return Call(
        direction=DIRECTIONS[asked["direction"]],
        address=asked["address"],
        port=asked["port"],
        protocol=asked["protocol"],
        encryption=asked.get("tls", "plaintext"),
        sni=asked.get("sni"),
        host=asked.get("host", ""),
        path=asked.get("path", "/"),
        method=asked.get("method", "GET"),
        headers=FrozenMap({name.lower(): value for name, value in asked.get("headers", {}).items()}),
    )


def outcome_of(result: Result) -> Answer:
    """Give a result in the words of the recorded outcomes."""
    found: dict[str, Any] = {
        "listener": result.listener,
        "filter_chain": result.filter_chain,
        "route_config": result.route_config,
        "virtual_host": result.virtual_host,
        "route": result.route,
        "cluster": result.cluster,
        "weighted": dict(result.weighted),
        "redirect": bool(result.redirect),
        "direct_response": result.direct_response,
        "error": result.error,
        "missing_clusters": list(result.missing_clusters),
    }
    return {name: value for name, value in found.items() if value}
