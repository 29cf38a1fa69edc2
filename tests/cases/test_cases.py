"""Each folder here proves one rule: a mesh, calls in it, and what must become of them.

`mesh.yaml` holds the resources. `case.yaml` says:

    proves: one sentence, the rule
    mesh: {outboundTrafficPolicy: {mode: REGISTRY_ONLY}}    # a MeshConfig, if need be
    diagnostics: [code, ...]                                # all codes that the mesh must give, if any
    calls:
      - {from: shop/client, to: "web.shop:80", path: /, headers: {}, gives: {cluster: "..."}}
    told:
      - {proxy: shop/client, clusters: {has: [...], lacks: [...]}, listeners: {...}, routes: {...}, endpoints: {...}}

`gives` names what is looked at of the answer: `resolves`, `arrives`, and the fields of `pillion.analysis.call.Result`.
A case has calls, or says by their names which resources a proxy is told, or both.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from pillion.analysis.reach import Asked, find_workloads, reach
from pillion.local.planned import plan
from pillion.mesh.catalog import Catalog
from pillion.proxy.node import Proxy
from pillion.proxy.telling import Teller
from pillion.sources.files import read_paths
from pillion.value import FrozenMap
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


class Case(msgspec.Struct, forbid_unknown_fields=True):
    proves: str
    calls: list[Call] = []
    told: list[Told] = []
    mesh: dict[str, Any] = {}
    diagnostics: list[str] = []


class Mesh:
    """The mesh of a case, and all that was said about it."""

    def __init__(self, folder: Path, case: Case) -> None:
        reading = read_paths([str(folder / "mesh.yaml")])
        self.planned = plan(reading.documents, json.dumps(case.mesh))
        self.teller = Teller()
        self.world, found = self.teller.build(Catalog().with_changes(self.planned.resources), self.planned.settings)
        self.codes = {each.code for each in (*reading.diagnostics, *self.planned.diagnostics, *found)}

    def proxy(self, name: str) -> Proxy:
        namespace, _, pod = name.partition("/")
        proxy = Proxy(workload=find_workloads(self.world.snapshot, namespace, pod)[0])
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
        return {"resolves": True, "arrives": answer.arrives, **msgspec.to_builtins(answer.result, enc_hook=dict)}

    def names(self, proxy: str, type_url: str) -> set[str]:
        resources = self.teller.view(self.world, self.proxy(proxy)).resources(type_url)
        return set(resources.names()) if resources else set()


@pytest.mark.parametrize("folder", FOLDERS, ids=[str(folder.relative_to(HERE)) for folder in FOLDERS])
def test_the_rule_holds(folder: Path) -> None:
    case = msgspec.convert(yaml.safe_load((folder / "case.yaml").read_text()), Case)
    assert len(case.proves.split()) > 4, "a rule is a sentence"
    assert case.calls or case.told, "a case that looks at nothing proves nothing"
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
    assert sorted(mesh.codes) == sorted(case.diagnostics)
