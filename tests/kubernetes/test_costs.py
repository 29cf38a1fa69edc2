"""What a change in a real API server costs its proxies: messages, resources and bytes, and nobody else anything."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from kubernetes import objects
from kubernetes.kit.control import Control
from kubernetes.replicas import settings
from kubernetes.sidecar import Proof, Sidecar, connected
from pillion.controlplane.serve.server import Replica, serving
from pillion.sources.kubernetes.access import from_kubeconfig
from pillion.xds.type_urls import ENDPOINT, ROUTE

pytestmark = pytest.mark.root
PROXIES = 20
SERVICES = 20
"""Of each namespace; a proxy knows its own alone."""
SIDECARS = "/apis/networking.istio.io/v1/namespaces/istio-system/sidecars"
MOST = (60, 60, 240_000)
"""Messages, resources and bytes that a new service costs its proxies together; nine tenths of the bytes are the routes
of the port, which the services of a namespace share."""


def world(control: Control) -> dict[str, str]:
    """Make services in two namespaces; return a token for each."""
    objects.namespace(control, "istio-system")
    objects.create(control, objects.DEFINITIONS, objects.definition("sidecars", "Sidecar"))
    while control.request("GET", SIDECARS)[0] != 200:
        pass  # it is served a moment later
    spec = {"egress": [{"hosts": ["./*"]}]}
    document = {"apiVersion": "networking.istio.io/v1", "kind": "Sidecar", "metadata": {"name": "default"}}
    objects.create(control, SIDECARS, {**document, "spec": spec})
    tokens: dict[str, str] = {}
    for name in ("shop", "far"):
        objects.namespace(control, name)
        objects.create(control, f"/api/v1/namespaces/{name}/serviceaccounts", {"metadata": {"name": "web"}})
        for number in range(SERVICES):
            made(control, name, f"s{number}")
        tokens[name] = objects.token(control, name, "web", "istio-ca")
    return tokens


def made(control: Control, namespace: str, name: str) -> None:
    """Make a service with an endpoint, which is there first."""
    slices = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
    objects.create(control, slices, objects.endpoint_slice(name, "10.1.0.1"))
    objects.create(control, f"/api/v1/namespaces/{namespace}/services", objects.service(name))


def cluster(name: str) -> str:
    return f"outbound|80||{name}.shop.svc.cluster.local"


def spent(sidecars: list[Sidecar]) -> tuple[int, int, int]:
    return (
        sum(each.messages for each in sidecars),
        sum(each.received for each in sidecars),
        sum(each.size for each in sidecars),
    )


def test_a_new_service_costs_those_who_may_call_it_little_and_the_others_nothing(own: Control) -> None:
    tokens = world(own)

    async def play() -> None:
        async with asyncio.timeout(90), AsyncExitStack() as stack:
            running = await stack.enter_async_context(serving(from_kubeconfig([own.kubeconfig]), settings()))
            await running.ready.wait()
            near, far = [await crowd(stack, running, namespace) for namespace in ("shop", "far")]
            await running.plane.settled(running.plane.generation)
            before, others = spent(near), spent(far)
            await asyncio.to_thread(made, own, "shop", "new")
            for each in near:
                await each.until(lambda one=each: b"10.1.0.1" in one.body(ENDPOINT, cluster("new")))
                await each.until(lambda one=each: b"new.shop.svc" in one.body(ROUTE, "80"))
            await running.plane.settled(running.plane.generation)
            cost = tuple(after - old for after, old in zip(spent(near), before, strict=True))
            assert all(0 < one <= most for one, most in zip(cost, MOST, strict=True)), cost
            assert spent(far) == others
            assert all(each.again == [] for each in near)

    async def crowd(stack: AsyncExitStack, running: Replica, namespace: str) -> list[Sidecar]:
        assert running.keeper.authority is not None
        proof = Proof(running.keeper.authority.certificate, token=tokens[namespace])
        found: list[Sidecar] = []
        for number in range(PROXIES):
            way = connected(running.ports["tls"], proof, f"web-{number}", namespace, "web")
            sidecar = await stack.enter_async_context(way)
            await sidecar.subscribe()
            await sidecar.ask(ROUTE, "80")
            found.append(sidecar)
        for each in found:
            name = f"outbound|80||s0.{namespace}.svc.cluster.local"
            await each.until(lambda one=each, of=name: b"10.1.0.1" in one.body(ENDPOINT, of))
            await each.until(lambda one=each: one.has(ROUTE, "80"))
        return found

    asyncio.run(play())
