import json

import pytest
from click.testing import CliRunner, Result

from pillion.cli.capture import command


def run(*words: str, environment: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(command, list(words), env=environment)


def test_print_changes_nothing_and_shows_the_rules() -> None:
    done = run("print", "-b", "*", "-i", "*", "--proxy-uid", "7")
    assert done.exit_code == 0
    assert "-A ISTIO_OUTPUT -m owner --uid-owner 7 -j RETURN\n" in done.stdout


def test_apply_dry_run_is_print() -> None:
    assert run("apply", "-n", "-b", "80").stdout == run("print", "-b", "80").stdout


def test_print_as_json_and_for_nft() -> None:
    assert "ISTIO_REDIRECT" in json.loads(run("print", "--output", "json").stdout)["ipv4"]
    assert run("print", "--native-nftables").stdout.startswith("add table inet istio-proxy-nat\n")


def test_switches_take_a_value_as_istio_s_do() -> None:
    assert "INVALID" in run("print", "--drop-invalid").stdout
    assert "INVALID" in run("print", "--drop-invalid=true").stdout
    assert "INVALID" not in run("print", "--drop-invalid=false", environment={"DROP_INVALID": "true"}).stdout


def test_variables_count() -> None:
    found = run("print", environment={"ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE": "25"})
    assert "-A ISTIO_OUTPUT -p tcp --dport 25 -j RETURN" in found.stdout


@pytest.mark.parametrize("words", [("-m", "MAGIC"), ("-b", "http"), ("-i", "10.0.0.0"), ("-u", "root")])
def test_nonsense_is_refused_with_a_clear_message(words: tuple[str, ...]) -> None:
    done = run("print", *words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "error: " in done.stderr


def test_an_unknown_flag_or_namespace_is_a_usage_error() -> None:
    assert run("apply", "--no-such-flag").exit_code == 2
    assert run("print", "--network-namespace", "/proc/0/ns/net").exit_code == 2
