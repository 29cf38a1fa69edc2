"""Where an API server is and who asks it: kubeconfig files, or what a pod finds in itself."""

import base64
import binascii
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from pillion.resources.yaml.load import load
from pillion.value import NO_LABELS, Labels, Value

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class AccessError(Exception):
    """There is no way to the API server; the text says why."""


class ExecPlugin(Value):
    """A program that prints credentials (`client.authentication.k8s.io`)."""

    api_version: str
    argv: tuple[str, ...]
    env: Labels = NO_LABELS
    install_hint: str = ""


class Access(Value):
    """A way to an API server. A file's content counts at the moment of its use; texts are PEM."""

    server: str
    """`https://host:port`, without a slash at the end."""
    ca_file: str = ""
    ca: str = ""
    """The certificates to trust; the system's when this and `ca_file` are empty."""
    insecure: bool = False
    server_name: str = ""
    """The name that the server's certificate must bear, in place of the host."""
    certificate_file: str = ""
    certificate: str = ""
    key_file: str = ""
    key: str = ""
    token: str = ""
    token_file: str = ""
    plugin: ExecPlugin | None = None
    namespace: str = "default"


def find_access(kubeconfig: str = "", context: str = "", environment: Mapping[str, str] | None = None) -> Access:
    """Find the way as kubectl does: the given file, `KUBECONFIG`, a pod's own account, `~/.kube/config`.

    Raises `AccessError`.
    """
    env = os.environ if environment is None else environment
    if kubeconfig:
        return from_kubeconfig([Path(kubeconfig)], context)
    if env.get("KUBECONFIG"):
        return from_kubeconfig([Path(each) for each in env["KUBECONFIG"].split(os.pathsep) if each], context)
    if env.get("KUBERNETES_SERVICE_HOST") and (SERVICE_ACCOUNT / "token").exists():
        return in_cluster(env)
    return from_kubeconfig([Path.home() / ".kube" / "config"], context)


def in_cluster(environment: Mapping[str, str], folder: Path = SERVICE_ACCOUNT) -> Access:
    """Take a pod's own account. The kubelet rewrites the token's file, so it is read again and again."""
    host, port = environment.get("KUBERNETES_SERVICE_HOST", ""), environment.get("KUBERNETES_SERVICE_PORT", "443")
    if not host:
        raise AccessError("KUBERNETES_SERVICE_HOST is not set, so this is no pod of a cluster")
    namespace = folder / "namespace"
    return Access(
        server=f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}",
        ca_file=str(folder / "ca.crt"),
        token_file=str(folder / "token"),
        namespace=namespace.read_text().strip() if namespace.exists() else "default",
    )


def from_kubeconfig(paths: Sequence[Path], context: str = "") -> Access:
    """Read kubeconfig files; of several entries with one name the first counts. Raises `AccessError`."""
    clusters: dict[str, Mapping[str, Any]] = {}
    users: dict[str, Mapping[str, Any]] = {}
    contexts: dict[str, Mapping[str, Any]] = {}
    current = context
    found = False
    for path in paths:
        if not path.exists():
            continue
        found = True
        document = _read(path)
        current = current or str(document.get("current-context") or "")
        for entries, plural, single in (
            (clusters, "clusters", "cluster"),
            (users, "users", "user"),
            (contexts, "contexts", "context"),
        ):
            for each in document.get(plural) or ():
                entries.setdefault(str(each.get("name", "")), _with_paths(each.get(single) or {}, path.parent))
    if not found:
        raise AccessError(f"there is no kubeconfig: {', '.join(map(str, paths))}")
    if current not in contexts:
        raise AccessError(f"the kubeconfig has no context {current!r}" if current else "no context is current")
    chosen = contexts[current]
    cluster, user = str(chosen.get("cluster", "")), str(chosen.get("user", ""))
    if users.get(user, {}).get("as"):
        # Who asked for somebody else's rights must not be given their own.
        raise AccessError(f"user {user!r} of the kubeconfig acts as somebody else (as), which is not supported")
    if cluster not in clusters:
        raise AccessError(f"the kubeconfig has no cluster {cluster!r}, which context {current!r} names")
    return _access(clusters[cluster], users.get(user, {}), str(chosen.get("namespace") or "default"))


def _read(path: Path) -> Mapping[str, Any]:
    try:
        content, found = load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as problem:
        raise AccessError(f"{path} cannot be read: {problem}") from problem
    if not isinstance(content, Mapping):
        raise AccessError(f"{path} is not a kubeconfig" + (f": {found[0].message}" if found else ""))
    return cast(Mapping[str, Any], content)


def _with_paths(entry: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
    """Resolve the files that an entry names, which stand beside the kubeconfig."""
    files = {"certificate-authority", "client-certificate", "client-key", "tokenFile"}
    found = {key: str(folder / str(value)) if key in files and value else value for key, value in entry.items()}
    plugin = entry.get("exec")
    # A plain name is looked for on the path; what names a folder stands beside the kubeconfig, too.
    if isinstance(plugin, Mapping) and os.sep in str(cast("Mapping[str, Any]", plugin).get("command") or ""):
        found["exec"] = {**cast("Mapping[str, Any]", plugin), "command": str(folder / str(plugin["command"]))}
    return found


def _access(cluster: Mapping[str, Any], user: Mapping[str, Any], namespace: str) -> Access:
    server = str(cluster.get("server") or "").rstrip("/")
    if not server.startswith(("https://", "http://")):
        raise AccessError(f"the cluster's server is {server!r}, expected https://HOST:PORT")
    return Access(
        server=server,
        ca=_decoded(cluster, "certificate-authority-data"),
        ca_file=str(cluster.get("certificate-authority") or ""),
        insecure=bool(cluster.get("insecure-skip-tls-verify")),
        server_name=str(cluster.get("tls-server-name") or ""),
        certificate=_decoded(user, "client-certificate-data"),
        certificate_file=str(user.get("client-certificate") or ""),
        key=_decoded(user, "client-key-data"),
        key_file=str(user.get("client-key") or ""),
        token=str(user.get("token") or ""),
        token_file=str(user.get("tokenFile") or ""),
        plugin=_plugin(user.get("exec")),
        namespace=namespace,
    )


def _plugin(entry: Mapping[str, Any] | None) -> ExecPlugin | None:
    if not entry:
        return None
    return ExecPlugin(
        api_version=str(entry.get("apiVersion") or "client.authentication.k8s.io/v1"),
        argv=(str(entry.get("command", "")), *(str(each) for each in entry.get("args") or ())),
        env=Labels({str(each["name"]): str(each.get("value", "")) for each in entry.get("env") or ()}),
        install_hint=str(entry.get("installHint") or ""),
    )


def _decoded(entry: Mapping[str, Any], key: str) -> str:
    try:
        return base64.b64decode(str(entry.get(key) or ""), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as problem:
        raise AccessError(f"{key} of the kubeconfig is not Base64 of PEM: {problem}") from problem
