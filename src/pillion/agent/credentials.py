"""What the control plane is shown and what it has to show: the kubelet's files, handed to Envoy as they change.

The kubelet replaces the token before it ends, and the root when the ConfigMap changes. Envoy takes both from files of
ours (`envoy.bootstrap.secrets`): each is written whole and then moved to its place, which Envoy looks out for.
"""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

from pillion.agent.report import say
from pillion.envoy.bootstrap import secrets
from pillion.envoy.bootstrap.model import Proof
from pillion.value import Value

ROOT = "/var/run/secrets/istio/root-cert.pem"
TOKEN = "/var/run/secrets/tokens/istio-token"  # noqa: S105 the name of a file
WAITING = 0.1
LOOKING = 5.0
"""Seconds between two looks: before Envoy is started, and later."""


class Sources(Value):
    """The files of the kubelet's, as Istio's injector mounts them."""

    root: str = ROOT
    token: str = TOKEN


class Credentials:
    """Keeps Envoy's files like the kubelet's."""

    def __init__(self, proof: Proof, sources: Sources) -> None:
        self.missing: tuple[str, ...] = ()
        """What was not there at the last look."""
        self._files: tuple[tuple[str, str, Callable[[str], bytes]], ...] = (
            (sources.root, proof.root_path, lambda text: secrets.root_file(text, proof.server)),
            (sources.token, proof.token_path, secrets.token_file),
        )
        self._written: dict[str, str] = {}

    def refresh(self) -> None:
        """Write what changed; what is missing stays as it was.

        Raises:
            OSError: a file of Envoy's cannot be written.
        """
        missing: list[str] = []
        for source, target, render in self._files:
            try:
                text = Path(source).read_text().strip()
            except OSError:
                text = ""
            if not text:
                missing.append(source)
            elif text != self._written.get(source):
                move_in(Path(target), render(text))
                self._written[source] = text
        self.missing = tuple(missing)

    def wait(self) -> None:
        """Wait until all is there: nobody could be asked before, and Envoy does not start without the files.

        Raises:
            OSError: a file of Envoy's cannot be written.
        """
        told: tuple[str, ...] = ()
        while True:
            self.refresh()
            if not self.missing:
                return
            if self.missing != told:
                say(f"waiting for {' and '.join(self.missing)}")
                told = self.missing
            time.sleep(WAITING)

    async def keep(self) -> None:
        """Go on looking until cancelled."""
        while True:
            try:
                self.refresh()
            except OSError as problem:
                say(f"credentials: {problem}")
            await asyncio.sleep(LOOKING)


def move_in(path: Path, content: bytes) -> None:
    """Replace a file at one stroke, readable by this user alone."""
    unfinished = path.with_name(f".{path.name}")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    unfinished.rename(path)
