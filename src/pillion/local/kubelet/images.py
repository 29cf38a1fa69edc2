"""What to run for an image: nothing is pulled, so a command of this machine stands for it.

In this order: a command that the user mapped to the image (`--exec IMAGE=COMMAND`); pillion's own images and Istio's
`proxyv2`, which are this very installation; the container's own `command`; an echo server on the container's ports.
"""

import shlex
import sys
from pathlib import Path

from pillion.local.kubelet.spec.pod import Container
from pillion.value import FrozenMap, Value

ECHO = Path(__file__).with_name("echo.py")
PILLION = (sys.executable, "-P", "-m", "pillion")
PYTHON = (sys.executable, "-S", "-E")
ISTIO_COMMANDS = {
    "istio-iptables": ("capture", "apply"),
    "istio-clean-iptables": ("capture", "clean"),
    "proxy": ("agent",),
    "wait": ("agent", "wait"),
    "request": ("agent", "request"),
}
"""The first argument of Istio's `pilot-agent` -> the command of `pillion` that does its work."""
ENTRYPOINTS = frozenset(("pilot-agent", "/usr/local/bin/pilot-agent", "pillion"))
QUIET = FrozenMap({"PYTHONDONTWRITEBYTECODE": "1"})
"""What a pod writes stays in memory: no compiled modules, please."""


class ExecRule(Value):
    """A command that stands for an image."""

    image: str
    """As in the pod, with or without tag or digest; a trailing `*` matches any rest."""
    command: tuple[str, ...]


class Resolution(Value):
    """What to run for a container."""

    argv: tuple[str, ...]
    env: FrozenMap[str] = FrozenMap()
    """Variables that the command needs beyond the container's own."""
    is_mapped: bool = False
    """Whether the user mapped it: it then runs in the folder where the user stands."""
    is_stand_in: bool = False


def parse_rule(text: str) -> ExecRule:
    """Read `IMAGE=COMMAND`; raise ValueError that says what is wrong."""
    image, sign, command = text.partition("=")
    if not sign or not image.strip():
        raise ValueError(f"{text!r} is not IMAGE=COMMAND")
    words = tuple(shlex.split(command))
    if not words:
        raise ValueError(f"{text!r} has no command after the equals sign")
    return ExecRule(image=image.strip(), command=words)


def resolve(
    container: Container, args: tuple[str, ...], command: tuple[str, ...], rules: tuple[ExecRule, ...]
) -> Resolution:
    """Choose what to run; `command` and `args` are the container's, with their variables expanded."""
    rule = next((rule for rule in rules if _matches(rule.image, container.image)), None)
    if rule:
        return Resolution(argv=(*rule.command, *args), is_mapped=True)
    if is_ours(container.image) and (not command or command[0] in ENTRYPOINTS):
        return Resolution(argv=(*PILLION, *_translate((*command[1:], *args))), env=QUIET)
    if command:
        return Resolution(argv=(*command, *args))
    return stand_in(container)


def stand_in(container: Container) -> Resolution:
    """Return the echo server on the container's TCP ports."""
    ports = tuple(str(port.container_port) for port in container.ports if port.protocol == "TCP")
    return Resolution(argv=(*PYTHON, str(ECHO), container.name, *ports), is_stand_in=True)


def within(container: Container, argv: tuple[str, ...]) -> tuple[str, ...]:
    """Return what to run for a command executed in a container: of its image's programs only ours is at hand."""
    if is_ours(container.image) and argv and argv[0] in ENTRYPOINTS:
        return (*PILLION, *_translate(argv[1:]))
    return argv


def _translate(words: tuple[str, ...]) -> tuple[str, ...]:
    ours = ISTIO_COMMANDS.get(words[0]) if words else None
    return words if ours is None else (*ours, *words[1:])


def repository(image: str) -> str:
    """Return an image's name without tag and digest: `docker.io/istio/proxyv2:1.29` -> `docker.io/istio/proxyv2`."""
    name = image.partition("@")[0]
    head, slash, tail = name.rpartition("/")
    return head + slash + tail.partition(":")[0]


def _matches(pattern: str, image: str) -> bool:
    if pattern.endswith("*"):
        return image.startswith(pattern[:-1])
    return pattern in (image, repository(image))


def is_ours(image: str) -> bool:
    """Return whether an image is one of pillion's own, or Istio's `proxyv2`, whose work pillion does."""
    path = repository(image).split("/")
    return "pillion" in path[-2:] or path[-1] == "proxyv2"
