"""Answers from memory and from injecting."""

import asyncio
import json
from typing import Any

from pillion.controlplane.webhook.desk import Desk
from pillion.controlplane.webhook.pool import Inline, WorkerLostError
from pillion.controlplane.webhook.worker import Ask, Found, Preparation, Prepared
from pillion.inject.settings import Settings, default_settings


class Counted(Inline):
    """Injects, and counts what it was asked."""

    def __init__(self, losses: int = 0) -> None:
        super().__init__()
        self.asked = 0
        self.losses = losses

    async def ask(self, asked: Ask) -> Found:
        self.asked += 1
        if self.losses:
            self.losses -= 1
            raise WorkerLostError
        return await super().ask(asked)


def body(name: str, **metadata: Any) -> bytes:
    pod = {"metadata": {"name": name} | metadata, "spec": {"containers": [{"name": "app", "image": "a"}]}}
    request = {"uid": name, "namespace": "shop", "object": pod}
    return json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}).encode()


def asked(
    injecting: Counted, *bodies: bytes, settings: Settings | None = None, remembered: int = 9
) -> list[dict[str, Any]]:
    async def play() -> list[dict[str, Any]]:
        desk = Desk(injecting, "refuse", remembered)
        await desk.prepare(Preparation(settings or default_settings()))
        return [json.loads((await desk.respond(each, "/inject", 5.0)).body)["response"] for each in bodies]

    return asyncio.run(play())


OWNED = {
    "generateName": "web-abc-",
    "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-abc", "controller": True}],
}


def test_a_rollout_is_injected_once() -> None:
    injecting = Counted()
    answers = asked(injecting, *(body(f"web-abc-{index}", **OWNED) for index in range(5)))
    assert injecting.asked == 1
    assert [each["uid"] for each in answers] == [f"web-abc-{index}" for index in range(5)]
    assert len({each["patch"] for each in answers}) == 1


def test_pods_on_their_own_are_told_apart_by_name() -> None:
    injecting = Counted()
    one, two, again = asked(injecting, body("one"), body("two"), body("one"))
    assert injecting.asked == 2
    assert one == again
    assert one["patch"] != two["patch"]


def test_memory_has_an_end() -> None:
    injecting = Counted()
    asked(injecting, body("one"), body("two"), body("one"), remembered=1)
    assert injecting.asked == 3


def test_a_lost_process_is_asked_for_again_and_not_forever() -> None:
    assert asked(Counted(losses=1), body("one"))[0]["allowed"] is True
    lost = asked(Counted(losses=2), body("one"))[0]
    assert (lost["allowed"], lost["status"]["code"]) == (False, 500)


def test_new_settings_forget_what_the_old_ones_said() -> None:
    template = "metadata: {labels: {by: %s}}\nspec: {containers: [{name: istio-proxy, image: p}]}"

    async def play() -> None:
        injecting, said = Counted(), list[str]()
        desk = Desk(injecting, "refuse")
        for by in ("one", "two"):
            config = json.dumps({"policy": "enabled", "templates": {"sidecar": template % by}})
            assert await desk.prepare(Preparation(Settings(config=config))) == Prepared((), is_used=True)
            said.append(json.loads((await desk.respond(body("web"), "/inject", 5.0)).body)["response"]["patch"])
        assert injecting.asked == 2
        assert said[0] != said[1]

    asyncio.run(play())
