"""Istio's samples, injected by hand: a real API server keeps what `kube-inject` wrote, and uninject undoes it."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from conformance import data
from kubernetes import objects
from kubernetes.conftest import started
from kubernetes.kit import programs
from kubernetes.kit.control import Control
from pillion.install.crd.definitions import definitions

pytestmark = pytest.mark.root
SAMPLES = data.folder() / "istio-samples"
PATIENCE = 120.0


def pillion(*words: str, given: str = "") -> str:
    argv = [sys.executable, "-m", "pillion", *words]
    done = subprocess.run(argv, input=given, capture_output=True, text=True, check=False, env={"PATH": ""})
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    """An API server with the definitions that `install -o yaml` prints, as GitOps would apply them."""
    programs.build(["kubectl"])
    for control in started(tmp_path_factory.mktemp("samples")):
        printed = yaml.load_all(pillion("install", "-o", "yaml"), yaml.CSafeLoader)
        ours = [each for each in printed if each["kind"] == "CustomResourceDefinition"]
        assert {each["metadata"]["name"] for each in ours} == definitions().keys()
        control.kubectl("apply", "--server-side", "-f", "-", given="\n---\n".join(json.dumps(each) for each in ours))
        deadline = time.monotonic() + PATIENCE
        while not definitions().keys() <= set(control.kubectl("api-resources", "-o", "name").split()):
            assert time.monotonic() < deadline, "the definitions are never served"
        yield control


def without_defaults(applied: Any, stored: Any) -> Any:
    """Leave out of what is stored what nobody applied: the API server fills in."""
    if isinstance(applied, dict) and isinstance(stored, dict):
        return {key: without_defaults(value, stored.get(key)) for key, value in applied.items()}
    if isinstance(applied, list) and isinstance(stored, list) and len(applied) == len(stored):
        return [without_defaults(*pair) for pair in zip(applied, stored, strict=True)]
    return stored


@pytest.mark.parametrize("sample", sorted(SAMPLES.rglob("*.yaml")), ids=lambda path: str(path.relative_to(SAMPLES)))
def test_the_api_server_keeps_what_a_sample_becomes(cluster: Control, sample: Path) -> None:
    original = sample.read_text()
    injected = pillion("kube-inject", "-f", str(sample))
    namespace = str(sample.relative_to(SAMPLES)).removesuffix(".yaml").replace("/", "-")
    objects.namespace(cluster, namespace)
    cluster.kubectl("apply", "-n", namespace, "-f", "-", given=injected)
    found = json.loads(cluster.kubectl("get", "-n", namespace, "-f", "-", "-o", "json", given=injected))
    stored = found["items"] if found["kind"] == "List" else [found]
    applied = [each for each in yaml.load_all(injected, yaml.CSafeLoader) if each]
    assert [without_defaults(*pair) for pair in zip(applied, stored, strict=True)] == applied
    for each in stored:
        if each["kind"] == "Deployment":
            template = each["spec"]["template"]
            spec = template["spec"]
            names = {container["name"] for container in spec["containers"] + spec["initContainers"]}
            assert {"istio-proxy", "istio-init"} <= names
            assert msgspec.json.decode(template["metadata"]["annotations"]["sidecar.istio.io/status"])["revision"]
    assert pillion("kube-inject", "-f", "-", given=injected) == injected
    assert pillion("uninject", "-f", "-", given=injected) == original
