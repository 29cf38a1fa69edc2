"""Runs the code blocks of a page of the documentation, as a reader would: one shell, from top to bottom.

A block marked `sh` is run; a `text` block right after it is what it prints. In expected output a line `...` stands for
any lines, `...` within a line for any text. Blocks of other kinds (`console`, `yaml`) are not run.
"""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = "====== end of block"


class Step(NamedTuple):
    """A block to run, and what it shall print; nothing is said about it if empty."""

    script: str
    expected: str


class Ran(NamedTuple):
    """What became of a step."""

    step: Step
    output: str

    @property
    def is_as_written(self) -> bool:
        return not self.step.expected or matches(self.step.expected, self.output)


def steps(page: str) -> list[Step]:
    """Read the blocks of a page below `docs`."""
    found: list[Step] = []
    for kind, text in FENCE.findall((ROOT / "docs" / page).read_text()):
        if kind == "sh":
            found.append(Step(text, ""))
        elif kind == "text" and found and not found[-1].expected:
            found[-1] = Step(found[-1].script, text)
    return found


def run(page: str, folder: Path, environment: Mapping[str, str]) -> Iterator[Ran]:
    """Run a page in a folder; a command that fails ends it."""
    blocks = steps(page)
    script = "".join(f"{step.script}\necho '{MARK}'\n" for step in blocks)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=100,
        check=False,
    )
    outputs = done.stdout.split(f"{MARK}\n")
    assert done.returncode == 0, f"block {len(outputs)} of {page} failed:\n{outputs[-1]}"
    return (Ran(step, output) for step, output in zip(blocks, outputs, strict=False))


def matches(expected: str, output: str) -> bool:
    """Return whether an output is as it was written down."""
    lines = (re.escape(line).replace(r"\.\.\.", ".*").replace(r"\ ", " +") for line in expected.rstrip().split("\n"))
    pattern = "\n".join(lines)
    pattern = re.sub(r"^\.\*(\n|$)", r"(?:.*\\n?)*?", pattern, flags=re.MULTILINE)
    return re.fullmatch(pattern, output.rstrip()) is not None
