"""One writer among several, by a Lease of a real API server; and what it writes into the status of objects."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from msgspec.structs import replace

from kubernetes import objects
from kubernetes.kit.control import Control
from kubernetes.relay import Relay
from pillion.controlplane.serve.server import Replica, serving
from pillion.controlplane.serve.settings import Address, ServeSettings
from pillion.controlplane.writing.leader import Leader, Post
from pillion.controlplane.writing.lease import Terms
from pillion.resources.istio.sidecar import Sidecar
from pillion.sources.kubernetes.access import Access, from_kubeconfig
from pillion.sources.kubernetes.client import KubernetesClient
from pillion.sources.kubernetes.reflector import Patience

pytestmark = pytest.mark.root
ANY = Address("127.0.0.1", 0)
LEASES = "/apis/coordination.k8s.io/v1/namespaces/istio-system/leases"
SIDECARS = "/apis/networking.istio.io/v1/namespaces/shop/sidecars"
ENTRIES = "/apis/networking.istio.io/v1/namespaces/shop/serviceentries"
HASTE = Terms(lasts=5.0, deadline=2.5, retry=0.1)
STEADY = Terms(lasts=30.0, deadline=25.0, retry=0.1)
"""Nobody loses the Lease by being slow."""
PROCESS = """
import asyncio, sys
from pathlib import Path
from pillion.controlplane.writing.leader import Leader, Post
from pillion.controlplane.writing.lease import Terms
from pillion.sources.kubernetes.access import from_kubeconfig
from pillion.sources.kubernetes.client import KubernetesClient

async def work():
    print("leading", flush=True)
    await asyncio.Event().wait()

async def main():
    async with KubernetesClient(from_kubeconfig([Path(sys.argv[1])])) as client:
        post = Post(namespace="istio-system", name="istiod", identity="process")
        await Leader(client, post, work, Terms(lasts=5.0, deadline=2.5, retry=0.1)).run()

asyncio.run(main())
"""


def played(play: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(90):
            await play

    asyncio.run(bounded())


async def do(work: Callable[..., Any], *arguments: Any) -> Any:
    """Do something slow beside the loop."""
    return await asyncio.to_thread(work, *arguments)


async def until(true: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Wait for something that nothing announces."""
    while not (found := await true()):  # noqa: ASYNC110 (nothing announces it)
        await asyncio.sleep(0.05)
    return found


def lease(control: Control) -> dict[str, Any]:
    return control.request("GET", f"{LEASES}/istiod")[1].get("spec", {})


class Turn:
    """Somebody's work, and when it was done."""

    def __init__(self, name: str, book: list[str]) -> None:
        self.name = name
        self._book = book
        self.begun = asyncio.Event()
        self.ended = asyncio.Event()

    async def work(self) -> None:
        self._book.append(f"{self.name} begins")
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self._book.append(f"{self.name} ends")
            self.ended.set()


@asynccontextmanager
async def candidate(access: Access, turn: Turn, terms: Terms = HASTE) -> AsyncIterator[Leader]:
    async with KubernetesClient(access, patience=2.0) as client, asyncio.TaskGroup() as tasks:
        leader = Leader(client, Post(namespace="istio-system", name="istiod", identity=turn.name), turn.work, terms)
        running = tasks.create_task(leader.run())
        try:
            yield leader
        finally:
            running.cancel()


