"""The webhook over real HTTPS on loopback."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pillion.controlplane.webhook.files import SettingsFiles
from pillion.controlplane.webhook.limits import Limits
from pillion.inject.injection import Injector, Options
from pillion.inject.settings import default_settings
from support.webhook import Client, patched, plan, pod, review, serving, trusting, write_certificate

TEMPLATE = "metadata: {labels: {by: %s}}\nspec: {containers: [{name: istio-proxy, image: p}]}"


def config(by: str) -> str:
    return json.dumps({"policy": "enabled", "templates": {"sidecar": TEMPLATE % by}})


@pytest.mark.parametrize("workers", [0, 2])
def test_the_patch_makes_the_pod_that_injection_makes(tmp_path: Path, workers: int) -> None:
    async def talk(client: Client) -> None:
        for name in ("one", "two", "one"):
            answer = await client.ask(pod(name))
            wanted = Injector(default_settings()).inject(pod(name), None, Options(by_hand=False)).document
            assert patched(pod(name), answer) == wanted
            assert answer["response"]["uid"] == "u1"

    serving(plan(tmp_path, workers=workers), talk)


def test_the_url_gives_the_proxy_environment(tmp_path: Path) -> None:
    async def talk(client: Client) -> None:
        for cluster in ("c1", "c2"):
            injected = patched(pod(), await client.ask(pod(), f"/inject/cluster/{cluster}/net/n1?timeout=10s"))
            proxy = next(each for each in injected["spec"]["containers"] if each["name"] == "istio-proxy")
            found = {each["name"]: each.get("value") for each in proxy["env"]}
            assert (found["ISTIO_META_CLUSTER_ID"], found["ISTIO_META_NETWORK"]) == (cluster, "n1")

    serving(plan(tmp_path), talk)


REFUSED: list[tuple[Any, str]] = [
    (b"\x00\x01", "no AdmissionReview"),
    (b'{"kind": "AdmissionReview"', "no AdmissionReview"),
    ({"apiVersion": "v1", "kind": "Pod"}, "not v1 Pod"),
    ({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}, "has no request"),
    (review(pod(), kind={"group": "apps", "version": "v1", "kind": "Deployment"}), "not apps/v1/Deployment"),
    (review(pod(), subResource="exec"), "subresource pods/exec"),
    (review(None, operation="DELETE"), "operation DELETE"),
    (review([]), "holds no pod"),
]


@pytest.mark.parametrize(("body", "message"), REFUSED)
def test_what_cannot_be_answered_is_refused_with_a_reason(tmp_path: Path, body: Any, message: str) -> None:
    async def talk(client: Client) -> None:
        status, text = await client.post(body)
        response = json.loads(text)["response"]
        assert (status, response["allowed"], response["status"]["code"]) == (200, False, 400)
        assert message in response["status"]["message"]
        assert "sidecar_injection_failure_total 1.0" in (await client.get("/metrics"))[1]

    serving(plan(tmp_path), talk)


def test_a_bad_pod_is_refused_or_allowed_as_configured(tmp_path: Path) -> None:
    bad = pod(annotations={"status.sidecar.istio.io/port": "http"})

    async def refuses(client: Client) -> None:
        response = (await client.ask(bad))["response"]
        assert (response["allowed"], response["status"]["code"]) == (False, 422)
        assert "status.sidecar.istio.io/port" in response["status"]["message"]

    async def allows(client: Client) -> None:
        response = (await client.ask(bad))["response"]
        assert response["allowed"] is True
        assert "patch" not in response
        assert "status.sidecar.istio.io/port" in response["warnings"][0]

    serving(plan(tmp_path), refuses)
    serving(plan(tmp_path, on_error="allow"), allows)


def test_limits_of_size_and_form(tmp_path: Path) -> None:
    async def talk(client: Client) -> None:
        status, text = await client.post(b" " * 10_000_000)
        assert (status, "larger than the limit of 6291456 bytes" in text) == (413, True)
        assert (await client.post(b"{}", Content_Type="application/yaml"))[0] == 415
        assert (await client.post(b""))[0] == 400
        assert (await client.get("/inject"))[0] == 405
        assert (await client.get("/nothing"))[0] == 404
        assert (await client.ask(pod()))["response"]["allowed"] is True

    serving(plan(tmp_path), talk)


def test_slow_clients_cost_only_themselves(tmp_path: Path) -> None:
    async def talk(client: Client) -> None:
        head = b"POST /inject HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"
        slow: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        for index in range(20):
            slow.append(await asyncio.open_connection("127.0.0.1", client.port, ssl=trusting()))
            slow[-1][1].write(head if index % 2 else head[:20])
        assert (await client.ask(pod()))["response"]["allowed"] is True
        for index, (reader, writer) in enumerate(slow):
            left = await reader.read()
            assert left.startswith(b"HTTP/1.1 408") if index % 2 else left == b""
            writer.close()

    serving(plan(tmp_path, limits=Limits(seconds=2, head_seconds=2)), talk)


def test_what_all_clients_send_together_has_a_limit(tmp_path: Path) -> None:
    head = b"POST /inject HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 90000\r\n\r\n"
    big = review(pod(annotations={"note": "x" * 30_000}))

    async def talk(client: Client) -> None:
        async def until(status: int) -> None:
            async with asyncio.timeout(50):
                while (await client.post(big))[0] != status:
                    pass

        held = [await asyncio.open_connection("127.0.0.1", client.port, ssl=trusting()) for _ in range(20)]
        for _, writer in held:
            writer.write(head)  # what is only declared counts for nothing
        assert (await client.post(big))[0] == 200
        for _, writer in held[:2]:
            writer.write(b"x" * 40_000)
        await until(503)
        reader, writer = await asyncio.open_connection("127.0.0.1", client.port, ssl=trusting())
        writer.write(head + b"x" * 60_000)
        left = await reader.read()
        assert left.startswith(b"HTTP/1.1 503")
        assert b"\r\nRetry-After: 1\r\n" in left
        for _, each in (*held, (reader, writer)):
            each.transport.abort()
        await until(200)

    serving(plan(tmp_path, limits=Limits(held=100_000, seconds=60)), talk)


def test_mistakes_of_a_client_are_a_line_in_the_log(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    head = b"POST /inject HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"

    async def talk(client: Client) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.port, ssl=trusting())
        writer.write(head % -5)
        assert b" 400 " in await reader.readline()
        writer.close()
        _, writer = await asyncio.open_connection("127.0.0.1", client.port, ssl=trusting())
        writer.write(head % 500 + b"{")
        await writer.drain()
        writer.transport.abort()
        async with asyncio.timeout(30):
            while "sidecar_injection_failure_total 1.0" not in (await client.get("/metrics"))[1]:
                pass

    serving(plan(tmp_path), talk)
    said = capfd.readouterr().err
    assert "Traceback" not in said
    assert "Invalid character in Content-Length" in said


def test_a_certificate_changes_under_load_without_a_failed_request(tmp_path: Path) -> None:
    async def talk(client: Client) -> None:
        done = asyncio.Event()
        counted = 0

        async def load() -> None:
            nonlocal counted
            while not done.is_set():
                status, _ = await client.post(review(pod()), connection="close")
                assert status == 200
                counted += 1

        async with asyncio.TaskGroup() as group:
            for _ in range(4):
                group.create_task(load())
            for _ in range(5):
                before = await client.serial()
                write_certificate(tmp_path)
                await client.until_serial_is_not(before)
            done.set()
        assert counted > 5

    serving(plan(tmp_path), talk)


def test_a_broken_certificate_leaves_the_last_good_one(tmp_path: Path) -> None:
    async def talk(client: Client) -> None:
        before = await client.serial()
        (tmp_path / "tls.crt").write_text("no certificate")
        detail = await client.until(lambda found: found["certificate"]["state"] == "last-good")
        assert "do not make a pair" in detail["certificate"]["problems"][0]
        assert detail["ready"] is True
        assert await client.serial() == before

    serving(plan(tmp_path), talk)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(
    "broken", ["policy: enabled\ntemplates: {sidecar: '{{ if }}'}", config("{{ fail `no` }}"), None]
)
def test_broken_settings_leave_the_last_good_ones(tmp_path: Path, broken: str | None, workers: int) -> None:
    file = tmp_path / "config"
    file.write_text(config("first"))

    async def talk(client: Client) -> None:
        async def by() -> str:
            return patched(pod(), await client.ask(pod()))["metadata"]["labels"]["by"]

        assert await by() == "first"
        file.unlink() if broken is None else file.write_text(broken)
        detail = await client.until(lambda found: found["settings"]["state"] == "last-good")
        assert (detail["ready"], len(detail["settings"]["problems"]) > 0) == (True, True)
        assert 'pillion_webhook_stale{what="settings"} 1.0' in (await client.get("/metrics"))[1]
        assert await by() == "first"
        file.write_text(config("second"))
        await client.until(lambda found: found["settings"]["state"] == "newest")
        assert await by() == "second"

    serving(plan(tmp_path, settings=SettingsFiles(config=str(file)), workers=workers), talk)


def test_without_usable_settings_it_is_not_ready_and_says_why(tmp_path: Path) -> None:
    file = tmp_path / "map.yaml"
    file.write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio-sidecar-injector}\ndata: {values: '{}'}\n")

    async def talk(client: Client) -> None:
        status, text = await client.get("/readyz")
        assert status == 503
        assert "key 'config' is missing" in json.loads(text)["settings"]["problems"][0]
        assert (await client.ask(pod()))["response"]["allowed"] is False

    serving(plan(tmp_path, settings=SettingsFiles(maps=(str(file),))), talk)


def test_a_process_that_injects_is_replaced_when_it_ends(tmp_path: Path) -> None:
    async def talk(client: Client) -> None:
        assert client.webhook.pool is not None
        for process in client.webhook.pool.processes:
            os.kill(process, signal.SIGKILL)
        assert (await client.ask(pod("after")))["response"]["allowed"] is True

    said = serving(plan(tmp_path, workers=1), talk)
    assert any("ended with -9; starting another" in line for line in said)


def test_what_was_asked_is_answered_at_the_end(tmp_path: Path) -> None:
    async def talk(client: Client) -> None:
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(client.ask(pod(f"web-{index}"))) for index in range(20)]
            await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
            client.webhook.terminate()
        assert all(each.result()["response"]["allowed"] for each in asked)

    serving(plan(tmp_path, workers=1), talk)


def test_the_command_ends_at_sigterm(tmp_path: Path) -> None:
    chain, key = write_certificate(tmp_path)
    argv = [sys.executable, "-m", "pillion", "webhook", "--cert", str(chain), "--key", str(key), "--port", "0"]
    with subprocess.Popen([*argv, "--workers", "0"], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while "injecting at https://" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
