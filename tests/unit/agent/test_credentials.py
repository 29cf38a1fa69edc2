import asyncio
import json
import threading
from pathlib import Path

import pytest

from pillion.agent import credentials
from pillion.agent.credentials import Credentials, Sources, move_in
from pillion.envoy.bootstrap.model import Proof


def make(folder: Path) -> Credentials:
    proof = Proof(server="istiod.mesh.svc", root_path=str(folder / "root.json"), token_path=str(folder / "token.json"))
    return Credentials(proof, Sources(root=str(folder / "root.pem"), token=str(folder / "token")))


def secret(path: Path) -> dict[str, object]:
    (found,) = json.loads(path.read_bytes())["resources"]
    return found


def test_hands_over_what_the_kubelet_wrote_and_what_it_replaced(tmp_path: Path) -> None:
    (tmp_path / "root.pem").write_text("PEM\n")
    (tmp_path / "token").write_text("first")
    made = make(tmp_path)
    made.refresh()
    assert made.missing == ()
    assert secret(tmp_path / "token.json")["generic_secret"] == {"secret": {"inline_string": "Bearer first"}}
    assert "PEM" in json.dumps(secret(tmp_path / "root.json"))
    assert "istiod.mesh.svc" in json.dumps(secret(tmp_path / "root.json"))
    (tmp_path / "token").write_text("second")
    before = (tmp_path / "root.json").stat().st_ino
    made.refresh()
    assert secret(tmp_path / "token.json")["generic_secret"] == {"secret": {"inline_string": "Bearer second"}}
    assert (tmp_path / "root.json").stat().st_ino == before, "what did not change is not moved in again"


def test_keeps_what_it_had_while_a_file_is_away_and_tells(tmp_path: Path) -> None:
    (tmp_path / "root.pem").write_text("PEM")
    made = make(tmp_path)
    made.refresh()
    assert made.missing == (str(tmp_path / "token"),)
    assert not (tmp_path / "token.json").exists()
    (tmp_path / "token").write_text("late")
    (tmp_path / "root.pem").unlink()
    made.refresh()
    assert made.missing == (str(tmp_path / "root.pem"),)
    assert "late" in (tmp_path / "token.json").read_text()
    assert "PEM" in (tmp_path / "root.json").read_text()


def test_waits_until_all_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = make(tmp_path)
    waiting = threading.Thread(target=made.wait, daemon=True)
    waiting.start()
    while len(made.missing) < 2:
        pass
    (tmp_path / "token").write_text("late")
    while made.missing != (str(tmp_path / "root.pem"),):
        pass
    (tmp_path / "root.pem").write_text("PEM")
    waiting.join(60)
    assert not waiting.is_alive()
    assert (tmp_path / "token.json").exists()
    said = capsys.readouterr().err.splitlines()
    assert said == [
        f"agent: waiting for {tmp_path}/root.pem and {tmp_path}/token",
        f"agent: waiting for {tmp_path}/root.pem",
    ]


def test_goes_on_looking_for_what_is_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "LOOKING", 0.001)
    (tmp_path / "token").write_text("first")
    made = make(tmp_path)

    def shown() -> str:
        found = tmp_path / "token.json"
        return found.read_text() if found.exists() else ""

    async def until(text: str) -> None:
        while text not in shown():  # noqa: ASYNC110 (a file announces nothing)
            await asyncio.sleep(0)

    async def play() -> None:
        async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
            keeping = tasks.create_task(made.keep())
            await until("Bearer first")
            (tmp_path / "token").write_text("second")
            await until("Bearer second")
            keeping.cancel()

    asyncio.run(play())


def test_a_secret_is_moved_to_its_place_whole_and_for_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    move_in(path, b"one")
    first = path.stat()
    move_in(path, b"two")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"two", 0o600)
    assert path.stat().st_ino != first.st_ino
    assert [each.name for each in tmp_path.iterdir()] == ["secret"]
