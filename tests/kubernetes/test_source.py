"""What a real API server holds, and what becomes of that when it is broken."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from kubernetes import objects
from kubernetes.kit.control import Control
from kubernetes.relay import Relay
from pillion.resources.meta import HasMetadata, Ref, ref_of
from pillion.sources.kubernetes.access import Access, from_kubeconfig
from pillion.sources.kubernetes.client import ApiError, KubernetesClient
from pillion.sources.kubernetes.cluster import Cluster
from pillion.sources.kubernetes.reflector import Delta, Patience, ReflectorStatus
from pillion.sources.kubernetes.watched import mesh_collections
from pillion.sources.kubernetes.watcher import Watcher

pytestmark = pytest.mark.root
QUICK = Patience(page=3, first=0.05, longest=0.3, absent=60.0)


class Mirror:
    """Holds what a source tells."""

    def __init__(self, client: KubernetesClient, patience: Patience) -> None:
        self.held: dict[Ref, HasMetadata] = {}
        self.told: list[tuple[list[Ref], list[Ref]]] = []
        self.changed = asyncio.Event()
        self.cluster = Cluster(client, mesh_collections(), self.deliver, patience)

    def deliver(self, changed: tuple[HasMetadata, ...], deleted: tuple[Ref, ...]) -> None:
        self.told.append(([ref_of(each) for each in changed], list(deleted)))
        for ref in deleted:
            self.held.pop(ref, None)
        self.held.update({ref_of(each): each for each in changed})
        self.changed.set()

    def names(self, kind: str, namespace: str) -> set[str]:
        return {ref.name for ref in self.held if (ref.kind, ref.namespace) == (kind, namespace)}

    def status(self, kind: str) -> ReflectorStatus:
        return next(each for each in self.cluster.statuses() if each.kind == kind)

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something is true that no delivery needs to announce."""
        while not true():
            self.changed.clear()
            try:
                async with asyncio.timeout(0.05):
                    await self.changed.wait()
            except TimeoutError:
                continue


@asynccontextmanager
async def mirror(
    control: Control, patience: Patience = QUICK, *, port: int = 0, token: str = ""
) -> AsyncIterator[Mirror]:
    """Mirror a cluster, by another way (`port`) or as another user (`token`) if asked to."""
    access = from_kubeconfig([control.kubeconfig])
    if port:
        access = replace(access, server=f"https://127.0.0.1:{port}")
    if token:
        access = replace(access, token=token, certificate_file="", key_file="")
    async with KubernetesClient(access, 1.0) as client, asyncio.TaskGroup() as tasks:
        seen = Mirror(client, patience)
        running = tasks.create_task(seen.cluster.run())
        await seen.cluster.synced()
        yield seen
        running.cancel()


