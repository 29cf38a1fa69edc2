"""Each folder here proves one rule: a mesh, calls in it, and what must become of them.

`mesh.yaml` holds the resources. `case.yaml` says:

    proves: one sentence, the rule
    mesh: {outboundTrafficPolicy: {mode: REGISTRY_ONLY}}    # a MeshConfig, if need be
    dns: [shop/client]                                      # proxies that capture DNS and allocate addresses
    diagnostics: [code, ...]                                # all codes that the mesh must give, if any
    calls:
      - {from: shop/client, to: "web.shop:80", path: /, headers: {}, gives: {cluster: "..."}}
    told:
      - {proxy: shop/client, clusters: {has: [...], lacks: [...]}, listeners: {...}, routes: {...}, endpoints: {...}}
    arrivals:                                               # what reaches a pod's proxy from outside
      - {at: shop/web, port: 8080, encryption: mtls, gives: {cluster: "inbound|8080||"}}
    shown:                                                  # a place in the JSON of a proxy's resources; null: nothing
      - {proxy: shop/client, at: clusters / outbound|80||web.shop.svc.cluster.local / type, is: EDS}
    pools:                                                  # a cluster's endpoints: `address:port`, or a socket's path
      - {proxy: shop/client, cluster: outbound|80||web.shop.svc.cluster.local, holds: ["10.1.0.7:8080"]}

`gives` names what is looked at of the answer: `resolves`, `arrives`, and the fields of `pillion.analysis.call.Result`;
arrivals have the latter alone. The steps of a place are keys, names or numbers of list items, and `*` for all items.
"""

import json
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
import yaml

from pillion.analysis.call import Call as Simulated
from pillion.analysis.call import Result
from pillion.analysis.reach import KINDS, Asked, configuration_of, find_workloads, reach
from pillion.analysis.simulate import simulate
from pillion.envoy.rendered import Rendered, TypeUrl
from pillion.envoy.text import to_json
from pillion.local.planned import plan
from pillion.mesh.catalog import Catalog
from pillion.proxy.node import Proxy
from pillion.proxy.telling import Teller
from pillion.sources.files import read_paths
from pillion.value import FrozenMap
from pillion.xds.resource import Resource
from pillion.xds.type_urls import CLUSTER, ENDPOINT, LISTENER, ROUTE

HERE = Path(__file__).parent
FOLDERS = sorted(path.parent for path in HERE.rglob("case.yaml"))


class Call(msgspec.Struct, forbid_unknown_fields=True, rename={"caller": "from"}):
    caller: str
    to: str
    gives: dict[str, Any]
    path: str = "/"
    method: str = "GET"
    protocol: Any = None
    encryption: Any = None
    headers: dict[str, str] = {}


class Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()


class Told(msgspec.Struct, forbid_unknown_fields=True):
    proxy: str
    clusters: Names = Names()
    listeners: Names = Names()
    routes: Names = Names()
    endpoints: Names = Names()


class Arrival(msgspec.Struct, forbid_unknown_fields=True):
    at: str
    port: int
    gives: dict[str, Any]
    address: str = ""
    """The pod's own, where none is given."""
    protocol: Any = "http"
    encryption: Any = "plaintext"
    host: str = "anybody"
    path: str = "/"


class Shown(msgspec.Struct, forbid_unknown_fields=True, rename={"value": "is"}):
    proxy: str
    at: str
    value: Any


class Pool(msgspec.Struct, forbid_unknown_fields=True):
    proxy: str
    cluster: str
    holds: list[str]


class Case(msgspec.Struct, forbid_unknown_fields=True):
    proves: str
    calls: list[Call] = []
    told: list[Told] = []
    arrivals: list[Arrival] = []
    shown: list[Shown] = []
    pools: list[Pool] = []
    mesh: dict[str, Any] = {}
    diagnostics: list[str] = []
    dns: tuple[str, ...] = ()


