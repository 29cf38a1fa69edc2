"""Where the API server is, by kubeconfig or from a pod."""

import base64
from pathlib import Path

import pytest

from pillion.sources.kubernetes.access import AccessError, find_access, from_kubeconfig, in_cluster

CONFIG = """
apiVersion: v1
kind: Config
current-context: one
clusters:
- name: c
  cluster: {server: "https://10.0.0.1:6443/", certificate-authority: ca.crt, tls-server-name: kubernetes}
contexts:
- name: one
  context: {cluster: c, user: u, namespace: shop}
- name: two
  context: {cluster: other, user: u}
users:
- name: u
  user:
    client-certificate-data: %s
    client-key: keys/u.key
    tokenFile: /var/run/token
    exec: {apiVersion: client.authentication.k8s.io/v1, command: login, args: [a], env: [{name: A, value: B}]}
"""


def write(folder: Path, text: str, name: str = "config") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_reads_a_kubeconfig(tmp_path: Path) -> None:
    access = from_kubeconfig([write(tmp_path, CONFIG % base64.b64encode(b"PEM").decode())])
    assert access.server == "https://10.0.0.1:6443"
    assert access.ca_file == str(tmp_path / "ca.crt")
    assert access.key_file == str(tmp_path / "keys/u.key")
    assert access.token_file == "/var/run/token"
    assert (access.certificate, access.namespace, access.server_name) == ("PEM", "shop", "kubernetes")
    assert access.plugin is not None
    assert access.plugin.argv == ("login", "a")
    assert dict(access.plugin.env) == {"A": "B"}


@pytest.mark.parametrize(
    ("command", "found"), [("login", "login"), ("./bin/login", "{}/bin/login"), ("/bin/login", "/bin/login")]
)
def test_a_plugin_stands_beside_the_kubeconfig_unless_it_is_looked_for(
    tmp_path: Path, command: str, found: str
) -> None:
    text = (CONFIG % "").replace("command: login", f"command: {command}")
    plugin = from_kubeconfig([write(tmp_path, text)]).plugin
    assert plugin is not None
    assert plugin.argv == (found.format(tmp_path), "a")


def test_joins_several_kubeconfigs_and_the_first_counts(tmp_path: Path) -> None:
    first = write(tmp_path, "clusters: [{name: other, cluster: {server: 'https://first'}}]", "first")
    second = write(tmp_path, CONFIG % "", "second")
    third = write(tmp_path, "clusters: [{name: other, cluster: {server: 'https://third'}}]", "third")
    paths = [tmp_path / "none", first, second, third]
    assert from_kubeconfig(paths, "two").server == "https://first"
    assert from_kubeconfig(paths).server == "https://10.0.0.1:6443"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "is not a kubeconfig"),
        ("{}", "no context is current"),
        ("current-context: x", "no context 'x'"),
        ("current-context: x\ncontexts: [{name: x, context: {cluster: z}}]", "no cluster 'z'"),
        ("current-context: x\ncontexts: [{name: x, context: {cluster: z}}]\nclusters: [{name: z}]", "server is ''"),
    ],
)
def test_says_what_is_wrong_with_a_kubeconfig(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(AccessError, match=said):
        from_kubeconfig([write(tmp_path, text)])


@pytest.mark.parametrize("word", ["y", "NO", "on", "1", "1e3", "0x10"])
def test_a_name_that_yaml_takes_for_something_else_is_refused_as_by_kubectl(tmp_path: Path, word: str) -> None:
    text = (CONFIG % "").replace("one", word)
    with pytest.raises(AccessError, match=r"config is not a kubeconfig: Expected `str`.*current-context.*needs quotes"):
        from_kubeconfig([write(tmp_path, text)])
    assert from_kubeconfig([write(tmp_path, (CONFIG % "").replace("one", f"'{word}'"))], word).namespace == "shop"


@pytest.mark.parametrize(("said", "insecure"), [("true", True), ("y", True), ("no", False), ("null", False)])
def test_whether_a_server_is_looked_at_is_a_boolean(tmp_path: Path, said: str, insecure: bool) -> None:
    text = (CONFIG % "").replace("tls-server-name: kubernetes", f"insecure-skip-tls-verify: {said}")
    assert from_kubeconfig([write(tmp_path, text)]).insecure is insecure
    with pytest.raises(AccessError, match="Expected `bool`, got `str`"):
        from_kubeconfig([write(tmp_path, text.replace(f": {said}}}", f": '{said}'}}"))])


def test_nobody_gets_their_own_rights_who_asked_for_anothers(tmp_path: Path) -> None:
    text = (CONFIG % "").replace("tokenFile: /var/run/token", "as: other")
    with pytest.raises(AccessError, match="user 'u' of the kubeconfig acts as somebody else"):
        from_kubeconfig([write(tmp_path, text)])


def test_says_that_there_is_no_kubeconfig(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match="there is no kubeconfig"):
        from_kubeconfig([tmp_path / "none"])


def test_takes_a_pods_own_account(tmp_path: Path) -> None:
    write(tmp_path, "shop\n", "namespace")
    access = in_cluster({"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "8443"}, tmp_path)
    assert access.server == "https://[fd00::1]:8443"
    assert access.namespace == "shop"
    assert access.token_file == str(tmp_path / "token")
    with pytest.raises(AccessError, match="no pod"):
        in_cluster({}, tmp_path)


def test_the_variable_names_the_kubeconfig(tmp_path: Path) -> None:
    path = write(tmp_path, CONFIG % "")
    assert find_access(environment={"KUBECONFIG": f"{tmp_path}/none:{path}"}).namespace == "shop"
