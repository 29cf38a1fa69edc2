"""A workload's verdict and what follows from it."""

import json
from typing import Any

import pytest

from pillion.analysis.injection.cases import Case, cases, namespaces
from pillion.analysis.injection.diagnosis import Diagnosis, diagnose
from pillion.inject.documents import place_of
from pillion.inject.injection import Injector, Options
from pillion.inject.patch import apply
from pillion.inject.policy import Namespace
from pillion.inject.settings import default_settings
from pillion.resources.documents import read
from pillion.value import FrozenMap, Origin

OURS = Injector(default_settings())
SHOP = {"shop": Namespace(name="shop", labels=FrozenMap({"istio-injection": "enabled"}))}


def workload(kind: str = "Deployment", version: str = "apps/v1", **spec: Any) -> dict[str, Any]:
    containers = [{"name": "app", "image": "a", "ports": [{"name": "http", "containerPort": 80}]}]
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": containers} | spec}
    metadata = {"name": "web", "namespace": "shop"}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": {"template": template}}


def diagnosed(document: dict[str, Any], known: dict[str, Namespace] | None = None, **options: Any) -> Diagnosis:
    place = place_of(document)
    assert place is not None
    case = Case(document, Origin(file="f.yaml"), place)
    return diagnose(case, OURS, SHOP if known is None else known, Options(by_hand=False, **options))


def codes(found: Diagnosis) -> dict[str, str]:
    return {each.code: each.where.field for each in found.findings}


def with_probe(port: Any) -> dict[str, Any]:
    app = {"name": "app", "image": "a", "ports": [{"name": "http", "containerPort": 80}]}
    return workload(containers=[app | {"readinessProbe": {"httpGet": {"port": port}}}])


def test_the_patch_makes_what_injection_makes() -> None:
    found = diagnosed(workload())
    after = OURS.inject(workload(), SHOP["shop"], Options(by_hand=False)).document
    assert apply(workload(), [json.loads(each) for each in found.patch]) == after
    assert (found.verdict, found.is_wrong) == ("injected", False)


def test_rules_are_told_in_order_with_their_fields() -> None:
    document = workload(hostNetwork=True)
    found = diagnosed(document)
    assert [rule.code for rule in found.rules] == ["namespace-label", "host-network"]
    assert (found.rules[-1].hint, found.rules[-1].where.field) == ("skip", "spec.template.spec.hostNetwork")
    assert (found.verdict, found.patch) == ("skipped", ())


def test_an_unknown_namespace_is_said() -> None:
    found = diagnosed(workload(), {})
    assert not found.is_namespace_known
    assert found.rules[0].code == "host-network"


@pytest.mark.parametrize(("port", "code"), [("http", "probe-rewritten"), ("none", "probe-without-port")])
def test_probes(port: str, code: str) -> None:
    found = diagnosed(with_probe(port))
    assert codes(found) == {code: "spec.template.spec.containers[0].readinessProbe"}
    assert found.is_wrong is (code != "probe-rewritten")


def test_a_probe_that_is_left_alone_is_a_warning() -> None:
    document = with_probe("http")
    document["spec"]["template"]["metadata"]["annotations"] = {"sidecar.istio.io/rewriteAppHTTPProbers": "false"}
    assert "probe-not-rewritten" in codes(diagnosed(document))


def test_a_job_ends_with_a_native_sidecar_only() -> None:
    job = workload("Job", "batch/v1")
    assert "job-never-ends" in codes(diagnosed(job))
    assert codes(diagnosed(job, native_sidecars=True)) == {}


def test_init_containers() -> None:
    init = [{"name": "one", "image": "i"}, {"name": "side", "image": "s", "restartPolicy": "Always"}]
    found = codes(diagnosed(workload(initContainers=init)))
    assert found == {
        "init-outside-mesh": "spec.template.spec.initContainers[0]",
        "sidecar-before-proxy": "spec.template.spec.initContainers[1]",
    }
    assert codes(diagnosed(workload(initContainers=init), native_sidecars=True)) == {}


def test_what_cannot_be_injected_is_told_at_its_field() -> None:
    document = workload(containers=7)
    found = diagnosed(document)
    assert (found.verdict, found.is_wrong) == ("failed", True)
    assert found.findings[0].where.origin == Origin(file="f.yaml")


def test_pods_of_a_workload_are_left_to_it() -> None:
    text = """
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {a: b}}}
- {apiVersion: v1, kind: Pod, metadata: {name: p, ownerReferences: [{kind: ReplicaSet}]}, spec: {}}
- {apiVersion: v1, kind: Pod, metadata: {name: q}, spec: {}}
"""
    documents = read(text, "f.yaml").documents
    assert [case.title for case in cases(documents)] == ["Pod default/q"]
    labels = namespaces(documents)["shop"].labels
    assert labels is not None
    assert dict(labels) == {"a": "b", "kubernetes.io/metadata.name": "shop"}


def test_what_kubernetes_will_refuse_is_no_injection() -> None:
    document = workload()
    document["spec"]["template"]["spec"] = {"contaners": [{"name": "a"}]}
    found = diagnosed(document)
    assert (found.verdict, found.patch) == ("failed", ())
    assert codes(found) == {
        "unknown-field": "spec.template.spec.contaners",
        "no-containers": "spec.template.spec.containers",
    }


def test_a_malformed_pod_is_told_where_the_document_says_it() -> None:
    found = diagnosed(workload(containers={"name": "a"}))
    assert codes(found) == {"malformed-pod": "spec.template.spec.containers"}
