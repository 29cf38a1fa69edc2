"""What `pillion` says to a command that it does not have."""

import pytest
from click.testing import CliRunner

from pillion.cli.main import main


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("dwon", "Error: No such command 'dwon'. Did you mean 'down'?"),
        ("kubeinject", "Error: No such command 'kubeinject'. Did you mean 'kube-inject'?"),
        ("nothing-like-it", "Error: No such command 'nothing-like-it'."),
    ],
)
def test_a_slip_is_answered_with_what_was_meant(word: str, said: str) -> None:
    result = CliRunner().invoke(main, [word])
    assert (result.exit_code, result.output.splitlines()[-1]) == (2, said)
