"""Where an API server is and who asks it: kubeconfig files, or what a pod finds in itself."""

import base64
import binascii
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from pillion.sources.kubernetes.kubeconfig import Cluster, Context, Exec, KubeconfigError, User, read_kubeconfig
from pillion.value import NO_LABELS, Labels, Value

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class AccessError(Exception):
    """There is no way to the API server; the text says why."""


class NoKubeconfigError(AccessError):
    """There is no kubeconfig at all: perhaps nobody here knows of a cluster."""


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
    clusters: dict[str, Cluster] = {}
    users: dict[str, User] = {}
    contexts: dict[str, Context] = {}
    current = context
    there = [path for path in paths if path.exists()]
    if not there:
        raise NoKubeconfigError(f"there is no kubeconfig: {', '.join(map(str, paths))}")
    for path in there:
        try:
            said = read_kubeconfig(path)
        except KubeconfigError as problem:
            raise AccessError(str(problem)) from problem
        current = current or said.current_context
        for cluster in said.clusters:
            clusters.setdefault(cluster.name, _cluster_with_paths(cluster.cluster, path.parent))
        for user in said.users:
            users.setdefault(user.name, _user_with_paths(user.user, path.parent))
        for each in said.contexts:
            contexts.setdefault(each.name, each.context)
    if not current or current not in contexts:
        raise AccessError(f"the kubeconfig has no context {current!r}" if current else "no context is current")
    chosen = contexts[current]
    asking = users.get(chosen.user, User())
    if asking.impersonated:
        # Who asked for somebody else's rights must not be given their own.
        raise AccessError(f"user {chosen.user!r} of the kubeconfig acts as somebody else (as), which is not supported")
    if chosen.cluster not in clusters:
        raise AccessError(f"the kubeconfig has no cluster {chosen.cluster!r}, which context {current!r} names")
    return _access(clusters[chosen.cluster], asking, chosen.namespace or "default")


def _cluster_with_paths(cluster: Cluster, folder: Path) -> Cluster:
    """Resolve the file that an entry names, which stands beside the kubeconfig."""
    return replace(cluster, certificate_authority=_beside(folder, cluster.certificate_authority))


def _user_with_paths(user: User, folder: Path) -> User:
    plugin = user.exec
    # A plain name is looked for on the path; what names a folder stands beside the kubeconfig, too.
    if plugin is not None and os.sep in plugin.command:
        plugin = replace(plugin, command=_beside(folder, plugin.command))
    return replace(
        user,
        client_certificate=_beside(folder, user.client_certificate),
        client_key=_beside(folder, user.client_key),
        token_file=_beside(folder, user.token_file),
        exec=plugin,
    )


def _beside(folder: Path, file: str) -> str:
    return str(folder / file) if file else ""


def _access(cluster: Cluster, user: User, namespace: str) -> Access:
    server = cluster.server.rstrip("/")
    if not server.startswith(("https://", "http://")):
        raise AccessError(f"the cluster's server is {server!r}, expected https://HOST:PORT")
    return Access(
        server=server,
        ca=_decoded(cluster.certificate_authority_data, "certificate-authority-data"),
        ca_file=cluster.certificate_authority,
        insecure=cluster.insecure_skip_tls_verify,
        server_name=cluster.tls_server_name,
        certificate=_decoded(user.client_certificate_data, "client-certificate-data"),
        certificate_file=user.client_certificate,
        key=_decoded(user.client_key_data, "client-key-data"),
        key_file=user.client_key,
        token=user.token,
        token_file=user.token_file,
        plugin=_plugin(user.exec),
        namespace=namespace,
    )


def _plugin(said: Exec | None) -> ExecPlugin | None:
    if said is None:
        return None
    return ExecPlugin(
        api_version=said.api_version or "client.authentication.k8s.io/v1",
        argv=(said.command, *said.args),
        env=Labels({each.name: each.value for each in said.env}),
        install_hint=said.install_hint,
    )


def _decoded(text: str, key: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as problem:
        raise AccessError(f"{key} of the kubeconfig is not Base64 of PEM: {problem}") from problem
