import asyncio

from pillion.agent import http
from pillion.agent.admin import Admin
from pillion.agent.status.metrics import Metrics
from pillion.agent.status.port import Orders, Probed, Status
from pillion.value import FrozenMap


def play(*requests: http.Request) -> tuple[list[int], list[str]]:
    """Ask a status port whose Envoy is not there; return the answers' codes and what was ordered."""
    ordered: list[str] = []

    async def ask() -> list[int]:
        admin = Admin("127.0.0.1", 1)
        orders = Orders(drain=lambda: ordered.append("drain"), leave=lambda: ordered.append("leave"))
        status = Status(admin, Metrics(admin, None), Probed(probes=FrozenMap(), pod_ip="127.0.0.1"), orders)
        codes = [(await status(request)).status for request in requests]
        await asyncio.sleep(0)
        return codes

    return asyncio.run(ask()), ordered


def test_what_is_not_there() -> None:
    assert play(http.Request(target="/"), http.Request(target="/app-health/web/readyz"))[0] == [404, 404]


def test_without_envoy_not_ready_but_metrics_answer() -> None:
    assert play(http.Request(target="/healthz/ready"), http.Request(target="/metrics"))[0] == [503, 200]


def test_orders_are_taken_by_post_from_inside_the_pod() -> None:
    codes, ordered = play(
        http.Request(target="/drain", method="POST", peer="10.0.0.9"),
        http.Request(target="/drain", method="GET", peer="127.0.0.1"),
        http.Request(target="/quitquitquit", method="POST", peer="::1"),
        http.Request(target="/drain", method="POST", peer="127.0.0.1"),
    )
    assert codes == [403, 405, 200, 200]
    assert ordered == ["leave", "drain"]
