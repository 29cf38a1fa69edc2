"""From start to exit code: decide, write the bootstrap, start Envoy, and only then become the agent."""

import signal
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from types import FrameType

from pillion.agent.credentials import Credentials
from pillion.agent.lean import without_tls
from pillion.agent.plan import Plan, PlanError, Settings, plan, write_bootstrap
from pillion.agent.process import EnvoyError, start
from pillion.agent.report import say


def main(settings: Settings, environment: Mapping[str, str]) -> int:
    """Run the agent and return its exit code: 0 after an orderly end, 2 for an environment that describes no proxy."""
    try:
        made = plan(settings, environment)
        write_bootstrap(made)
        wait(made)
        process = start(made.options)
    except PlanError as error:
        for diagnostic in error.diagnostics:
            say(str(diagnostic))
        return 2
    except (EnvoyError, OSError) as error:
        say(str(error))
        return 2
    with nullcontext() if made.asks_by_tls else without_tls():
        from pillion.agent.run import run  # noqa: PLC0415 asyncio is imported while Envoy starts

    return run(made, process)


def wait(made: Plan) -> None:
    """Wait for what proves the pod to the control plane; whoever ends the pod meanwhile is obeyed."""
    if made.proof is None:
        return
    # The first process of a pod gets no signal that it did not ask for.
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        Credentials(made.proof, made.sources).wait()
    finally:
        signal.signal(signal.SIGTERM, before)


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)
