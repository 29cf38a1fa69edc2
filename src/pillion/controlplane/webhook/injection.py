"""The server that injects: pods go to the desk and are counted, and pages say how it goes."""

import time

from aiohttp import web

from pillion.controlplane.webhook.desk import Desk
from pillion.controlplane.webhook.limits import Limits
from pillion.controlplane.webhook.metrics import CONTENT_TYPE, Metrics
from pillion.controlplane.webhook.post import Posted
from pillion.controlplane.webhook.server import Server
from pillion.controlplane.webhook.status import Status


def injection_server(desk: Desk, status: Status, metrics: Metrics, limits: Limits) -> Server:
    """Make a server with `/inject`, `/readyz` and `/metrics`."""

    def readyz() -> web.Response:
        workers = desk.ready
        code = 200 if status.is_ready(workers) else 503
        return web.Response(status=code, body=status.text(workers), content_type="application/json")

    def text() -> web.Response:
        return web.Response(body=metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    posts = {"/inject": InjectionPost(desk, metrics)}
    return Server(posts, {"/readyz": readyz, "/metrics": text}, limits, lambda: status.is_draining)


class InjectionPost:
    """Hands pods to the desk, and counts them (a `post.Post`)."""

    def __init__(self, desk: Desk, metrics: Metrics) -> None:
        self._desk = desk
        self._metrics = metrics

    async def answer(self, posted: Posted) -> bytes:
        """Answer a review of a pod."""
        answered = await self._desk.respond(posted.body, posted.path, posted.seconds)
        self._metrics.review(answered.fate, time.perf_counter() - posted.began)
        return answered.body

    def refused(self, _status: int, began: float) -> None:
        """Count what was no review."""
        self._metrics.review("failed", time.perf_counter() - began)
