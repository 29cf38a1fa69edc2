"""`kube-inject` with the settings of a real cluster."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubernetes import objects
from kubernetes.conftest import started
from kubernetes.kit.control import Control

pytestmark = pytest.mark.root
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: app, image: a}]}\n"
IMAGE = "%s/{{ .Values.image }}:{{ .MeshConfig.TrustDomain }}"
CONFIG = f"templates: {{sidecar: 'spec: {{containers: [{{name: istio-proxy, image: {IMAGE}}}]}}'}}"


def config_map(control: Control, home: str, name: str, **data: str) -> None:
    objects.create(control, f"/api/v1/namespaces/{home}/configmaps", {"metadata": {"name": name}, "data": data})


def settings(control: Control, home: str, suffix: str, hub: str) -> None:
    config_map(control, home, f"istio-sidecar-injector{suffix}", config=CONFIG % hub, values='{"image": "proxy"}')
    config_map(control, home, f"istio{suffix}", mesh="trustDomain: td")


def kube_inject(control: Control | None, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    cluster = [] if control is None else ["--kubeconfig", str(control.kubeconfig)]
    return subprocess.run(
        [sys.executable, "-m", "pillion", "kube-inject", "-f", "-", *cluster, *words],
        input=POD, capture_output=True, text=True, check=False, env={"PATH": "", **environment},
    )  # fmt: skip


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    for control in started(tmp_path_factory.mktemp("kube-inject")):
        for home in ("istio-system", "mesh"):
            objects.namespace(control, home)
        settings(control, "istio-system", "", "usual")
        settings(control, "istio-system", "-blue", "blue")
        settings(control, "mesh", "", "other")
        config_map(control, "istio-system", "own", mesh="trustDomain: own.td")
        yield control


@pytest.mark.parametrize(
    ("words", "image"),
    [
        ((), "usual/proxy:td"),
        (("--revision", "default"), "usual/proxy:td"),
        (("--context", "tests"), "usual/proxy:td"),
        (("--revision", "blue"), "blue/proxy:td"),
        (("-i", "mesh"), "other/proxy:td"),
        (("--injectConfigMapName", "istio-sidecar-injector-blue"), "blue/proxy:td"),
        (("--meshConfigMapName", "own"), "usual/proxy:own.td"),
        (("--valuesFile", "FILE"), "usual/mine:td"),
    ],
)
def test_settings_come_from_the_config_maps(
    cluster: Control, tmp_path: Path, words: tuple[str, ...], image: str
) -> None:
    (tmp_path / "values").write_text('{"image": "mine"}')
    done = kube_inject(cluster, *(str(tmp_path / "values") if word == "FILE" else word for word in words))
    assert (done.returncode, done.stderr) == (0, "")
    assert f"image: {image}\n" in done.stdout


def test_the_settings_of_a_cluster_are_exported(cluster: Control, tmp_path: Path) -> None:
    words = ["inject", "settings", "--kubeconfig", str(cluster.kubeconfig), "-r", "blue", "-o", str(tmp_path / "x")]
    done = subprocess.run([sys.executable, "-m", "pillion", *words], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    found = {file.name: file.read_text() for file in (tmp_path / "x").iterdir()}
    assert found == {"config": CONFIG % "blue", "values": '{"image": "proxy"}', "mesh": "trustDomain: td"}


def test_what_a_cluster_does_not_give_is_told(own: Control, tmp_path: Path) -> None:
    def refused(*words: str, control: Control | None = own, **environment: str) -> str:
        done = kube_inject(control, *words, **environment)
        assert (done.returncode, done.stdout) == (2, "")
        return done.stderr

    assert "there is no kubeconfig" in refused("--kubeconfig", str(tmp_path / "none"), control=None)
    assert "there is no kubeconfig" in refused("-i", "istio-system", control=None, HOME=str(tmp_path))
    assert "has no context 'moon'" in refused("--context", "moon")
    message = refused("--revision", "blue")
    assert "ConfigMap istio-system/istio-sidecar-injector-blue is not there" in message
    assert "--revision" in message
    objects.namespace(own, "istio-system")
    config_map(own, "istio-system", "istio", mesh="{}")
    config_map(own, "istio-system", "istio-sidecar-injector", config=CONFIG % "x")
    assert "ConfigMap istio-system/istio-sidecar-injector: key 'values' is missing" in refused()
    objects.create(own, "/api/v1/namespaces/istio-system/serviceaccounts", {"metadata": {"name": "nobody"}})
    message = refused(
        "--kubeconfig", str(kubeconfig_of(own, tmp_path, objects.token(own, "istio-system", "nobody"))), control=None
    )
    assert "istio-sidecar-injector cannot be read: 403" in message
    assert "forbidden" in message
    own.kill("kube-apiserver")
    assert "is not reached" in refused()


def kubeconfig_of(control: Control, folder: Path, token: str) -> Path:
    place = folder / "kubeconfig"
    place.write_text(f"""
current-context: x
clusters: [{{name: x, cluster: {{server: "{control.server}", certificate-authority: {control.folder}/ca.crt}}}}]
contexts: [{{name: x, context: {{cluster: x, user: x}}}}]
users: [{{name: x, user: {{token: {token}}}}}]
""")
    return place
