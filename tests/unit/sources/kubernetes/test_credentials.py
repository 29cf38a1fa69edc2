"""What proves who we are, as it changes."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from pillion.sources.kubernetes.access import Access, AccessError, ExecPlugin
from pillion.sources.kubernetes.credentials import Credentials
from pillion.value import FrozenMap


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def token(credentials: Credentials) -> str:
    return asyncio.run(credentials.headers()).get("Authorization", "")


def test_a_token_of_the_kubeconfig() -> None:
    assert token(Credentials(Access(server="https://s", token="t"))) == "Bearer t"
    assert token(Credentials(Access(server="https://s"))) == ""


def test_reads_a_file_again_after_a_while_and_when_the_server_refuses(tmp_path: Path) -> None:
    file, clock = tmp_path / "token", Clock()
    file.write_text("one\n")
    credentials = Credentials(Access(server="https://s", token_file=str(file)), clock)
    assert token(credentials) == "Bearer one"
    file.write_text("two")
    assert token(credentials) == "Bearer one"
    clock.now += 61
    assert token(credentials) == "Bearer two"
    file.write_text("three")
    credentials.refused()
    assert token(credentials) == "Bearer three"
    file.unlink()
    credentials.refused()
    with pytest.raises(AccessError, match="cannot be read"):
        token(credentials)


def plugin(tmp_path: Path, body: str) -> ExecPlugin:
    script = tmp_path / "login.py"
    script.write_text(body)
    return ExecPlugin(api_version="v", argv=(sys.executable, "-S", "-E", str(script)), env=FrozenMap({"WHO": "me"}))


def test_asks_a_plugin_and_again_before_its_token_ends(tmp_path: Path) -> None:
    body = """
import json, os, pathlib
count = pathlib.Path(__file__).with_name("count")
count.write_text(str(int(count.read_text()) + 1 if count.exists() else 1))
assert json.loads(os.environ["KUBERNETES_EXEC_INFO"])["kind"] == "ExecCredential"
status = {"token": os.environ["WHO"] + count.read_text(), "expirationTimestamp": "1970-01-01T00:20:00Z"}
print(json.dumps({"status": status}))
"""
    clock = Clock()
    credentials = Credentials(Access(server="https://s", plugin=plugin(tmp_path, body)), clock)
    assert [token(credentials), token(credentials)] == ["Bearer me1", "Bearer me1"]
    clock.now = 1141.0
    assert token(credentials) == "Bearer me2"


def test_says_why_a_plugin_gave_nothing(tmp_path: Path) -> None:
    bad = plugin(tmp_path, "import sys; sys.exit('log in first')")
    with pytest.raises(AccessError, match="gave no credentials: log in first"):
        token(Credentials(Access(server="https://s", plugin=bad)))
    none = ExecPlugin(api_version="v", argv=("/nowhere/login",), install_hint="install it")
    with pytest.raises(AccessError, match=r"cannot be run for credentials.*install it"):
        token(Credentials(Access(server="https://s", plugin=none)))
    empty = plugin(tmp_path, f"print({json.dumps(json.dumps({'status': {}}))})")
    with pytest.raises(AccessError, match="gave no credentials"):
        token(Credentials(Access(server="https://s", plugin=empty)))
