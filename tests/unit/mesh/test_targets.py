import msgspec

from pillion.mesh.endpoint import service_key
from pillion.mesh.targets import targets_of
from pillion.mesh.workload import Workload
from pillion.value import FrozenMap
from support.scopes import member, service

WEB = msgspec.structs.replace(service("web", {80: "HTTP"}), selector=FrozenMap({"app": "web"}))
BARE = service("bare", {5432: "TCP"})
POD = Workload(name="web-1", namespace="shop", labels=FrozenMap({"app": "web"}), addresses=("10.0.0.1",))
LISTED = FrozenMap({service_key(BARE.hostname, "shop"): (member("10.0.0.1", 5432, BARE.ports[0].name),)})


def test_a_service_without_selector_counts_where_no_other_selects() -> None:
    other = msgspec.structs.replace(POD, labels=FrozenMap({"app": "other"}))
    assert [each.service for each in targets_of(other, (WEB, BARE), LISTED)] == [BARE]
    assert [each.service for each in targets_of(POD, (WEB, BARE), LISTED)] == [WEB]


def test_an_entry_counts_beside_a_selector() -> None:
    entry = msgspec.structs.replace(BARE, registry="External")
    assert {each.service.name for each in targets_of(POD, (WEB, entry), LISTED)} == {"web", "bare"}
