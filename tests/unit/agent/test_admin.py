import asyncio

from pillion.agent.admin import STATE, UPDATES, Admin, Readiness
from support.web import Web, serving

UPDATED = "cluster_manager.cds.update_success: 2\nlistener_manager.lds.update_success: 1\n"
LIVE = "server.state: 0\nlistener_manager.workers_started: 1\n"
NOT_YET = "cluster_manager.cds.update_success: 1\nlistener_manager.lds.update_success: 0\n"


def readiness(updates: str, state: str) -> Readiness:
    found: list[Readiness] = []

    async def talk(port: int) -> None:
        found.append(await Admin("127.0.0.1", port).readiness())

    serving(Web({f"/stats?filter={UPDATES}": updates, f"/stats?filter={STATE}": state}), talk)
    return found[0]


def test_ready_with_clusters_listeners_and_workers() -> None:
    assert readiness(UPDATED, LIVE) == Readiness(ready=True)


def test_not_ready_and_why() -> None:
    assert readiness("", LIVE).reason == "no clusters and no listeners from the control plane yet"
    assert readiness(NOT_YET, LIVE).reason == "no listeners from the control plane yet"
    assert readiness(UPDATED, "server.state: 2\n").reason == "Envoy is not live: state 2"
    assert readiness(UPDATED, "server.state: 0\nlistener_manager.workers_started: 0\n").reason.startswith(
        "Envoy's work"
    )


def test_configuration_is_asked_for_once_in_an_envoy_s_life() -> None:
    web = Web({f"/stats?filter={UPDATES}": UPDATED, f"/stats?filter={STATE}": LIVE})

    async def talk(port: int) -> None:
        admin = Admin("127.0.0.1", port)
        assert (await admin.readiness()).ready
        del web.answers[f"/stats?filter={UPDATES}"]
        assert (await admin.readiness()).ready
        admin.restarted()
        assert not (await admin.readiness()).ready

    serving(web, talk)


def test_an_envoy_that_is_not_there_is_not_ready() -> None:
    assert not asyncio.run(Admin("127.0.0.1", 1).readiness()).ready


def test_connections_of_clients_are_counted_and_no_others() -> None:
    stats = (
        "listener.0.0.0.0_15006.downstream_cx_active: 3\nlistener.0.0.0.0_15006.worker_0.downstream_cx_active: 3\n"
        "listener.admin.downstream_cx_active: 1\nhttp.inbound.downstream_cx_active: 3\n"
        "listener.10.0.0.1_80.downstream_cx_active: 2\n"
    )

    async def talk(port: int) -> None:
        assert await Admin("127.0.0.1", port).active_connections() == 5

    serving(Web({"/stats?filter=downstream_cx_active%24": stats}), talk)


def test_inbound_listeners_are_drained_gracefully() -> None:
    web = Web({"/drain_listeners?inboundonly&graceful": "OK\n"})

    async def talk(port: int) -> None:
        await Admin("127.0.0.1", port).drain_listeners(inbound_only=True)

    serving(web, talk)
    assert [(asked.method, asked.target) for asked in web.asked] == [("POST", "/drain_listeners?inboundonly&graceful")]
