"""`inject doctor` about pods of a real cluster."""

import json
import subprocess
import sys
from typing import Any

import pytest

from kubernetes import objects
from kubernetes.kit.control import Control
from kubernetes.test_install_rights import installed

pytestmark = pytest.mark.root


def doctor(control: Control, *words: str) -> tuple[int, dict[str, Any], str]:
    done = subprocess.run(
        [sys.executable, "-m", "pillion", "inject", "doctor", *words, "-o", "json", "--kubeconfig", control.kubeconfig],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr


def test_the_rules_and_the_patch_are_the_clusters(own: Control) -> None:
    installed(own)
    labels = {"istio-injection": "enabled"}
    objects.create(own, "/api/v1/namespaces", {"metadata": {"name": "shop", "labels": labels}})
    # The injector does not run: nobody may wait for it.
    objects.delete(own, "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/istio-sidecar-injector")
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1", "uid": "u", "controller": True}
    web = objects.pod("web")
    web["metadata"]["ownerReferences"] = [owner]
    objects.create(own, "/api/v1/namespaces/shop/pods", web)
    objects.create(own, "/api/v1/namespaces/default/pods", objects.pod("lone"))
    config = {"apiVersion": "networking.istio.io/v1beta1", "kind": "ProxyConfig", "metadata": {"name": "all"}}
    configs = "/apis/networking.istio.io/v1beta1/namespaces/shop/proxyconfigs"
    while own.request("GET", configs)[0] != 200:
        pass  # it is served a moment after it was defined
    objects.create(own, configs, {**config, "spec": {"environmentVariables": {"COLOUR": "red"}}})
    _, found, _ = doctor(own, "shop/web", "lone", "--settings", "/nowhere")
    assert found == {}
    _, found, said = doctor(own, "shop/web", "lone")
    web, lone = found["workloads"]
    assert (web["workload"], web["verdict"], web["namespaceKnown"]) == ("Pod shop/web", "injected", True), said
    assert web["rules"][0]["name"] == "namespace-label"
    assert any(each["path"] == "/spec/volumes" or "initContainers" in each["path"] for each in web["patch"])
    assert "COLOUR" in json.dumps(web["patch"])
    assert (lone["workload"], lone["verdict"]) == ("Pod default/lone", "skipped")
    assert doctor(own, "web", "-n", "shop")[1]["workloads"][0]["workload"] == "Pod shop/web"
    code, _, said = doctor(own, "shop/nobody")
    assert (code, 'pods "nobody" not found' in said) == (2, True)
    code, _, said = doctor(own, "shop/web", "--revision", "blue")
    assert (code, "istio-sidecar-injector-blue is not there" in said) == (2, True)
