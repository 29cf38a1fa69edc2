"""The HTTP doors of a replica: one for the cluster (metrics, readiness), one on loopback for people (debug pages)."""

import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol, cast

import msgspec
from aiohttp import web

from pillion.controlplane.binding import binding
from pillion.controlplane.client import Client
from pillion.controlplane.plane import ControlPlane
from pillion.controlplane.serve import pages
from pillion.controlplane.serve.dump import config_dump
from pillion.controlplane.serve.metrics import Metrics
from pillion.controlplane.serve.settings import Address
from pillion.sources.kubernetes.client import ApiError
from pillion.xds.status import StreamStatus

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Shown(Protocol):
    """What the pages show."""

    @property
    def plane(self) -> ControlPlane:
        """The control plane."""
        ...

    @property
    def metrics(self) -> Metrics:
        """Its metrics."""
        ...

    @property
    def cluster_name(self) -> str:
        """The name of the cluster."""
        ...

    @property
    def version(self) -> str:
        """Our version."""
        ...

    def streams(self) -> tuple[StreamStatus, ...]:
        """All streams."""
        ...

    def not_ready(self) -> tuple[str, ...]:
        """Why proxies are not served; nothing when they are."""
        ...

    def problems(self) -> list[dict[str, Any]]:
        """What is wrong with the resources of the cluster, or with reading them."""
        ...

    async def templates(self) -> dict[str, str]:
        """The templates that pods are injected with. Raises `ApiError`."""
        ...


def monitoring(shown: Shown) -> web.Application:
    """Give the application for the cluster."""
    application = web.Application()
    application.router.add_get("/metrics", _answer(lambda _: _metrics(shown)))
    application.router.add_get("/ready", _answer(lambda _: _ready(shown)))
    application.router.add_get("/version", _answer(lambda _: web.Response(text=shown.version)))
    return application


def debug(shown: Shown) -> web.Application:
    """Give the application for people."""

    def page(make: Callable[[web.Request], object]) -> Callable[[web.Request], web.Response]:
        return lambda request: _json(make(request))

    def sidecarz(request: web.Request) -> object:
        proxy = request.query.get("proxyID")
        return pages.sidecarz(shown.plane, shown.plane.clients if proxy is None else (_named(shown, proxy),))

    def endpointz(request: web.Request) -> object:
        proxy = request.query.get("proxyID")
        return pages.endpointz(shown.plane) if proxy is None else pages.endpoints_of(_named(shown, proxy))

    def dump(request: web.Request) -> object:
        client = _named(shown, request.query.get("proxyID", ""))
        return {} if client.view is None else config_dump(client.view)

    paths: dict[str, Callable[[web.Request], object]] = {
        "/debug/syncz": lambda _: pages.syncz(shown.streams(), shown.plane.clients, shown.cluster_name),
        "/debug/sidecarz": sidecarz,
        "/debug/endpointz": endpointz,
        "/debug/config_dump": dump,
        "/debug/configz": lambda _: shown.problems(),
    }

    async def inject(_: web.Request) -> web.StreamResponse:
        try:
            return _json(await shown.templates())
        except ApiError as problem:
            raise web.HTTPServiceUnavailable(text=f"the injection templates cannot be read: {problem}") from problem

    application = monitoring(shown)
    for path, make in paths.items():
        application.router.add_get(path, _answer(page(make)))
    application.router.add_get("/debug/inject", inject)
    listing = "\n".join(["/metrics", "/ready", "/version", *paths, "/debug/inject", ""])
    application.router.add_get("/debug", _answer(lambda _: web.Response(text=listing)))
    return application


@asynccontextmanager
async def listening(application: web.Application, address: Address) -> AsyncGenerator[int]:
    """Serve an application while the body runs; yields the port. Raises `BindingError`."""
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        with binding(*address):
            listener = _socket(address)  # the runner closes it
        await web.SockSite(runner, listener).start()
        yield cast("tuple[str, int]", listener.getsockname()[:2])[1]
    finally:
        await runner.cleanup()


def _socket(address: Address) -> socket.socket:
    if address.host or not socket.has_dualstack_ipv6():
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        return socket.create_server((address.host, address.port), family=family)
    return socket.create_server(("", address.port), family=socket.AF_INET6, dualstack_ipv6=True)


def _answer(make: Callable[[web.Request], web.Response]) -> Callable[[web.Request], Any]:
    async def answer(request: web.Request) -> web.StreamResponse:
        return make(request)

    return answer


def _metrics(shown: Shown) -> web.Response:
    return web.Response(body=shown.metrics.text(), headers={"Content-Type": METRICS_TYPE})


def _ready(shown: Shown) -> web.Response:
    reasons = shown.not_ready()
    return web.Response(text="\n".join(reasons) or "ready", status=503 if reasons else 200)


def _json(content: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(content), content_type="application/json")


def _named(shown: Shown, proxy: str) -> Client:
    found = pages.named(shown.plane.clients, proxy)
    if found is None:
        raise web.HTTPNotFound(text=f"no proxy {proxy!r} is connected; /debug/syncz lists them")
    return found
