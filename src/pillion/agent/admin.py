"""What is asked of Envoy's admin port: is it ready, how many connections are open, drain."""

from pillion.agent import http
from pillion.value import Value

UPDATES = "^(cluster_manager%5C.cds|listener_manager%5C.lds)%5C.(update_success|update_rejected)%24"
STATE = "^(server%5C.state|listener_manager%5C.workers_started)"
LIVE = "0"
"""The value of `server.state` once Envoy serves."""


class Readiness(Value):
    """Whether a proxy can serve; with the reason why not."""

    ready: bool
    reason: str = ""


class Admin:
    """Envoy's admin interface at an address; every method may raise `OSError`, `TimeoutError` or `http.HttpError`."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._configured = False

    def restarted(self) -> None:
        """Forget that Envoy had its configuration: it is a new one."""
        self._configured = False

    async def readiness(self) -> Readiness:
        """Return whether Envoy has got clusters and listeners, is live, and has its workers (as Istio's probe asks).

        Once Envoy has got its configuration, that is not asked again until it is restarted.
        """
        try:
            if not self._configured:
                updates = await self._stats(UPDATES)
                missing = [
                    name
                    for name, key in (("clusters", "cluster_manager.cds"), ("listeners", "listener_manager.lds"))
                    if updates.get(f"{key}.update_success", "0") == "0"
                ]
                if missing:
                    return Readiness(ready=False, reason=f"no {' and no '.join(missing)} from the control plane yet")
                self._configured = True
            state = await self._stats(STATE)
        except (OSError, TimeoutError, http.HttpError) as error:
            return Readiness(ready=False, reason=f"Envoy's admin port does not answer: {error}")
        if state.get("server.state") != LIVE:
            return Readiness(ready=False, reason=f"Envoy is not live: state {state.get('server.state', 'unknown')}")
        if state.get("listener_manager.workers_started") != "1":
            return Readiness(ready=False, reason="Envoy's workers have not started")
        return Readiness(ready=True)

    async def drain_listeners(self, *, inbound_only: bool) -> None:
        """Make Envoy refuse new connections gracefully."""
        target = f"/drain_listeners?{'inboundonly&' if inbound_only else ''}graceful"
        await http.fetch(self._address, http.Request(target=target, method="POST"))

    async def active_connections(self) -> int:
        """Return how many connections clients hold to listeners that the control plane made."""
        stats = await self._stats("downstream_cx_active%24")
        own = ("admin", "main_thread", ".stats", ".agent", "worker_")
        return sum(
            int(value)
            for name, value in stats.items()
            if name.startswith("listener.") and value.isdecimal() and not any(word in name for word in own)
        )

    async def prometheus(self) -> http.Response:
        """Return Envoy's statistics in Prometheus' text form."""
        return await http.fetch(self._address, http.Request(target="/stats/prometheus"), timeout=10)

    async def _stats(self, pattern: str) -> dict[str, str]:
        answer = await http.fetch(self._address, http.Request(target=f"/stats?filter={pattern}"))
        lines = (line.partition(": ") for line in answer.body.decode().splitlines())
        return {name: value for name, colon, value in lines if colon}
