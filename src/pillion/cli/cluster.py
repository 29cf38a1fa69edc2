"""What commands that ask a cluster have in common: where its API server is, and what becomes of its refusals."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from pillion.cli.output import fail
from pillion.local.state import base_of, hint, running_meshes
from pillion.sources.kubernetes.access import AccessError, NoKubeconfigError, find_access
from pillion.sources.kubernetes.client import ApiError, KubernetesClient

P = ParamSpec("P")
R = TypeVar("R")

_kubeconfig = click.option(
    "--kubeconfig", default="", help="file that says where the API server is; by default as kubectl finds it"
)
_context = click.option("--context", default="", help="context of the kubeconfig")
home_option = click.option(
    "-i", "--istioNamespace", "home", default="istio-system", show_default=True, help="the system namespace"
)
revision_option = click.option("-r", "--revision", default="", help="only this revision; by default all")


def cluster_options(function: Callable[P, R]) -> Callable[P, R]:
    """Add `--kubeconfig` and `--context`."""
    return _kubeconfig(_context(function))


def asked(kubeconfig: str, context: str, work: Callable[[KubernetesClient], Awaitable[R]]) -> R:
    """Ask a cluster; what it refuses ends the command with exit code 2."""

    async def ask() -> R:
        async with KubernetesClient(find_access(kubeconfig, context)) as client:
            return await work(client)

    try:
        return asyncio.run(ask())
    except NoKubeconfigError as problem:
        here = "" if kubeconfig or context else meant_here(base_of(os.environ, os.getuid()))
        fail("\n".join(filter(None, (str(problem), here))))
    except (AccessError, ApiError) as problem:
        fail(str(problem))


def meant_here(base: Path) -> str:
    """Say which meshes run on this machine, and what shows them, to who may have meant one of them; else nothing."""
    names = running_meshes(base)
    if not names:
        return ""
    told = "; ".join(f"mesh {name} runs: {hint('get pods', name)} shows it" for name in names)
    return f"this command asks a cluster; on this machine {told}"


def means_cluster(kubeconfig: str, context: str) -> bool:
    """Return whether a command is about a cluster: whoever names a kubeconfig or a context means one.

    Without either it is about the local mesh. A mesh that is named on the same command line is a usage error.
    """
    if not kubeconfig and not context:
        return False
    source = click.get_current_context().get_parameter_source("mesh")
    if source is click.core.ParameterSource.COMMANDLINE:
        fail("--mesh is a mesh on this machine, --kubeconfig and --context are a cluster: say one of them")
    return True
