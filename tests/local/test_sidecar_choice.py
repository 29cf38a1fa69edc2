"""Which Sidecar counts for a workload, and how it goes together with the mesh's own policy: seen in real requests."""

from collections.abc import Iterator

import pytest

from local.load import deployment, joined, namespace, service, sidecar
from local.meshes import RunningMesh, running_mesh
from pillion.local.tour.reach import Seen

pytestmark = [pytest.mark.root, pytest.mark.envoy]

RED, BLUE = "callers/red", "callers/blue"
ONE, TWO = "one.shop:8080", "two.market:8080"


def chosen(name: str, app: str, *egress: str) -> str:
    return sidecar("callers", *egress, name=name, more=f"  workloadSelector:\n    labels: {{app: {app}}}\n")


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningMesh]:
    folder = tmp_path_factory.mktemp("choice")
    (folder / "mesh").mkdir()
    (folder / "mesh" / "world.yaml").write_text(
        joined(
            *(namespace(name) for name in ("callers", "shop", "market")),
            service("shop", "one"),
            deployment("shop", "one"),
            service("market", "two"),
            deployment("market", "two"),
            deployment("callers", "red"),
            deployment("callers", "blue"),
        )
    )
    config = folder / "config.yaml"
    config.write_text("outboundTrafficPolicy: {mode: REGISTRY_ONLY}\naccessLogFile: /dev/stdout\n")
    with running_mesh("test-choice", folder / "mesh", mesh_config=config) as running:
        yield running


def fares(seen: Seen) -> str:
    if not seen.reached:
        return str(seen.status or seen.error)
    return "passes" if seen.cluster == "PassthroughCluster" else "reaches"


def table(mesh: RunningMesh, *documents: str) -> dict[str, list[str]]:
    """Say how both callers fare with service `one` and service `two` while these Sidecars are in force."""
    for each in documents:
        mesh.apply(each)
    try:
        return {client: [fares(seen) for seen in mesh.ask(client, ONE, TWO)] for client in (RED, BLUE)}
    finally:
        for each in documents:
            mesh.delete(each)


def test_two_workloads_of_a_namespace_have_a_sidecar_each(mesh: RunningMesh) -> None:
    found = table(mesh, chosen("for-red", "red", "shop/*"), chosen("for-blue", "blue", "market/*"))
    assert found == {RED: ["reaches", "502"], BLUE: ["502", "reaches"]}


def test_a_selected_workload_does_not_heed_the_one_for_all(mesh: RunningMesh) -> None:
    found = table(mesh, sidecar("callers", "market/*"), chosen("for-red", "red", "shop/*"))
    assert found == {RED: ["reaches", "502"], BLUE: ["502", "reaches"]}


def test_the_namespaces_own_replaces_the_root_one_whole(mesh: RunningMesh) -> None:
    root = sidecar("istio-system", "shop/*")
    assert table(mesh, root) == {RED: ["reaches", "502"], BLUE: ["reaches", "502"]}
    found = table(mesh, root, sidecar("callers", "market/*"))
    assert found == {RED: ["502", "reaches"], BLUE: ["502", "reaches"]}


def test_a_host_alone_may_be_let_in(mesh: RunningMesh) -> None:
    found = table(mesh, sidecar("callers", "*/two.market.svc.cluster.local"))
    assert found == {RED: ["502", "reaches"], BLUE: ["502", "reaches"]}


def test_nothing_may_be_let_in(mesh: RunningMesh) -> None:
    assert table(mesh, sidecar("callers", "~/*")) == {RED: ["closed", "closed"], BLUE: ["closed", "closed"]}


def test_a_sidecars_policy_counts_before_the_meshs(mesh: RunningMesh) -> None:
    """The mesh says REGISTRY_ONLY; one Sidecar lets unknown traffic through, the other one says nothing about it."""
    found = table(
        mesh,
        chosen("for-red", "red", "shop/*") + "  outboundTrafficPolicy: {mode: ALLOW_ANY}\n",
        chosen("for-blue", "blue", "shop/*"),
    )
    assert found == {RED: ["reaches", "passes"], BLUE: ["reaches", "502"]}


def test_of_two_sidecars_for_all_the_older_counts_and_a_warning_names_both(mesh: RunningMesh) -> None:
    old = sidecar("callers", "shop/*", name="z-old").replace(
        "name: z-old", "name: z-old, creationTimestamp: '2020-01-01T00:00:00Z'"
    )
    new = sidecar("callers", "market/*", name="a-new").replace(
        "name: a-new", "name: a-new, creationTimestamp: '2021-01-01T00:00:00Z'"
    )
    mesh.apply(new)
    mesh.apply(old)
    try:
        assert [fares(seen) for seen in mesh.ask(RED, ONE, TWO)] == ["reaches", "502"]
        warnings = [str(each) for each in mesh.mesh.plane.diagnostics if each.severity == "warning"]
        assert any("a-new" in each and "z-old" in each for each in warnings), warnings
    finally:
        mesh.delete(old)
        mesh.delete(new)


def test_without_any_sidecar_all_is_in_reach(mesh: RunningMesh) -> None:
    assert table(mesh) == {RED: ["reaches", "reaches"], BLUE: ["reaches", "reaches"]}
