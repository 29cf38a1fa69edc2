"""A kubeconfig as values: clientcmd's `v1.Config`, as far as there is use for it.

kubectl makes JSON of the YAML before it looks at the fields, so a name `y` or `1` without quotes is no text to it, and
is refused. So it is here.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import msgspec

from pillion.resources.yaml.load import load
from pillion.value import Value


class KubeconfigError(Exception):
    """A file is no kubeconfig; the text names it and says why."""


class Cluster(Value, rename="kebab"):
    """An API server."""

    server: str = ""
    certificate_authority: str = ""
    certificate_authority_data: str = ""
    insecure_skip_tls_verify: bool = False
    tls_server_name: str = ""


class Variable(Value):
    """A variable of a plugin's environment."""

    name: str = ""
    value: str = ""


class Exec(Value, rename="camel"):
    """A program that prints credentials."""

    api_version: str = ""
    command: str = ""
    args: tuple[str, ...] = ()
    env: tuple[Variable, ...] = ()
    install_hint: str = ""


class User(Value, rename="kebab"):
    """Who asks."""

    client_certificate: str = ""
    client_certificate_data: str = ""
    client_key: str = ""
    client_key_data: str = ""
    token: str = ""
    token_file: str = msgspec.field(name="tokenFile", default="")
    impersonated: str = msgspec.field(name="as", default="")
    exec: Exec | None = None


class Context(Value):
    """A cluster and who asks it, by their names."""

    cluster: str = ""
    user: str = ""
    namespace: str = ""


class NamedCluster(Value):
    """A cluster and its name."""

    name: str = ""
    cluster: Cluster = Cluster()


class NamedUser(Value):
    """A user and its name."""

    name: str = ""
    user: User = User()


class NamedContext(Value):
    """A context and its name."""

    name: str = ""
    context: Context = Context()


class Kubeconfig(Value, rename="kebab"):
    """What a file says."""

    current_context: str = ""
    clusters: tuple[NamedCluster, ...] = ()
    users: tuple[NamedUser, ...] = ()
    contexts: tuple[NamedContext, ...] = ()


def read_kubeconfig(path: Path) -> Kubeconfig:
    """Read a file. Raises `KubeconfigError`."""
    try:
        content, found = load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as problem:
        raise KubeconfigError(f"{path} cannot be read: {problem}") from problem
    if not isinstance(content, Mapping):
        raise KubeconfigError(f"{path} is not a kubeconfig" + (f": {found[0].message}" if found else ""))
    try:
        return msgspec.convert(_without_nulls(content), Kubeconfig)
    except msgspec.ValidationError as problem:
        text = str(problem)
        hint = (
            "; a text that YAML takes for something else, as y, on or 1, needs quotes"
            if text.startswith("Expected `str`")
            else ""
        )
        raise KubeconfigError(f"{path} is not a kubeconfig: {text}{hint}") from problem


def _without_nulls(value: Any) -> Any:
    """Leave out what is null: to Go that is what is not there."""
    if isinstance(value, Mapping):
        pairs = cast("Mapping[str, Any]", value)
        return {key: _without_nulls(item) for key, item in pairs.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in cast("list[Any]", value) if item is not None]
    return value