def begun(control: Control) -> subprocess.Popen[bytes]:
    """Have a process lead."""
    process = subprocess.Popen([sys.executable, "-c", PROCESS, str(control.kubeconfig)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"leading\n"
    return process


def test_one_works_at_a_time_and_the_next_follows_when_it_ends(own: Control) -> None:
    objects.namespace(own, "istio-system")
    access, book = from_kubeconfig([own.kubeconfig]), list[str]()

    async def play() -> None:
        first, second = Turn("first", book), Turn("second", book)
        async with candidate(access, first, STEADY):
            await first.begun.wait()
            async with candidate(access, second, STEADY) as waiting:
                held = await do(lease, own)
                assert (held["holderIdentity"], held["leaseTransitions"]) == ("first", 0)
                await until(lambda: renewed(held["renewTime"]))
                assert not waiting.leading
            assert (await do(lease, own))["holderIdentity"] == "first"
        assert (await do(lease, own))["holderIdentity"] == ""
        async with candidate(access, second, STEADY):
            await second.begun.wait()
            assert (await do(lease, own))["leaseTransitions"] == 1
        assert book == ["first begins", "first ends", "second begins", "second ends"]

    async def renewed(since: str) -> bool:
        return (await do(lease, own))["renewTime"] > since

    played(play())


def test_another_goes_on_when_one_is_killed(own: Control) -> None:
    objects.namespace(own, "istio-system")

    async def play() -> None:
        turn, process = Turn("second", []), await do(begun, own)
        try:
            async with candidate(from_kubeconfig([own.kubeconfig]), turn) as waiting:
                held = await do(lease, own)
                await until(lambda: do(lambda: lease(own)["renewTime"] > held["renewTime"]))
                assert (held["holderIdentity"], waiting.leading) == ("process", False)
                process.kill()
                await turn.begun.wait()
                assert (await do(lease, own))["holderIdentity"] == "second"
        finally:
            process.kill()
            process.communicate()

    played(play())


def test_who_cannot_renew_stops_before_another_begins(own: Control) -> None:
    objects.namespace(own, "istio-system")
    straight, book = from_kubeconfig([own.kubeconfig]), list[str]()

    async def play() -> None:
        relay, first, second = Relay(own.port), Turn("first", book), Turn("second", book)
        async with relay.open() as port:
            around = replace(straight, server=f"https://127.0.0.1:{port}")
            async with candidate(around, first) as cut:
                await first.begun.wait()
                async with candidate(straight, second):
                    relay.cut()
                    await second.begun.wait()
                    assert not cut.leading
                    assert cut.problem
        assert book[:3] == ["first begins", "first ends", "second begins"]

    played(play())


class Late(KubernetesClient):
    """Hears late that it has written."""

    by = 0.4
    written = 0

    async def request(self, method: str, path: str, *more: Any, **other: Any) -> bytes:
        answer = await super().request(method, path, *more, **other)
        if method != "GET":
            self.written += 1
            await asyncio.sleep(self.by)
        return answer


def test_who_hears_too_late_that_the_lease_is_its_own_does_not_work(own: Control) -> None:
    objects.namespace(own, "istio-system")

    async def play() -> None:
        turn, terms = Turn("late", []), Terms(lasts=1.0, deadline=0.3, retry=0.05)
        async with Late(from_kubeconfig([own.kubeconfig])) as client, asyncio.TaskGroup() as tasks:
            post = Post(namespace="istio-system", name="istiod", identity=turn.name)
            running = tasks.create_task(Leader(client, post, turn.work, terms).run())
            while client.written < 3:  # noqa: ASYNC110 (nothing announces it)
                await asyncio.sleep(0.01)
            assert not turn.begun.is_set()
            client.by = 0.0
            await turn.begun.wait()
            running.cancel()

    played(play())


@asynccontextmanager
async def replica(control: Control) -> AsyncIterator[Replica]:
    settings = ServeSettings(
        tls=ANY, monitoring=ANY, debug=ANY, patience=Patience(first=0.05, longest=0.3), terms=STEADY
    )
    async with serving(from_kubeconfig([control.kubeconfig]), settings) as running:
        await running.ready.wait()
        yield running


def world(control: Control) -> None:
    """Make a cluster whose definitions let everything in."""
    for name in ("istio-system", "shop"):
        objects.namespace(control, name)
    for plural, kind, path in (("sidecars", "Sidecar", SIDECARS), ("serviceentries", "ServiceEntry", ENTRIES)):
        definition = objects.definition(plural, kind)
        for version in definition["spec"]["versions"]:
            version["subresources"] = {"status": {}}
        objects.create(control, objects.DEFINITIONS, definition)
        while control.request("GET", path)[0] != 200:
            pass  # it is served a moment later


def sidecar(egress: Any, revision: str = "") -> dict[str, Any]:
    metadata = {"name": "default", "labels": {"istio.io/rev": revision} if revision else {}}
    return {"apiVersion": "networking.istio.io/v1", "kind": "Sidecar", "metadata": metadata,
            "spec": {"egress": egress}}  # fmt: skip


def status(control: Control, name: str = "default") -> dict[str, Any]:
    return control.request("GET", f"{SIDECARS}/{name}")[1].get("status") or {}


GOOD, BAD, WORSE = [{"hosts": ["./*"]}], "everything", 7


def test_says_in_an_objects_status_that_it_cannot_be_read_until_it_can(own: Control) -> None:
    world(own)
    others = {"type": "Theirs", "status": "True"}

    async def told(text: str) -> dict[str, Any]:
        def found() -> dict[str, Any] | None:
            conditions = status(own).get("conditions") or []
            return next((each for each in conditions if each["type"] == "Accepted" and text in each["message"]), None)

        return await until(lambda: do(found))

    async def play() -> None:
        async with replica(own) as first, replica(own) as second:
            await do(made, own, sidecar(BAD))
            condition = await told("'everything'")
            assert (condition["status"], condition["reason"], condition["observedGeneration"]) == (
                "False",
                "Invalid",
                1,
            )
            assert condition["message"].startswith("spec.egress: ")
            (message,) = status(own)["validationMessages"]
            assert (message["level"], message["type"]["code"]) == ("ERROR", "IST0106")
            await do(objects.patch, own, f"{SIDECARS}/default/status", {"status": {"conditions": [others, condition]}})
            await do(objects.patch, own, f"{SIDECARS}/default", {"spec": {"egress": WORSE}})
            worse = await told("number 7")
            assert worse["lastTransitionTime"] == condition["lastTransitionTime"]
            for each in (first, second):
                assert b"pillion_refused_objects 1.0" in each.metrics.text()
                assert each.plane.catalog.every(Sidecar) == ()
            await do(objects.patch, own, f"{SIDECARS}/default", {"spec": {"egress": GOOD}})
            await until(lambda: do(lambda: status(own) == {"conditions": [others]}))
            leading = [each for each in (first, second) if each.writers.leader.leading]
            assert len(leading) == 1
            # The API server has it before who wrote it knows.
            await until(lambda: do(lambda: sorted(each.writers.scribe.written for each in (first, second)) == [0, 3]))

    def made(control: Control, document: dict[str, Any]) -> None:
        objects.create(control, SIDECARS, document)

    played(play())


def test_replicas_agree_on_an_object_that_was_good_once(own: Control) -> None:
    world(own)
    objects.create(own, SIDECARS, sidecar(GOOD))

    async def play() -> None:
        async with replica(own) as running:
            assert len(running.plane.catalog.every(Sidecar)) == 1
            await do(objects.patch, own, f"{SIDECARS}/default", {"spec": {"egress": BAD}})
            await running.plane.until(lambda: running.plane.catalog.every(Sidecar) == ())
            async with replica(own) as fresh:
                assert fresh.plane.catalog.every(Sidecar) == ()
                assert fresh.cluster.refused().keys() == running.cluster.refused().keys() != set()

    played(play())


def test_another_revisions_objects_are_its_own_to_judge(own: Control) -> None:
    world(own)
    objects.create(own, SIDECARS, sidecar(BAD, "canary"))
    theirs = sidecar(BAD) | {"metadata": {"name": "ours"}}
    objects.create(own, SIDECARS, theirs)

    async def play() -> None:
        async with replica(own):
            await until(lambda: do(lambda: status(own, "ours")))
            assert status(own) == {}

    played(play())


def entry(name: str, *hosts: str, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": {"name": name},
            "spec": {"hosts": hosts, "resolution": "STATIC", **spec}}  # fmt: skip


def addresses(control: Control, name: str) -> list[tuple[str, str]]:
    status = control.request("GET", f"{ENTRIES}/{name}")[1].get("status") or {}
    return [(each["host"], each["value"]) for each in status.get("addresses") or []]


def automatic(running: Replica) -> set[tuple[str, ...]]:
    """The addresses that the world of a replica knows as given."""
    shelves = running.plane.world.snapshot.services.values()
    return {service.auto_addresses for shelf in shelves for service in shelf}


def test_entries_without_an_address_are_given_one_that_replicas_agree_on(own: Control) -> None:
    world(own)
    for document in (entry("a", "a.example", "b.example"), entry("own", "c.example", addresses=["240.240.0.9"])):
        objects.create(own, ENTRIES, document)

    async def play() -> None:
        async with replica(own) as first, replica(own) as second:
            given = await until(lambda: do(lambda: addresses(own, "a")))
            assert given == [
                ("a.example", "240.240.0.10"), ("a.example", "2001:2::1"),
                ("b.example", "240.240.0.11"), ("b.example", "2001:2::2"),
            ]  # fmt: skip
            await do(objects.create, own, ENTRIES, entry("late", "d.example"))
            await until(lambda: do(lambda: ("d.example", "240.240.0.12") in addresses(own, "late")))
            for each in (first, second):
                await each.plane.until(lambda of=each: ("240.240.0.12", "2001:2::3") in automatic(of))
            # Somebody else takes the address: it is no longer the entry's.
            await do(objects.create, own, ENTRIES, entry("thief", "e.example", addresses=["240.240.0.10"]))
            await until(lambda: do(lambda: len({"240.240.0.10"} & {value for _, value in addresses(own, "a")}) == 0))
            await do(objects.patch, own, f"{ENTRIES}/late", {"spec": {"resolution": "NONE"}})
            await until(lambda: do(lambda: addresses(own, "late") == []))
            assert addresses(own, "own") == addresses(own, "thief") == []

    played(play())


def test_uninstalling_outlasts_a_control_plane_that_is_about_to_end(own: Control) -> None:
    objects.namespace(own, "istio-system")
    home = "/apis/apps/v1/namespaces/istio-system/deployments/istiod"

    def pillion(*words: str) -> Any:
        argv = [sys.executable, "-m", "pillion", *words, "--kubeconfig", str(own.kubeconfig), "-o", "json"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=80)
        return done.returncode, json.loads(done.stdout)

    def uid() -> str:
        found = own.request("GET", "/api/v1/namespaces/istio-system/secrets/pillion-ca")[1]
        return str(found["metadata"].get("uid", ""))

    async def play() -> None:
        await do(pillion, "install", "--no-wait")
        async with asyncio.TaskGroup() as tasks, replica(own):
            await until(lambda: do(lambda: lease(own).get("holderIdentity")))
            before = await do(uid)
            removing = tasks.create_task(do(pillion, "uninstall", "--delete-crds", "--timeout", "60"))
            await until(lambda: do(lambda: own.request("GET", home)[0] == 404))
            # It keeps what it needs, as long as it runs.
            await until(lambda: do(lambda: uid() not in {"", before}))
        code, answer = removing.result()
        assert (code, answer["left"], answer["unseen"]) == (0, [], [])

    played(play())
