from pathlib import Path

import pytest

from pillion.agent import process


def test_the_installed_envoy_is_found_by_its_files() -> None:
    assert process.find_binary("", {}).endswith("envoy/_bin/envoy")


def test_a_given_path_wins_and_must_be_a_program(tmp_path: Path) -> None:
    mine = tmp_path / "envoy"
    mine.write_text("#!/bin/sh\n")
    with pytest.raises(process.EnvoyError, match="--envoy-path"):
        process.find_binary(str(mine), {})
    mine.chmod(0o755)
    assert process.find_binary(str(mine), {"ENVOY_PATH": "/other"}) == str(mine)
    with pytest.raises(process.EnvoyError, match="ENVOY_PATH"):
        process.find_binary("", {"ENVOY_PATH": "/no/such/envoy"})


def test_the_command_line_is_istio_s() -> None:
    words = process.Options(binary="/e", config="/c.json", concurrency=2, drain_seconds=9, ipv6=True).arguments()
    assert words[:3] == ("/e", "-c", "/c.json")
    assert words[-2:] == ("--concurrency", "2")
    assert words[words.index("--drain-time-s") + 1] == "9"
    assert words[words.index("--local-address-ip-version") + 1] == "v6"
    assert "--concurrency" not in process.Options(binary="/e", config="/c").arguments()


def test_a_program_that_cannot_be_started(tmp_path: Path) -> None:
    broken = tmp_path / "envoy"
    broken.write_bytes(b"\0")
    broken.chmod(0o755)
    with pytest.raises(process.EnvoyError, match="envoy"):
        process.start(process.Options(binary=str(broken), config="/c"))