class Mesh:
    """The mesh of a case, and all that was said about it."""

    def __init__(self, folder: Path, case: Case) -> None:
        reading = read_paths([str(folder / "mesh.yaml")])
        self.planned = plan(reading.documents, json.dumps(case.mesh))
        self.teller = Teller()
        self.dns = case.dns
        self.world, found = self.teller.build(Catalog().with_changes(self.planned.resources), self.planned.settings)
        self.codes = {each.code for each in (*reading.diagnostics, *self.planned.diagnostics, *found)}

    def proxy(self, name: str) -> Proxy:
        namespace, _, pod = name.partition("/")
        workload = find_workloads(self.world.snapshot, namespace, pod)[0]
        captures = name in self.dns
        proxy = Proxy(workload=workload, dns_capture=captures, dns_auto_allocate=captures)
        self.codes |= {each.code for each in self.teller.told(self.world, proxy).diagnostics}
        return proxy

    def answer(self, call: Call) -> dict[str, Any]:
        host, _, port = call.to.rpartition(":")
        asked = Asked(
            host=host,
            port=int(port),
            protocol=call.protocol,
            encryption=call.encryption,
            path=call.path,
            method=call.method,
            headers=FrozenMap(call.headers),
        )
        caller = self.proxy(call.caller).workload
        captured = self.planned.has_sidecar(f"{caller.namespace}/{caller.name}")
        answer = reach(self.world, caller, asked, self.teller, captured=captured)
        if answer is None:
            return {"resolves": False}
        return {"resolves": True, "arrives": answer.arrives, **fields(answer.result)}

    def names(self, proxy: str, type_url: str) -> set[str]:
        resources = self.teller.view(self.world, self.proxy(proxy)).resources(type_url)
        return set(resources.names()) if resources else set()

    def arrival(self, arrival: Arrival) -> dict[str, Any]:
        proxy = self.proxy(arrival.at)
        call = Simulated(
            direction="inbound",
            address=arrival.address or proxy.workload.addresses[0],
            port=arrival.port,
            protocol=arrival.protocol,
            encryption=arrival.encryption,
            host=arrival.host,
            path=arrival.path,
        )
        result = simulate(configuration_of(self.teller.view(self.world, proxy)), call)
        return fields(result)

    def resources(self, proxy: str) -> dict[str, list[dict[str, Any]]]:
        view = self.teller.view(self.world, self.proxy(proxy))
        named: list[tuple[TypeUrl, Resource]] = []
        for type_url in KINDS:
            named.extend((type_url, each) for each in view.resources(type_url) or ())
        return to_json(Rendered(type_url=type_url, name=each.name, body=each.body) for type_url, each in named)

    def pool(self, pool: Pool) -> list[str]:
        resources = self.resources(pool.proxy)
        given = next((one for one in resources["endpoints"] if one["clusterName"] == pool.cluster), None)
        if given is None:
            cluster = next(one for one in resources["clusters"] if one["name"] == pool.cluster)
            given = cluster.get("loadAssignment", {})
        groups = [group.get("lbEndpoints", []) for group in given.get("endpoints", [])]
        return sorted(written(each["endpoint"]["address"]) for group in groups for each in group)


def fields(result: Result) -> dict[str, Any]:
    """Give the fields as YAML has them."""
    return json.loads(msgspec.json.encode(result, enc_hook=dict))


def written(address: dict[str, Any]) -> str:
    socket = address.get("socketAddress")
    return f"{socket['address']}:{socket['portValue']}" if socket else address["pipe"]["path"]


def at(document: Any, steps: list[str]) -> Any:
    if not steps:
        return document
    step, rest = steps[0], steps[1:]
    if isinstance(document, dict):
        return at(cast(dict[str, Any], document).get(step), rest)
    if not isinstance(document, list):
        return None
    items = cast(list[Any], document)
    if step == "*":
        return [at(each, rest) for each in items]
    named = next((each for each in items if step in {each.get("name"), each.get("clusterName")}), None)
    if named is None and step.isdecimal() and int(step) < len(items):
        return at(items[int(step)], rest)
    return at(named, rest)


def look_at_resources(mesh: Mesh, case: Case) -> None:
    for shown in case.shown:
        found = at(mesh.resources(shown.proxy), shown.at.split(" / "))
        assert found == shown.value, f"{case.proves}\n{shown.proxy}, {shown.at}"
    for pool in case.pools:
        assert mesh.pool(pool) == sorted(pool.holds), f"{case.proves}\n{pool.proxy}, {pool.cluster}"


@pytest.mark.parametrize("folder", FOLDERS, ids=[str(folder.relative_to(HERE)) for folder in FOLDERS])
def test_the_rule_holds(folder: Path) -> None:
    case = msgspec.convert(yaml.safe_load((folder / "case.yaml").read_text()), Case)
    assert len(case.proves.split()) > 4, "a rule is a sentence"
    assert case.calls or case.told or case.arrivals or case.shown or case.pools, "a case that looks at nothing"
    mesh = Mesh(folder, case)
    for call in case.calls:
        assert call.gives, "a call of which nothing is looked at proves nothing"
        given = mesh.answer(call)
        looked_at = {key: given.get(key) for key in call.gives}
        assert looked_at == call.gives, f"{case.proves}\n{call.caller} to {call.to}: {given}"
    for told in case.told:
        kinds = {CLUSTER: told.clusters, LISTENER: told.listeners, ROUTE: told.routes, ENDPOINT: told.endpoints}
        assert any(names.has or names.lacks for names in kinds.values()), "nothing is looked at"
        for type_url, names in kinds.items():
            there = mesh.names(told.proxy, type_url)
            assert set(names.has) <= there, f"{case.proves}\n{told.proxy} lacks {set(names.has) - there}"
            assert not there & set(names.lacks), case.proves
    for arrival in case.arrivals:
        assert arrival.gives, "an arrival of which nothing is looked at proves nothing"
        given = mesh.arrival(arrival)
        looked_at = {key: given.get(key) for key in arrival.gives}
        assert looked_at == arrival.gives, f"{case.proves}\n{arrival.at} at {arrival.port}: {given}"
    look_at_resources(mesh, case)
    assert sorted(mesh.codes) == sorted(case.diagnostics)
