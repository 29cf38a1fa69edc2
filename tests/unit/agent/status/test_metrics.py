from pillion.agent import http
from pillion.agent.admin import Admin
from pillion.agent.probes import Scrape
from pillion.agent.status.metrics import Metrics
from pillion.value import FrozenMap
from support.web import Web, serving

ASKED = http.Request(target="/stats/prometheus", headers=FrozenMap({"user-agent": "Prometheus", "cookie": "x"}))


def test_three_sources_in_one_answer() -> None:
    web = Web({"/stats/prometheus": "envoy_up 1\n", "/app": "app_up 1\n# EOF\n"})

    async def talk(port: int) -> None:
        metrics = Metrics(Admin("127.0.0.1", port), Scrape(port=port, path="/app"))
        metrics.restarts = 3
        answer = await metrics.merged(ASKED)
        lines = answer.body.decode().splitlines()
        assert lines[-2:] == ["envoy_up 1", "app_up 1"]
        assert "istio_agent_num_proxy_restarts 3" in lines

    serving(web, talk)
    application = next(asked for asked in web.asked if asked.target == "/app")
    assert application.headers["user-agent"] == "Prometheus"
    assert "cookie" not in application.headers


def test_a_source_that_fails_is_counted_and_left_out() -> None:
    async def talk(port: int) -> None:
        metrics = Metrics(Admin("127.0.0.1", port), Scrape(port=port, path="/missing"))
        await metrics.merged(ASKED)
        answer = await metrics.merged(ASKED)
        assert 'istio_agent_scrape_failures_total{type="application"} 2' in answer.body.decode()
        assert "envoy_up 1\n" in answer.body.decode()

    serving(Web({"/stats/prometheus": "envoy_up 1\n"}), talk)
