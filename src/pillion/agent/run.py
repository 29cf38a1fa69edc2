"""The agent at work: one Envoy at a time, started again after a crash, drained before the end."""

import asyncio
import contextlib
import signal
import subprocess
from typing import TYPE_CHECKING

from pillion.agent import http
from pillion.agent.admin import Admin
from pillion.agent.credentials import Credentials
from pillion.agent.envoy import Envoy
from pillion.agent.plan import Plan
from pillion.agent.process import EnvoyError, start
from pillion.agent.report import say
from pillion.agent.status import metrics
from pillion.agent.status.port import Orders, Probed, Status

if TYPE_CHECKING:
    from pillion.agent.dns.server import DnsServer

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 10.0
STABLE_AFTER = 30.0
"""Seconds of life after which a crash starts a new row."""


class Agent:
    """Runs a plan."""

    def __init__(self, made: Plan) -> None:
        self._plan = made
        self._admin = Admin(made.localhost, made.admin_port)
        self._metrics = metrics.Metrics(self._admin, made.scrape)
        self._leave = asyncio.Event()
        self._leave_now = asyncio.Event()
        probed = Probed(probes=made.probes, pod_ip=made.pod_ip)
        self._drain_ordered = asyncio.Event()
        orders = Orders(drain=self._drain_ordered.set, leave=self._leave.set)
        self._status = Status(self._admin, self._metrics, probed, orders)

    def terminate(self) -> None:
        """Begin the end; a second call makes it short."""
        if self._leave.is_set():
            self._leave_now.set()
        self._leave.set()

    async def run(self, process: "subprocess.Popen[bytes]") -> int:
        """Serve until told to end or until Envoy, just started, cannot be kept alive; return the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.terminate)
        async with asyncio.TaskGroup() as group:
            server = http.Server(self._status, group)
            envoy = Envoy(process)
            keeping = group.create_task(self._keep_credentials())
            try:
                host = "::" if ":" in self._plan.localhost else "0.0.0.0"  # noqa: S104 the kubelet asks from outside
                await server.start(host, self._plan.status_port)
                names = await self._serve_names(group)
                try:
                    return await self._keep_alive(envoy)
                finally:
                    if names:
                        names.close()
            finally:
                keeping.cancel()
                server.close()

    async def _keep_credentials(self) -> None:
        if self._plan.proof:
            await Credentials(self._plan.proof, self._plan.sources).keep()

    async def _serve_names(self, group: asyncio.TaskGroup) -> "DnsServer | None":
        """Answer DNS where it is captured. Until a name of the mesh is told to us, all are asked upstream."""
        wanted = self._plan.dns
        if wanted is None:
            return None
        from pillion.agent.dns import server, table, upstream  # noqa: PLC0415 few pods capture DNS

        servers = tuple((address, 53) for address in wanted.upstream)
        names = server.DnsServer(upstream.Upstream(servers, parallel=wanted.parallel), group)
        names.table = table.build({}, wanted.place)
        await names.start(wanted.host, wanted.port)
        return names

    async def _keep_alive(self, envoy: Envoy) -> int:
        loop = asyncio.get_running_loop()
        crashes = 0
        while True:
            started = loop.time()
            code = await self._until_end(envoy)
            if self._leave.is_set():
                return 0
            crashes = 1 if loop.time() - started > STABLE_AFTER else crashes + 1
            say(f"Envoy ended with {code}")
            if crashes > self._plan.max_restarts:
                say(f"giving up after {self._plan.max_restarts} restarts")
                return code if code > 0 else 1
            self._admin.restarted()
            if await _happens(self._leave, min(FIRST_PAUSE * 2 ** (crashes - 1), LONGEST_PAUSE)):
                return 0
            self._metrics.restarts += 1
            envoy = Envoy(start(self._plan.options))

    async def _until_end(self, envoy: Envoy) -> int:
        """Wait until Envoy ends by itself, or drain and end it when the agent is told to go."""
        try:
            async with asyncio.TaskGroup() as group:
                ended = group.create_task(envoy.ended())
                ordered = group.create_task(self._drain_when_ordered())
                leaving = group.create_task(self._leave.wait())
                await asyncio.wait((ended, leaving), return_when=asyncio.FIRST_COMPLETED)
                leaving.cancel()
                ordered.cancel()
                if ended.done():
                    return ended.result()
                draining = group.create_task(self._drain())
                await asyncio.wait((ended, draining), return_when=asyncio.FIRST_COMPLETED)
                draining.cancel()
                ended.cancel()
            return await envoy.stop()
        except BaseException:
            envoy.kill()
            raise

    async def _drain_when_ordered(self) -> None:
        await self._drain_ordered.wait()
        await self._send_clients_away()

    async def _send_clients_away(self) -> bool:
        self._status.draining = True
        try:
            await self._admin.drain_listeners(inbound_only=True)
        except (OSError, TimeoutError, http.HttpError) as error:
            say(f"Envoy could not be drained: {error}")
            return False
        return True

    async def _drain(self) -> None:
        """Send clients away, and give their requests time: all of it, or until no connection is left if so told."""
        if not await self._send_clients_away():
            return
        if not self._plan.until_idle:
            await _happens(self._leave_now, self._plan.drain_seconds)
            return
        if await _happens(self._leave_now, self._plan.minimum_drain_seconds):
            return
        while await self._busy():
            if await _happens(self._leave_now, 1.0):
                return

    async def _busy(self) -> bool:
        try:
            return await self._admin.active_connections() > 0
        except (OSError, TimeoutError, http.HttpError):
            return False


async def _happens(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


def run(made: Plan, process: "subprocess.Popen[bytes]") -> int:
    """Run the agent beside its Envoy and return the exit code."""
    try:
        return asyncio.run(Agent(made).run(process))
    except* (OSError, EnvoyError) as group:
        say("; ".join(str(error) for error in group.exceptions))
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    return 1
