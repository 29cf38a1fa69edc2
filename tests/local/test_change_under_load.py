"""Configuration changes while clients keep calling: no request to what stays allowed may fail."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.load import deployment, joined, namespace, service, sidecar, under_load
from local.meshes import RunningMesh, running_mesh

pytestmark = [pytest.mark.root, pytest.mark.envoy, pytest.mark.timeout(180)]

CLIENTS = tuple(f"callers/client-{number}" for number in range(4))
TARGET = "target.shop:8080"
OFFERED, TAKEN = 200, 100
"""Requests a second of each client: all that are due are sent where there is time; a busy machine has it for half."""
MESH_CONFIG = "rootNamespace: istio-config\noutboundTrafficPolicy: {{mode: {mode}}}\naccessLogFile: {log}\n"
INGRESS = "  ingress:\n  - port: {number: 8080, protocol: HTTP, name: in}\n    defaultEndpoint: 127.0.0.1:8080\n"
OPEN = {"mode": "ALLOW_ANY", "log": "/dev/null"}
SHUT = {"mode": "REGISTRY_ONLY", "log": "/dev/stdout"}
EGRESS_BY_PORT = (
    "  egress:\n  - port: {number: 8080, protocol: HTTP, name: out}\n    hosts: ['shop/*']\n  - hosts: ['./*']\n"
)


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningMesh]:
    folder = tmp_path_factory.mktemp("load")
    (folder / "mesh").mkdir()
    (folder / "mesh" / "world.yaml").write_text(
        joined(
            *(namespace(name) for name in ("callers", "shop", "other")),
            namespace("istio-config", injected=False),
            service("shop", "target"),
            deployment("shop", "target", replicas=2),
            *(deployment("callers", client.partition("/")[2]) for client in CLIENTS),
            service("other", "unrelated"),
            deployment("other", "unrelated"),
        )
    )
    (folder / "config.yaml").write_text(MESH_CONFIG.format(**SHUT))
    with running_mesh("test-load", folder / "mesh", mesh_config=folder / "config.yaml") as running:
        yield running


def one_change(mesh: RunningMesh, number: int) -> None:
    """Make one change of ten kinds; each leaves `shop` in reach of `callers`."""
    config = Path(mesh.mesh.options.mesh_config)
    turn = number // 10
    steps = (
        lambda: mesh.apply(sidecar("istio-config", "./*", "shop/*", *(["other/*"] if turn % 2 else []))),
        lambda: mesh.apply(sidecar("callers", "./*", "shop/*")),
        lambda: mesh.apply(deployment("other", "unrelated", replicas=(2, 0, 1)[turn % 3])),
        lambda: mesh.apply(sidecar("callers", more=EGRESS_BY_PORT)),
        lambda: mesh.apply(service("callers", f"more-{turn}")),
        lambda: mesh.apply(service("shop", f"further-{turn}", port=9000 + turn)),
        lambda: mesh.apply(sidecar("shop", more=INGRESS)),
        # the access log is in every listener: all of them are replaced
        lambda: config.write_text(MESH_CONFIG.format(**((OPEN, SHUT)[turn % 2]))),
        lambda: mesh.delete(sidecar("callers", "*/*")),
        lambda: mesh.delete(sidecar("shop", "*/*") + "---\n" + service("callers", f"more-{turn}")),
    )
    steps[number % 10]()


def test_fifty_changes_and_no_failed_request(mesh: RunningMesh) -> None:
    before = mesh.mesh.plane.generation
    with under_load(mesh, CLIENTS, TARGET, rate=OFFERED) as crowd:
        for number in range(50):
            one_change(mesh, number)
            crowd.go_on(20)
    assert mesh.mesh.plane.generation - before >= 50
    assert sum(push.told > 0 for push in mesh.mesh.plane.pushes) >= 40
    assert crowd.failures == []
    assert all(not client.refusals for client in mesh.mesh.plane.clients)
    for each in crowd.seen:
        assert each.sent / each.seconds >= TAKEN
        assert each.kept >= 0.45 * each.sent
        assert each.connections < each.kept / 2, "connections are kept"
