"""Files written badly and well into a running mesh under traffic: each takes effect or is told of, no request fails."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.load import deployment, joined, namespace, service, under_load
from local.meshes import RunningMesh, running_mesh
from local.mutants import Mutant, mutants
from pillion.local.server.mesh import Mesh

pytestmark = [pytest.mark.root, pytest.mark.envoy, pytest.mark.timeout(180)]

COUNT = 200
SEED = 20
CLIENTS = ("callers/client-0", "callers/client-1")


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningMesh]:
    files = tmp_path_factory.mktemp("bad") / "mesh"
    files.mkdir()
    (files / "world.yaml").write_text(
        joined(
            *(namespace(name) for name in ("callers", "shop", "junk")),
            service("shop", "target"),
            deployment("shop", "target"),
            *(deployment("callers", client.partition("/")[2]) for client in CLIENTS),
        )
    )
    config = files.with_name("config.yaml")
    config.write_text("accessLogFile: /dev/stdout\n")
    with running_mesh("test-bad", files, mesh_config=config) as running:
        yield running


def told(mesh: Mesh, file: Path) -> list[str]:
    """Give what is said about a file."""
    return [str(each) for each in mesh.diagnostics if str(each).startswith(f"{file}:") and each.severity != "info"]


def outcome(running: RunningMesh, file: Path, mutant: Mutant) -> str:
    """Write a file, wait until the mesh has dealt with it; say how that is wrong, or nothing."""
    mesh = running.mesh
    file.write_bytes(mutant.text.encode())
    try:
        running.until(lambda _: mutant.ref in mesh.published() or told(mesh, file), 10)
    except AssertionError:
        return "neither in force nor told"
    running.do(mesh.plane.settled(mesh.plane.generation))
    said = told(mesh, file)
    if mutant.is_right and (said or mutant.ref not in mesh.published()):
        return f"is right and was not taken: {said}"
    if not mutant.is_right and not any(each.removeprefix(f"{file}:")[:1].isdigit() for each in said):
        return f"is wrong and was told without a line: {said}"
    refused = [client.refusals for client in mesh.plane.clients if client.refusals]
    return f"an Envoy refused it: {refused}" if refused else ""


def test_each_file_takes_effect_or_is_told_of_and_traffic_goes_on(mesh: RunningMesh) -> None:
    folder = Path(mesh.mesh.options.paths[0])
    wrong: list[str] = []
    with under_load(mesh, CLIENTS, "target.shop:8080", rate=40) as crowd:
        for number, mutant in enumerate(mutants(SEED, COUNT)):
            file = folder / f"mutant-{number}.yaml"
            problem = outcome(mesh, file, mutant)
            if problem:
                wrong.append(f"{mutant.what}: {problem}\n{mutant.text[:600]}")
            if number % 10 == 9:
                for old in folder.glob("mutant-*.yaml"):
                    old.unlink()
                mesh.until(lambda _: not any(ref.namespace == "junk" for ref in mesh.mesh.overlay._files))
    assert not wrong, f"{len(wrong)} of {COUNT}:\n" + "\n".join(wrong)
    assert crowd.failures == []
    assert mesh.ask(CLIENTS[0], "target.shop:8080")[0].reached
