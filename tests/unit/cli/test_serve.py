"""`pillion serve` before it asks anybody: which doors it opens, and which it never does."""

import pytest
from click.testing import CliRunner

from pillion.cli.serve import command


@pytest.mark.parametrize("address", [":8080", "0.0.0.0:8080", "[::]:8080", "10.0.0.1:8080", "pod.example:8080"])
def test_debug_pages_are_for_loopback_alone(address: str) -> None:
    done = CliRunner().invoke(command, ["--debug", address, "--kubeconfig", "/no/such/file"])
    assert (done.exit_code, "choose an address on loopback" in done.stderr) == (2, True)


@pytest.mark.parametrize("address", ["127.0.0.1:0", "[::1]:0", "localhost:0"])
def test_debug_pages_may_be_on_any_loopback(address: str) -> None:
    done = CliRunner().invoke(command, ["--debug", address, "--kubeconfig", "/no/such/file"])
    assert (done.exit_code, "there is no kubeconfig" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "door"), [([], None), (["--plaintext"], ("", 15010)), (["--plaintext", "127.0.0.1:1"], ("127.0.0.1", 1))]
)
def test_nobody_is_served_unproved_unless_asked_for(words: list[str], door: tuple[str, int] | None) -> None:
    with command.make_context("serve", words) as context:
        assert context.params["plaintext"] == door
        assert context.params["tls"] == ("", 15012)


@pytest.mark.parametrize("address", ["8080", "127.0.0.1:http", ":65536", "127.0.0.1:"])
def test_what_is_no_address_is_a_mistake(address: str) -> None:
    done = CliRunner().invoke(command, ["--tls", address])
    assert (done.exit_code, "is not HOST:PORT" in done.stderr) == (2, True)
