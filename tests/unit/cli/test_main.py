"""What `pillion` says to a command that it does not have, and at Ctrl-C."""

import os
import signal
import subprocess
import sys
from pathlib import Path

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


def test_ctrl_c_is_told_in_our_words(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    argv = [sys.executable, "-m", "pillion", "apply", "-f", str(pipe)]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs us may have it ignored
    try:
        process = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)
    finally:
        signal.signal(signal.SIGINT, before)
    with process, pipe.open("w"):  # opened when the command reads it
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "pillion: interrupted\n")