def played(play: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await play

    asyncio.run(bounded())


async def do(work: Callable[..., Any], *arguments: Any) -> Any:
    """Do something slow beside the loop."""
    return await asyncio.to_thread(work, *arguments)


def test_tells_everything_once_and_then_each_change(shared: Control) -> None:
    objects.namespace(shared, "follow")
    at = "/api/v1/namespaces/follow/services"
    for number in range(7):
        objects.create(shared, at, objects.service(f"s{number}"))

    async def play() -> None:
        async with mirror(shared) as seen:
            assert len(seen.told) == 1
            assert seen.names("Service", "follow") == {f"s{number}" for number in range(7)}
            await do(objects.create, shared, at, objects.service("new"))
            await seen.until(lambda: "new" in seen.names("Service", "follow"))
            await do(objects.delete, shared, f"{at}/s0")
            await seen.until(lambda: "s0" not in seen.names("Service", "follow"))
            assert "kubernetes" in seen.names("Service", "default")
            # once more only when the server, young again, does not know our version any longer
            assert seen.status("Service").lists <= 2

    played(play())


def test_finds_collections_when_their_definition_comes_and_loses_them_when_it_goes(own: Control) -> None:
    async def play() -> None:
        async with mirror(own) as seen:
            assert seen.status("Sidecar").phase == "absent"
            body = objects.definition("sidecars", "Sidecar", "networking.istio.io", "v1alpha3")
            await do(objects.create, own, objects.DEFINITIONS, body)
            await seen.until(lambda: seen.status("Sidecar").phase == "synced")
            sidecar = {
                "apiVersion": "networking.istio.io/v1alpha3",
                "kind": "Sidecar",
                "metadata": {"name": "default"},
                "spec": {"egress": [{"hosts": ["./*"]}]},
            }
            at = "/apis/networking.istio.io/v1alpha3/namespaces/default/sidecars"
            await do(objects.create, own, at, sidecar)
            await seen.until(lambda: seen.names("Sidecar", "default") == {"default"})
            wrong = {**sidecar, "metadata": {"name": "wrong"}, "spec": {"egress": "everything"}}
            await do(objects.create, own, at, wrong)
            ref = Ref(kind="Sidecar", namespace="default", name="wrong")
            await seen.until(lambda: ref in seen.cluster.refused())
            assert [each.where.field for each in seen.cluster.refused()[ref]] == ["spec.egress"]
            await do(objects.delete, own, f"{objects.DEFINITIONS}/sidecars.networking.istio.io")
            await seen.until(lambda: seen.status("Sidecar").phase == "absent")
            assert seen.names("Sidecar", "default") == set()

    played(play())


def test_outlives_the_api_server(own: Control) -> None:
    async def play() -> None:
        at = "/api/v1/namespaces/default/services"
        async with mirror(own) as seen:
            await do(own.kill, "kube-apiserver")
            await seen.until(lambda: all(each.phase in {"failing", "absent"} for each in seen.cluster.statuses()))
            assert seen.names("Namespace", "") >= {"default", "kube-system"}
            await do(own.start_api)
            await do(objects.create, own, at, objects.service("late"))
            await seen.until(lambda: "late" in seen.names("Service", "default"))
            assert "kubernetes" in seen.names("Service", "default")
            # once more only when the server, young again, does not know our version any longer
            assert seen.status("Service").lists <= 2

    played(play())


def test_deletes_what_vanished_while_history_was_lost(own: Control) -> None:
    at = "/api/v1/namespaces/default/services"
    for name in ("stays", "goes", "changes"):
        objects.create(own, at, objects.service(name))
    reach = Relay(own.port)

    async def play() -> None:
        async with reach.open() as kubeconfig_port, mirror(own, port=kubeconfig_port) as seen:
            reach.cut()
            await seen.until(lambda: seen.status("Service").phase == "failing")
            await do(objects.delete, own, f"{at}/goes")
            await do(objects.patch, own, f"{at}/changes", {"metadata": {"labels": {"changed": "yes"}}})
            await do(objects.create, own, at, objects.service("comes"))
            # Only a server that begins anew has forgotten what its watches could still tell.
            await do(own.kill, "kube-apiserver")
            await do(own.compact)
            await do(own.start_api)
            told = len(seen.told)
            reach.mend()
            await seen.until(lambda: "comes" in seen.names("Service", "default"))
            assert seen.status("Service").lists == 2
            assert not {"goes"} & seen.names("Service", "default")
            changed = {ref for refs, _ in seen.told[told:] for ref in refs if ref.kind == "Service"}
            assert {ref.name for ref in changed} == {"changes", "comes"}
            gone = {ref for _, refs in seen.told[told:] for ref in refs if ref.kind == "Service"}
            assert {ref.name for ref in gone} == {"goes"}

    played(play())


class Forgetting(KubernetesClient):
    """Lets something happen before it asks for a second page, and remembers what it asked and how it was refused."""

    between: Callable[[], None] | None = None

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self.asked: list[dict[str, str]] = []
        self.refused: list[int] = []

    async def request(self, method: str, path: str, query: Any = None, *more: Any, **other: Any) -> bytes:
        if "continue" in query and self.between is not None:
            between, self.between = self.between, None
            await do(between)
        self.asked.append(dict(query))
        try:
            return await super().request(method, path, query, *more, **other)
        except ApiError as problem:
            self.refused.append(problem.code)
            raise


def test_lists_whole_when_the_next_page_is_forgotten(own: Control) -> None:
    at = "/api/v1/namespaces/default/services"
    for number in range(5):
        objects.create(own, at, objects.service(f"s{number}"))

    def forget() -> None:
        objects.create(own, at, objects.service("late"))
        objects.delete(own, f"{at}/s0")
        own.kill("kube-apiserver")
        own.compact()
        own.start_api()

    async def play() -> None:
        told: list[Delta] = []
        services = next(each for each in mesh_collections() if each.kind == "Service")
        async with Forgetting(from_kubeconfig([own.kubeconfig])) as client, asyncio.TaskGroup() as tasks:
            client.between = forget
            watcher = Watcher(client, services, lambda _, delta: told.append(delta), QUICK)
            running = tasks.create_task(watcher.run())
            while not watcher.reflector.synced:  # noqa: ASYNC110 (nothing announces it)
                await asyncio.sleep(0.02)
            running.cancel()
        assert client.refused == [410]
        assert [("limit" in each, "continue" in each) for each in client.asked] == [
            (True, False), (True, True), (False, False),
        ]  # fmt: skip
        (found,) = [each for each in told if each.changed]
        assert {each.metadata.name for each in found.changed} == {"kubernetes", "late", "s1", "s2", "s3", "s4"}

    played(play())


def test_a_plugin_beside_the_kubeconfig_says_who_we_are(own: Control, tmp_path: Path) -> None:
    objects.namespace(own, "system")
    token = tmp_path / "token"
    token.write_text("nobody's")
    good = objects.reader(own, "system", "pillion")
    login = tmp_path / "login"
    login.write_text(f'#!/bin/sh\nprintf \'{{"status": {{"token": "%s"}}}}\' "$(cat {token})"\n')
    login.chmod(0o700)
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text(f"""
current-context: x
clusters: [{{name: x, cluster: {{server: "{own.server}", certificate-authority: {own.folder}/ca.crt}}}}]
contexts: [{{name: x, context: {{cluster: x, user: x}}}}]
users: [{{name: x, user: {{exec: {{apiVersion: client.authentication.k8s.io/v1, command: ./login}}}}}}]
""")

    async def play() -> None:
        async with KubernetesClient(from_kubeconfig([kubeconfig])) as client:
            with pytest.raises(ApiError, match="401"):
                await client.request("GET", "/api/v1/namespaces")
            # Who was refused asks again.
            token.write_text(good)
            assert b'"system"' in await client.request("GET", "/api/v1/namespaces")

    played(play())


def test_goes_on_after_a_cut_in_the_middle_of_an_event(own: Control) -> None:
    at = "/api/v1/namespaces/default/services"
    reach = Relay(own.port)

    async def play() -> None:
        async with reach.open() as port, mirror(own, port=port) as seen:
            for number in range(40):
                # The event is longer than what TLS sends at once, so a part of it is heard.
                service = objects.service(f"s{number}")
                is_long = number % 4 == 3
                service["metadata"]["annotations"] = {"note": "x" * (150_000 if is_long else 0)}
                reach.cut_after(75_000 if is_long else 600)
                await do(objects.create, own, at, service)
                await seen.until(lambda name=f"s{number}": name in seen.names("Service", "default"))
            assert seen.status("Service").lists == 1
            assert seen.status("Service").watches > 5

    played(play())


def test_leaves_a_watch_that_says_nothing(own: Control) -> None:
    at = "/api/v1/namespaces/default/services"
    reach = Relay(own.port)

    async def play() -> None:
        async with reach.open() as port, mirror(own, Patience(silence=0.5, first=0.05, longest=0.3), port=port) as seen:
            reach.hold()
            watches = seen.status("Service").watches
            await do(objects.create, own, at, objects.service("unheard"))
            await seen.until(
                lambda: seen.status("Service").phase == "failing" or seen.status("Service").watches > watches
            )
            reach.mend()
            await seen.until(lambda: "unheard" in seen.names("Service", "default"))
            assert "kubernetes" in seen.names("Service", "default")
            # once more only when the server, young again, does not know our version any longer
            assert seen.status("Service").lists <= 2

    played(play())


def test_keeps_what_it_knows_when_a_right_is_taken_away_and_says_so(own: Control) -> None:
    objects.create(own, "/api/v1/namespaces/default/services", objects.service("known"))
    objects.namespace(own, "system")
    token = objects.reader(own, "system", "pillion")

    async def play() -> None:
        async with mirror(own, token=token, patience=Patience(watch=1.0, first=0.05, longest=0.3)) as seen:
            assert "known" in seen.names("Service", "default")
            await do(objects.delete, own, "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/pillion")
            await seen.until(lambda: seen.status("Service").phase == "failing")
            assert seen.status("Service").problem.startswith("403 services is forbidden")
            assert "known" in seen.names("Service", "default")
            await do(objects.bind, own, "system", "pillion")
            await seen.until(lambda: seen.status("Service").phase == "synced")

    played(play())
