"""What becomes of a control plane, and of its proxies, when tokens end, rights go, or a replica dies under load."""

import asyncio
import base64
import itertools
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from kubernetes import objects
from kubernetes.kit.control import Control
from kubernetes.replicas import settings, words
from kubernetes.sidecar import EndedError, Proof, Sidecar, connected, refusal
from pillion.controlplane.serve.server import Replica, serving
from pillion.sources.kubernetes.access import Access
from pillion.sources.kubernetes.reflector import Patience
from pillion.xds.type_urls import CLUSTER, ENDPOINT

pytestmark = pytest.mark.root
SLICES = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices"
BINDING = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/istiod-istio-system"
HOME_BINDING = "/apis/rbac.authorization.k8s.io/v1/namespaces/istio-system/rolebindings/istiod"
QUICK = Patience(watch=1.0, first=0.05, longest=0.3)
PROXIES = 30
SERVICES = 6


def played(play: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(150):
            await play

    asyncio.run(bounded())


async def do(work: Callable[..., Any], *arguments: Any) -> Any:
    """Do something slow beside the loop."""
    return await asyncio.to_thread(work, *arguments)


async def until(true: Callable[[], Any]) -> None:
    """Wait for something that nothing announces."""
    while not true():  # noqa: ASYNC110 (so there is no event)
        await asyncio.sleep(0.05)


def installed(control: Control) -> None:
    words = ["install", "--no-wait", "--kubeconfig", str(control.kubeconfig)]
    done = subprocess.run([sys.executable, "-m", "pillion", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def cluster(service: int) -> str:
    return f"outbound|80||web{service}.shop.svc.cluster.local"


def shop(control: Control) -> None:
    """Install, and make services with an endpoint each."""
    installed(control)
    objects.namespace(control, "shop")
    objects.create(control, "/api/v1/namespaces/shop/serviceaccounts", {"metadata": {"name": "web"}})
    for number in range(SERVICES):
        objects.create(control, "/api/v1/namespaces/shop/services", objects.service(f"web{number}"))
        objects.create(control, SLICES, objects.endpoint_slice(f"web{number}", "10.1.0.1"))


def move(control: Control, service: int, address: str) -> None:
    """Give a service another endpoint."""
    objects.patch(control, f"{SLICES}/web{service}-a", {"endpoints": [{"addresses": [address]}]})


def token(control: Control) -> str:
    return objects.token(control, "shop", "web", "istio-ca")


def expired(control: Control, namespace: str, account: str, *audiences: str) -> str:
    """Sign a token as the cluster does, which ended an hour ago."""
    uid = control.request("GET", f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}")[1]["metadata"]["uid"]
    now, issuer = int(time.time()), "https://kubernetes.default.svc"
    claims = {
        "iss": issuer,
        "aud": list(audiences) or [issuer],
        "sub": f"system:serviceaccount:{namespace}:{account}",
        "iat": now - 7200,
        "nbf": now - 7200,
        "exp": now - 3600,
        "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": account, "uid": uid}},
    }
    key = serialization.load_pem_private_key((control.folder / "sa.key").read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    parts = [base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=") for each in ({"alg": "RS256"}, claims)]
    signed = key.sign(b".".join(parts), padding.PKCS1v15(), hashes.SHA256())
    return b".".join([*parts, base64.urlsafe_b64encode(signed).rstrip(b"=")]).decode()


def access(control: Control, file: Path) -> Access:
    """Be the installed control plane, by the token in a file."""
    return Access(server=control.server, ca_file=str(control.folder / "ca.crt"), token_file=str(file))


@asynccontextmanager
async def replica(control: Control, file: Path) -> AsyncIterator[Replica]:
    async with serving(access(control, file), settings(QUICK)) as running:
        yield running


def problem_of(running: Replica, kind: str) -> str:
    return next((each["problem"] for each in running.problems() if each.get("collection") == kind), "")


def root(running: Replica) -> str:
    assert running.keeper.authority is not None
    return running.keeper.authority.certificate


def bound(control: Control) -> str:
    """Ask for a token of the control plane that is good as long as a Secret is there."""
    home = "/api/v1/namespaces/istio-system"
    objects.create(control, f"{home}/secrets", {"metadata": {"name": "bound"}})
    uid = control.request("GET", f"{home}/secrets/bound")[1]["metadata"]["uid"]
    reference = {"kind": "Secret", "apiVersion": "v1", "name": "bound", "uid": uid}
    answer = objects.create(control, f"{home}/serviceaccounts/istiod/token", {"spec": {"boundObjectRef": reference}})
    return str(answer["status"]["token"])


def test_a_control_plane_whose_token_is_over_says_so_and_goes_on_with_the_next_one(
    own: Control, tmp_path: Path
) -> None:
    shop(own)
    file = tmp_path / "token"
    file.write_text(expired(own, "istio-system", "istiod"))

    async def play() -> None:
        async with replica(own, file) as running:
            await until(lambda: any("401" in str(each) for each in running.problems()))
            assert not running.ready.is_set()
            assert any("401" in reason for reason in running.not_ready())
            file.write_text(await do(bound, own))
            await running.ready.wait()
            async with connected(
                running.ports["tls"], Proof(root(running), token=await do(token, own)), "web-1", "shop", "web"
            ) as sidecar:
                await sidecar.subscribe()
                await sidecar.until(
                    lambda: all(b"10.1.0.1" in sidecar.body(ENDPOINT, cluster(n)) for n in range(SERVICES))
                )
                await running.plane.settled(running.plane.generation)
                received = sidecar.received
                # The token ends before its time: the API server knows nobody of it any more, a moment later.
                await do(objects.delete, own, "/api/v1/namespaces/istio-system/secrets/bound")
                # Each collection hears of it in its own time.
                await until(lambda: "401" in problem_of(running, "EndpointSlice"))
                await do(move, own, 0, "10.1.0.2")
                assert (running.not_ready(), sidecar.received) == ((), received)
                file.write_text(await do(objects.token, own, "istio-system", "istiod"))
                await sidecar.until(lambda: b"10.1.0.2" in sidecar.body(ENDPOINT, cluster(0)))
                assert sidecar.received == received + 1
                await until(lambda: not running.problems())

    played(play())


def test_a_proxy_whose_token_is_over_is_refused_and_one_that_is_there_stays(own: Control, tmp_path: Path) -> None:
    shop(own)
    file = tmp_path / "token"
    file.write_text(objects.token(own, "istio-system", "istiod"))

    async def play() -> None:
        async with replica(own, file) as running:
            await running.ready.wait()
            port, trusted = running.ports["tls"], root(running)
            good = Proof(trusted, token=await do(token, own))
            async with connected(port, good, "web-1", "shop", "web") as sidecar:
                await sidecar.subscribe()
                await sidecar.until(lambda: b"10.1.0.1" in sidecar.body(ENDPOINT, cluster(0)))
                over = Proof(trusted, token=await do(expired, own, "shop", "web", "istio-ca"))
                code, text = await refusal(port, over, "web-2", "shop", "web")
                assert (code, "expired" in text) == (grpc.StatusCode.UNAUTHENTICATED, True), text
                await do(move, own, 0, "10.1.0.2")
                await sidecar.until(lambda: b"10.1.0.2" in sidecar.body(ENDPOINT, cluster(0)))

    played(play())


def test_a_control_plane_without_its_rights_keeps_its_proxies_and_says_what_it_lacks(
    own: Control, tmp_path: Path
) -> None:
    shop(own)
    file = tmp_path / "token"
    file.write_text(objects.token(own, "istio-system", "istiod"))

    async def play() -> None:
        async with replica(own, file) as running:
            await running.ready.wait()
            port, trusted = running.ports["tls"], root(running)
            async with connected(port, Proof(trusted, token=await do(token, own)), "web-1", "shop", "web") as sidecar:
                await sidecar.subscribe()
                await sidecar.until(
                    lambda: all(b"10.1.0.1" in sidecar.body(ENDPOINT, cluster(n)) for n in range(SERVICES))
                )
                await running.plane.settled(running.plane.generation)
                received = sidecar.received
                await do(objects.delete, own, BINDING)
                await do(objects.delete, own, HOME_BINDING)
                lacking = {"Service", "EndpointSlice", "ConfigMap", "Secret"}
                await until(lambda: lacking <= {e.get("collection") for e in running.problems()})
                assert any("forbidden" in str(each) for each in running.problems())
                # Who is there stays as it is; nobody new can be known.
                other = Proof(trusted, token=await do(token, own))
                _, text = await refusal(port, other, "web-2", "shop", "web")
                assert text.startswith("the token cannot be checked now: 403"), text
                await do(move, own, 0, "10.1.0.2")
                assert (running.not_ready(), sidecar.received) == ((), received)
                await do(installed, own)
                await sidecar.until(lambda: b"10.1.0.2" in sidecar.body(ENDPOINT, cluster(0)))
                assert sidecar.received == received + 1
                async with connected(port, other, "web-2", "shop", "web") as late:
                    await late.subscribe()
                    await late.until(lambda: b"10.1.0.2" in late.body(ENDPOINT, cluster(0)))
                await until(lambda: not running.problems())

    played(play())


class Process:
    """`pillion serve` as a process that can be killed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.port = 0
        self._process = process

    async def kill(self) -> None:
        """End it with no time to say goodbye."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


@asynccontextmanager
async def process(control: Control, log: Path) -> AsyncIterator[Process]:
    argv = ["-m", "pillion", "serve", "--kubeconfig", str(control.kubeconfig), "-o", "json", *words()]
    with log.open("wb") as errors:
        started = await asyncio.create_subprocess_exec(
            sys.executable, *argv, stdout=asyncio.subprocess.PIPE, stderr=errors
        )
    assert started.stdout is not None
    running = Process(started)
    try:
        await started.stdout.readline()
        ready = await started.stdout.readline()
        assert ready, await do(log.read_text)
        running.port = json.loads(ready)["ready"]["tls"]
        yield running
    finally:
        await running.kill()


class Moving:
    """A proxy that goes to another replica when its own is gone, and remembers what it has."""

    def __init__(self, proof: Proof, name: str) -> None:
        self.known: dict[tuple[str, str], str] = {}
        self.needless: list[tuple[str, str]] = []
        """What it was sent, before its move or after, though it had just that."""
        self.lost: list[tuple[str, str]] = []
        """What it was told to forget."""
        self.sidecar: Sidecar | None = None
        self.moved = asyncio.Event()
        self._proof = proof
        self._name = name

    async def run(self, ports: list[int]) -> None:
        """Be connected to these, one after the other, until cancelled."""
        for port in ports:
            try:
                async with connected(port, self._proof, self._name, "shop", "web") as sidecar:
                    await self._follow(sidecar)
            except* (grpc.aio.AioRpcError, EndedError):
                pass  # on to the next one

    async def _follow(self, sidecar: Sidecar) -> None:
        before = dict(self.known)
        self.sidecar = sidecar
        await sidecar.subscribe(before)
        if before:
            self.moved.set()
        try:
            await sidecar.ended.wait()
        finally:
            self.known = dict(sidecar.versions)
            self.needless += sidecar.again
            self.lost += sidecar.lost

    def has(self, service: int, address: str) -> bool:
        """Whether it was told an endpoint."""
        return self.sidecar is not None and address.encode() in self.sidecar.body(ENDPOINT, cluster(service))


def test_when_one_of_two_replicas_dies_under_load_no_proxy_loses_or_hears_twice(own: Control, tmp_path: Path) -> None:
    shop(own)
    proof_token = token(own)

    moved = asyncio.Event()

    async def load() -> int:
        """Change endpoints without a pause until all have moved; return how often."""
        for number in itertools.count():
            for service in range(SERVICES):
                await do(move, own, service, f"10.2.{number // 200}.{number % 200 + 1}")
            if moved.is_set():
                return number
        raise AssertionError

    async def play() -> None:
        async with AsyncExitStack() as stack:
            first = await stack.enter_async_context(process(own, tmp_path / "first"))
            second = await stack.enter_async_context(process(own, tmp_path / "second"))
            secret = own.request("GET", "/api/v1/namespaces/istio-system/secrets/pillion-ca")[1]["data"]["ca-cert.pem"]
            proof = Proof(base64.b64decode(secret).decode(), token=proof_token)
            movers = [Moving(proof, f"web-{number}") for number in range(PROXIES)]
            stayers = [Moving(proof, f"stay-{number}") for number in range(PROXIES)]
            async with asyncio.TaskGroup() as tasks:
                running = [tasks.create_task(each.run([first.port, second.port])) for each in movers]
                running += [tasks.create_task(each.run([second.port])) for each in stayers]
                await until(lambda: all(each.has(n, "10.1.0.1") for each in movers + stayers for n in range(SERVICES)))
                loading = tasks.create_task(load())
                await until(lambda: not any(each.has(n, "10.1.0.1") for each in movers for n in range(SERVICES)))
                await first.kill()
                await asyncio.gather(*(each.moved.wait() for each in movers))
                moved.set()
                assert await loading > 0
                last = "10.3.0.1"
                for service in range(SERVICES):
                    await do(move, own, service, last)
                await until(lambda: all(each.has(n, last) for each in movers + stayers for n in range(SERVICES)))
                for each in running:
                    each.cancel()
            names = {key for key, _ in stayers[0].known.items()}
            assert {(CLUSTER, cluster(n)) for n in range(SERVICES)} <= names
            for each in movers + stayers:
                assert each.known == stayers[0].known
                assert (each.needless, each.lost) == ([], [])

    played(play())
