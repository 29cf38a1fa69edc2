"""The control plane over a real API server, and sidecars that prove who they are."""

import asyncio
import base64
import datetime as dt
import json
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import grpc
import pytest

from kubernetes import objects
from kubernetes.kit.control import Control
from kubernetes.sidecar import Proof, connected, refusal
from pillion.controlplane.serve.server import Replica, serving
from pillion.controlplane.serve.settings import Address, ServeSettings
from pillion.pki.authority import issue
from pillion.sources.kubernetes.access import from_kubeconfig
from pillion.sources.kubernetes.reflector import Patience
from pillion.xds.type_urls import CLUSTER, ENDPOINT, LISTENER

pytestmark = pytest.mark.root
ANY = Address("127.0.0.1", 0)
WEB = "outbound|80||web.shop.svc.cluster.local"


def played(play: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(90):
            await play

    asyncio.run(bounded())


async def do(work: Callable[..., Any], *arguments: Any) -> Any:
    """Do something slow beside the loop."""
    return await asyncio.to_thread(work, *arguments)


@asynccontextmanager
async def replica(control: Control, namespace: str = "istio-system", revision: str = "") -> AsyncIterator[Replica]:
    settings = ServeSettings(
        namespace=namespace,
        revision=revision,
        tls=ANY,
        monitoring=ANY,
        debug=ANY,
        patience=Patience(first=0.05, longest=0.3),
    )
    async with serving(from_kubeconfig([control.kubeconfig]), settings) as running:
        await running.ready.wait()
        yield running


def shop(control: Control, *accounts: str) -> None:
    """Make a namespace with a service, and accounts."""
    for name in ("istio-system", "shop"):
        objects.namespace(control, name)
    for account in accounts:
        objects.create(control, "/api/v1/namespaces/shop/serviceaccounts", {"metadata": {"name": account}})
    objects.create(control, "/api/v1/namespaces/shop/services", objects.service("web"))
    slices = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices"
    objects.create(control, slices, objects.endpoint_slice("web", "10.1.0.1"))


def token(control: Control, account: str, audience: str = "istio-ca") -> str:
    return objects.token(control, "shop", account, audience)


def root(running: Replica) -> str:
    assert running.keeper.authority is not None
    return running.keeper.authority.certificate


async def page(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as answer:
        return answer.status, await answer.text()


def test_tells_a_sidecar_its_configuration_and_each_change(own: Control) -> None:
    shop(own, "web")
    at = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices/web-a"

    async def play() -> None:
        async with replica(own) as running:
            proof = Proof(root(running), token=await do(token, own, "web"))
            async with connected(running.ports["tls"], proof, "web-1", "shop", "web") as sidecar:
                await sidecar.subscribe()
                await sidecar.until(lambda: b"10.1.0.1" in sidecar.body(ENDPOINT, WEB))
                await do(objects.patch, own, at, {"endpoints": [{"addresses": ["10.1.0.2"]}]})
                await sidecar.until(lambda: b"10.1.0.2" in sidecar.body(ENDPOINT, WEB))
                await do(objects.create, own, "/api/v1/namespaces/shop/services", objects.service("new"))
                await sidecar.until(lambda: sidecar.has(CLUSTER, "outbound|80||new.shop.svc.cluster.local"))
                await do(objects.delete, own, "/api/v1/namespaces/shop/services/new")
                await sidecar.until(lambda: not sidecar.has(CLUSTER, "outbound|80||new.shop.svc.cluster.local"))
                await running.plane.settled(running.plane.generation)
                await pages_show(running)

    async def pages_show(running: Replica) -> None:
        debug = running.ports["debug"]
        status, text = await page(debug, "/debug/syncz")
        (sync,) = json.loads(text)
        assert (status, sync["proxy"]) == (200, "web-1.shop")
        assert sync["cluster_sent"] == sync["cluster_acked"] != ""
        dump = json.loads((await page(debug, "/debug/config_dump?proxyID=web-1.shop"))[1])
        clusters = [each["cluster"]["name"] for each in dump["configs"][0]["dynamicActiveClusters"]]
        assert WEB in clusters
        (scope,) = json.loads((await page(debug, "/debug/sidecarz?proxyID=web-1.shop"))[1])
        assert "web.shop.svc.cluster.local" in scope["egress"][0]["services"]
        assert "10.1.0.2" in (await page(debug, "/debug/endpointz"))[1]
        assert "10.1.0.2" in (await page(debug, "/debug/endpointz?proxyID=web-1.shop"))[1]
        assert (await page(debug, "/debug/config_dump?proxyID=nobody"))[0] == 404
        monitoring = running.ports["monitoring"]
        assert await page(monitoring, "/ready") == (200, "ready")
        assert (await page(monitoring, "/debug/syncz"))[0] == 404
        metrics = (await page(monitoring, "/metrics"))[1].splitlines()
        assert f'pilot_xds{{version="{running.version}"}} 1.0' in metrics
        assert any(line.startswith('pilot_xds_pushes{type="cds"}') for line in metrics)
        assert any(line.startswith("pilot_proxy_convergence_time_bucket") for line in metrics)

    played(play())


def test_shows_the_templates_that_inject(own: Control) -> None:
    shop(own)

    async def play() -> None:
        async with replica(own) as running:
            debug = running.ports["debug"]
            assert (await page(debug, "/debug/inject"))[0] == 503
            injector = {"metadata": {"name": "istio-sidecar-injector"}, "data": {"config": "templates: {sidecar: a}"}}
            await do(objects.create, own, "/api/v1/namespaces/istio-system/configmaps", injector)
            assert await page(debug, "/debug/inject") == (200, '{"sidecar":"a"}')
            assert "/debug/inject" in (await page(debug, "/debug"))[1]
            assert (await page(running.ports["monitoring"], "/debug/inject"))[0] == 404

    played(play())


def test_refuses_who_proves_nothing_or_asks_for_somebody_else(own: Control) -> None:
    shop(own, "web", "other", "gone")
    objects.create(own, "/api/v1/namespaces/shop/pods", {**objects.pod("web-1"), "spec": {
        "serviceAccountName": "web", "containers": [{"name": "app", "image": "app"}]}})  # fmt: skip

    async def play() -> None:
        async with replica(own) as running:
            port, trusted = running.ports["tls"], root(running)

            async def refused(name: str, account: str, **shown: str) -> tuple[Any, str]:
                return await refusal(port, Proof(trusted, **shown), name, "shop", account)

            denied, unknown = grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED
            assert (await refused("web-1", "web"))[0] == unknown
            assert (await refused("web-1", "web", token="e30.e30.e30"))[0] == unknown
            foreign = await do(token, own, "web", "somebody-else")
            assert (await refused("web-1", "web", token=foreign))[0] == unknown
            other = await do(token, own, "other")
            code, text = await refused("web-1", "web", token=other)
            assert (code, text) == (denied, "shop/other cannot speak for shop/web")
            bound = await do(bound_token, own, "web", "web-1")
            code, text = await refused("web-2", "web", token=bound)
            assert (code, text) == (denied, "pod shop/web-1 cannot speak for pod shop/web-2")
            async with connected(port, Proof(trusted, token=bound), "web-1", "shop", "web") as sidecar:
                await sidecar.subscribe()
                await sidecar.until(lambda: sidecar.has(CLUSTER, WEB))
            lost = await do(token, own, "gone")
            await do(objects.delete, own, "/api/v1/namespaces/shop/serviceaccounts/gone")
            assert (await refused("gone-1", "gone", token=lost))[0] == unknown
            assert running.authenticator.failures == 4

    def bound_token(control: Control, account: str, pod: str) -> str:
        uid = control.request("GET", f"/api/v1/namespaces/shop/pods/{pod}")[1]["metadata"]["uid"]
        bound = {"kind": "Pod", "apiVersion": "v1", "name": pod, "uid": uid}
        body = {"spec": {"audiences": ["istio-ca"], "boundObjectRef": bound}}
        path = f"/api/v1/namespaces/shop/serviceaccounts/{account}/token"
        return str(objects.create(control, path, body)["status"]["token"])

    played(play())


def test_knows_a_sidecar_by_a_certificate_of_its_own_authority(own: Control) -> None:
    shop(own)

    async def play() -> None:
        async with replica(own) as running:
            authority, now = running.keeper.authority, dt.datetime.now(dt.UTC)
            assert authority is not None
            leaf = issue(authority, ["spiffe://cluster.local/ns/shop/sa/web"], now)
            proof = Proof(authority.certificate, certificate=leaf.certificate, key=leaf.key)
            async with connected(running.ports["tls"], proof, "web-1", "shop", "web") as sidecar:
                await sidecar.subscribe()
                await sidecar.until(lambda: sidecar.has(CLUSTER, WEB))
            code, _ = await refusal(running.ports["tls"], proof, "web-1", "shop", "other")
            assert code == grpc.StatusCode.PERMISSION_DENIED
            foreign = issue(authority, ["spiffe://elsewhere/ns/shop/sa/web"], now)
            shown = Proof(authority.certificate, certificate=foreign.certificate, key=foreign.key)
            code, _ = await refusal(running.ports["tls"], shown, "web-1", "shop", "web")
            assert code == grpc.StatusCode.UNAUTHENTICATED

    played(play())


def test_a_sidecar_moves_between_replicas_and_nothing_is_sent_again(own: Control) -> None:
    shop(own, "web")

    async def play() -> None:
        async with replica(own) as second:
            async with replica(own) as first:
                assert first.keeper.authority == second.keeper.authority
                proof = Proof(root(first), token=await do(token, own, "web"))
                async with connected(first.ports["tls"], proof, "web-1", "shop", "web") as sidecar:
                    await sidecar.subscribe()
                    await sidecar.until(lambda: b"10.1.0.1" in sidecar.body(ENDPOINT, WEB))
                    await first.plane.settled(first.plane.generation)
                    known = dict(sidecar.versions)
            async with connected(second.ports["tls"], proof, "web-1", "shop", "web") as again:
                await again.subscribe(known)
                await do(objects.create, own, "/api/v1/namespaces/shop/services", objects.service("new"))
                await again.until(lambda: again.has(CLUSTER, "outbound|80||new.shop.svc.cluster.local"))
                clusters = [name for of, name in again.bodies if of == CLUSTER]
                assert clusters == ["outbound|80||new.shop.svc.cluster.local"]

    played(play())


def test_keeps_serving_while_the_api_server_is_away(own: Control) -> None:
    shop(own, "web")
    at = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices/web-a"

    async def play() -> None:
        async with replica(own) as running:
            shown = await do(token, own, "web")
            proof = Proof(root(running), token=shown)
            async with connected(running.ports["tls"], proof, "web-1", "shop", "web") as sidecar:
                await sidecar.subscribe()
                await sidecar.until(lambda: b"10.1.0.1" in sidecar.body(ENDPOINT, WEB))
                await running.plane.settled(running.plane.generation)
                received = sidecar.received
                await do(own.kill, "kube-apiserver")
                _, text = await refusal(
                    running.ports["tls"], Proof(root(running), token=shown + "x"), "w", "shop", "web"
                )
                assert text.startswith("the token cannot be checked now")
                async with connected(running.ports["tls"], proof, "web-2", "shop", "web") as late:
                    await late.subscribe()
                    await late.until(lambda: late.has(CLUSTER, WEB))
                await do(own.start_api)
                await do(objects.patch, own, at, {"endpoints": [{"addresses": ["10.1.0.2"]}]})
                await sidecar.until(lambda: b"10.1.0.2" in sidecar.body(ENDPOINT, WEB))
                assert sidecar.received == received + 1

    played(play())


def test_takes_the_meshs_settings_from_their_map_and_keeps_the_last_good_ones(own: Control) -> None:
    shop(own)
    maps = "/api/v1/namespaces/istio-system/configmaps"

    async def play() -> None:
        async with replica(own) as running:

            async def until(mode: str) -> None:
                while running.plane.settings.config.outbound_traffic_policy.mode != mode:
                    await running.plane.pushed(running.plane.generation + 1)

            body = {"metadata": {"name": "istio"}, "data": {"mesh": "outboundTrafficPolicy: {mode: REGISTRY_ONLY}"}}
            await do(objects.create, own, maps, body)
            await until("REGISTRY_ONLY")
            await do(objects.patch, own, f"{maps}/istio", {"data": {"mesh": "outboundTrafficPolicy: {mode: NEVER}"}})
            while not running.problems():  # noqa: ASYNC110 (nothing announces it)
                await asyncio.sleep(0.02)
            assert "ConfigMap istio-system/istio" in json.dumps(running.problems())
            assert running.plane.settings.config.outbound_traffic_policy.mode == "REGISTRY_ONLY"
            await do(objects.delete, own, f"{maps}/istio")
            await until("ALLOW_ANY")
            assert running.problems() == []

    played(play())


def test_revisions_serve_side_by_side_and_each_goes_by_its_own_settings(own: Control) -> None:
    shop(own, "web")
    body = {"metadata": {"name": "istio-canary"}, "data": {"mesh": "outboundTrafficPolicy: {mode: REGISTRY_ONLY}"}}
    objects.create(own, "/api/v1/namespaces/istio-system/configmaps", body)
    leases = "/apis/coordination.k8s.io/v1/namespaces/istio-system/leases"

    async def play() -> None:
        shown = await do(token, own, "web")
        async with replica(own) as usual, replica(own, revision="canary") as canary:
            both = (usual, canary)
            modes = [each.plane.settings.config.outbound_traffic_policy.mode for each in both]
            assert (modes, usual.keeper.authority) == (["ALLOW_ANY", "REGISTRY_ONLY"], canary.keeper.authority)
            for running in both:
                proof = Proof(root(running), token=shown)
                async with connected(running.ports["tls"], proof, "web-1", "shop", "web") as sidecar:
                    await sidecar.subscribe()
                    await sidecar.until(lambda one=sidecar: one.has(LISTENER, "virtualOutbound"))
                    listener = sidecar.body(LISTENER, "virtualOutbound")
                    assert (b"PassthroughCluster" in listener) == (running is usual)
            while not all(each.writers.leader.leading for each in both):  # noqa: ASYNC110 (nothing announces it)
                await asyncio.sleep(0.05)
            held = [(await do(own.request, "GET", f"{leases}/istiod{of}"))[1]["spec"] for of in ("", "-canary")]
            assert len({each["holderIdentity"] for each in held}) == 2

    played(play())


def test_keeps_its_authority_when_the_secret_is_deleted_and_refuses_a_broken_one(
    own: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No key ever is in a file: a process that is killed would leave it behind.
    monkeypatch.setattr(tempfile, "tempdir", "/proc")
    shop(own)
    secret = "/api/v1/namespaces/istio-system/secrets/pillion-ca"

    async def play() -> None:
        async with replica(own) as running:
            before, now = running.keeper.authority, dt.datetime.now(dt.UTC)
            await do(objects.delete, own, secret)
            await running.keeper.refresh(now)
            assert running.keeper.authority == before
            leaf = running.keeper.leaf
            await running.keeper.refresh(now + dt.timedelta(days=25))
            assert running.keeper.leaf != leaf
            await running.keeper.refresh(now + dt.timedelta(days=3000))
            assert running.keeper.authority is not None
            assert before is not None
            assert running.keeper.authority.certificate != before.certificate
            assert running.keeper.authority.key == before.key

    played(play())


def test_the_command_says_where_it_listens_and_ends_in_good_order(own: Control) -> None:
    shop(own, "web")
    argv = ["serve", "--kubeconfig", str(own.kubeconfig), "-o", "json"]
    argv += [
        word for door in ("tls", "plaintext", "monitoring", "debug", "webhook") for word in (f"--{door}", "127.0.0.1:0")
    ]

    async def play() -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "pillion", *argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        try:
            assert process.stdout is not None
            assert set(json.loads(await process.stdout.readline())["listening"]) == {"monitoring", "debug"}
            ports = json.loads(await process.stdout.readline())["ready"]
            assert set(ports) == {"tls", "plaintext", "monitoring", "debug", "webhook"}
            assert await page(ports["monitoring"], "/ready") == (200, "ready")
            secret = own.request("GET", "/api/v1/namespaces/istio-system/secrets/pillion-ca")[1]["data"]["ca-cert.pem"]
            proof = Proof(base64.b64decode(secret).decode(), token=await do(token, own, "web"))
            async with connected(ports["tls"], proof, "web-1", "shop", "web") as sidecar:
                await sidecar.subscribe()
                await sidecar.until(lambda: sidecar.has(CLUSTER, WEB))
                process.terminate()
                await sidecar.ended.wait()
            _, errors = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.communicate()
        assert (process.returncode, errors.decode()) == (0, "")

    played(play())


def test_hands_its_certificate_to_every_namespace_and_to_new_ones(own: Control) -> None:
    shop(own)

    async def handed(namespace: str) -> str:
        path = f"/api/v1/namespaces/{namespace}/configmaps/istio-ca-root-cert"
        while True:
            status, found = await do(own.request, "GET", path)
            if status == 200:
                return found["data"]["root-cert.pem"]
            await asyncio.sleep(0.05)

    async def play() -> None:
        async with replica(own) as running:
            assert await handed("shop") == root(running)
            await do(objects.namespace, own, "later")
            assert await handed("later") == root(running)
            path = "/api/v1/namespaces/kube-system/configmaps/istio-ca-root-cert"
            assert (await do(own.request, "GET", path))[0] == 404

    played(play())


def test_leaves_the_certificate_of_another_control_plane_where_it_is(own: Control) -> None:
    shop(own)
    objects.namespace(own, "theirs")
    theirs = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "istio-ca-root-cert"},
        "data": {"root-cert.pem": "another authority's"},
    }
    maps = "/api/v1/namespaces/{}/configmaps"
    assert own.request("POST", maps.format("theirs"), theirs)[0] == 201

    async def noticed(running: Replica) -> None:
        while True:
            if running.roots.problem:
                return
            await asyncio.sleep(0.05)

    async def play() -> None:
        async with replica(own) as running:
            await noticed(running)
            assert "kept by somebody else in theirs: pods there" in running.roots.problem
            assert {"resource": "ConfigMap istio-ca-root-cert", "problem": running.roots.problem} in running.problems()
            kept = await do(own.request, "GET", maps.format("theirs") + "/istio-ca-root-cert")
            assert kept[1]["data"] == theirs["data"]
            ours = await do(own.request, "GET", maps.format("shop") + "/istio-ca-root-cert")
            assert ours[1]["data"]["root-cert.pem"] == root(running)

    played(play())


def test_two_control_planes_do_not_overwrite_each_other_and_take_over_what_was_written_before(own: Control) -> None:
    shop(own)
    for name in ("other-system", "former"):
        objects.namespace(own, name)
    path = "/api/v1/namespaces/{}/configmaps/istio-ca-root-cert"
    former = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "istio-ca-root-cert"}}
    former["data"] = {"root-cert.pem": "an older certificate of ours"}
    query = "?fieldManager=pillion"
    assert own.request("PATCH", path.format("former") + query, former, "application/apply-patch+yaml")[0] == 201

    async def held(namespace: str) -> str:
        found = await do(own.request, "GET", path.format(namespace))
        return found[1]["data"]["root-cert.pem"] if found[0] == 200 else ""

    async def play() -> None:
        async with replica(own) as first:
            for namespace in ("shop", "former"):
                while await held(namespace) != root(first):  # noqa: ASYNC110 (it is polled over HTTP)
                    await asyncio.sleep(0.05)
            assert not first.roots.problem
            async with replica(own, "other-system") as second:
                while not second.roots.problem:  # noqa: ASYNC110 (nothing announces it)
                    await asyncio.sleep(0.05)
                assert root(first) != root(second)
                assert await held("shop") == await held("former") == root(first)

    played(play())


def test_the_command_says_which_address_is_taken(own: Control) -> None:
    shop(own)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        doors = dict.fromkeys(("tls", "monitoring", "debug", "webhook"), "127.0.0.1:0")
        doors["webhook"] = f"127.0.0.1:{taken.getsockname()[1]}"
        argv = ["serve", "--kubeconfig", str(own.kubeconfig)]
        argv += [word for door, address in doors.items() for word in (f"--{door}", address)]
        done = subprocess.run(
            [sys.executable, "-m", "pillion", *argv], capture_output=True, text=True, check=False, timeout=60
        )
    assert (done.returncode, f"cannot listen at {doors['webhook']}: another process" in done.stderr) == (2, True)
    assert "Traceback" not in done.stderr
