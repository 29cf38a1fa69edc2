"""What a process that injects is told, and what it then does."""

import base64
import json
from typing import Any

import pytest

from pillion.controlplane.webhook.worker import TO_WORKER, Ask, Bench, NamespaceIds, Preparation, written
from pillion.inject.injection import Injector
from pillion.inject.settings import Settings, default_settings
from pillion.resources.istio.proxy_config import ProxyConfig, ProxyConfigSpec, ProxyImage
from pillion.resources.istio.workload import WorkloadSelector
from pillion.resources.meta import Metadata
from pillion.value import Labels

WEB = ProxyConfig(
    metadata=Metadata(name="web", namespace="shop", labels=Labels({"a": "b"})),
    spec=ProxyConfigSpec(
        selector=WorkloadSelector(match_labels=Labels({"app": "web"})),
        concurrency=3,
        environment_variables=Labels({"COLOUR": "red"}),
        image=ProxyImage(image_type="debug"),
    ),
)

SHOP = NamespaceIds(name="shop", annotations=Labels({"openshift.io/sa.scc.uid-range": "5000/10"}))


def review(app: str, annotations: dict[str, str] | None = None) -> bytes:
    metadata = {"name": app, "labels": {"app": app}, "annotations": annotations or {}}
    pod = {"metadata": metadata, "spec": {"containers": [{"name": "app", "image": "a"}]}}
    request = {"uid": "u", "namespace": "shop", "object": pod}
    return json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}).encode()


def patch(bench: Bench, app: str) -> Any:
    found = bench.ask(Ask(review(app), "/inject"))
    assert found.verdict.fate == "injected"
    return json.loads(base64.b64decode(found.verdict.patch))


def test_orders_arrive_as_they_were_sent() -> None:
    for order in (Preparation(default_settings(), "r1", proxy_configs=(WEB,), ids=(SHOP,)), Ask(b"\x00{}", "/inject")):
        assert TO_WORKER.decode(written(order)) == order


def test_other_proxy_configs_count_from_the_next_pod_on() -> None:
    bench = Bench()
    settings = default_settings()
    bench.prepare(Preparation(settings))
    before = patch(bench, "web")
    bench.prepare(Preparation(settings, proxy_configs=(WEB,)))
    after = patch(bench, "web")
    assert "COLOUR" not in json.dumps(before)
    assert "COLOUR" in json.dumps(after)
    assert "COLOUR" not in json.dumps(patch(bench, "api"))
    bench.prepare(Preparation(settings))
    assert patch(bench, "web") == before


def test_settings_that_are_unusable_leave_the_proxy_configs_of_before() -> None:
    bench = Bench()
    bench.prepare(Preparation(default_settings(), proxy_configs=(WEB,)))
    assert not bench.prepare(Preparation(Settings(config="{{ if }}"))).is_used
    assert "COLOUR" in json.dumps(patch(bench, "web"))


def test_ids_of_the_namespace_count_on_openshift_alone() -> None:
    bench = Bench()
    for openshift, wanted in ((False, False), (True, True)):
        bench.prepare(Preparation(default_settings(), openshift=openshift, ids=(SHOP,)))
        assert ("5009" in json.dumps(patch(bench, "web"))) is wanted
    assert bench.ask(Ask(b"[]", "/inject")).verdict.fate == "failed"


def test_an_annotation_that_is_none_of_ours_harms_nobody() -> None:
    bench = Bench()
    bench.prepare(Preparation(default_settings()))
    before = patch(bench, "web")
    for text in ('{"-": 5}', '{"~": {"spec": {"=": {"containers": [1]}}}}', "[" * 100_000):
        found = bench.ask(Ask(review("web", {"inject.pillion.dev/reversal": text}), "/inject"))
        assert found.verdict.fate == "injected"
    assert patch(bench, "web") == before


def test_a_fault_of_ours_is_told_and_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    bench.prepare(Preparation(default_settings()))

    def fail(*_: object) -> None:
        raise RuntimeError("oh")

    with monkeypatch.context() as broken:
        broken.setattr(Injector, "inject", fail)
        assert "RuntimeError: oh" in bench.ask(Ask(review("web"), "/inject")).verdict.message
        prepared = bench.prepare(Preparation(default_settings(), native_sidecars=True))
        assert not prepared.is_used
        assert "RuntimeError: oh" in prepared.problems[0]
    assert patch(bench, "web")
