"""From start to exit code: decide, write the bootstrap, start Envoy, and only then become the agent."""

from collections.abc import Mapping
from contextlib import nullcontext

from pillion.agent.lean import without_tls
from pillion.agent.plan import PlanError, Settings, plan, write_bootstrap
from pillion.agent.process import EnvoyError, start
from pillion.agent.report import say


def main(settings: Settings, environment: Mapping[str, str]) -> int:
    """Run the agent and return its exit code: 0 after an orderly end, 2 for an environment that describes no proxy."""
    try:
        made = plan(settings, environment)
        write_bootstrap(made)
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
