"""Taking an injection off again: exactly, or as far as the document tells."""

import json
from typing import Any

from pillion.inject.injection import Injector, Options
from pillion.inject.settings import Settings, default_settings
from pillion.inject.uninject import uninject

OURS = Injector(default_settings())
OTHERS = Injector(Settings(config=default_settings().config, values=default_settings().values))
PROBE = {"httpGet": {"path": "/ready", "port": 8080}, "timeoutSeconds": 3, "periodSeconds": 2}


def pod(annotations: dict[str, str] | None = None, **container: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": "web", "labels": {"app": "web"}}
    if annotations:
        metadata["annotations"] = annotations
    app = {"name": "app", "image": "a"} | container
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"containers": [app], "volumes": [{"name": "v"}]},
    }


def test_our_own_injection_is_undone_exactly() -> None:
    document = pod({"prometheus.io/port": "9"}, readinessProbe=PROBE)
    back = uninject(OURS.inject(document).document)
    assert back.document == document
    assert back.is_exact
    assert back.diagnostics == ()


def test_istios_injection_is_undone_as_far_as_it_tells() -> None:
    document = pod(
        {"prometheus.io/port": "9", "prometheus.io/path": "/m"},
        readinessProbe=PROBE,
        livenessProbe={"tcpSocket": {"port": 1}},
    )
    injected = OTHERS.inject(document).document
    assert "inject.pillion.dev/reversal" not in json.dumps(injected)
    back = uninject(injected)
    assert back.document == document
    assert not back.is_exact
    told = " ".join(each.message for each in back.diagnostics)
    assert "service.istio.io/canonical-name" in told
    assert "a probe's port may have been a name" in told


def test_the_users_own_proxy_container_comes_back() -> None:
    document = pod()
    document["spec"]["containers"].append({"name": "istio-proxy", "image": "auto", "args": ["x"]})
    back = uninject(OTHERS.inject(document).document).document
    own = {"name": "istio-proxy", "image": "auto", "args": ["x"], "resources": {}}
    assert back["spec"]["containers"] == [{"name": "app", "image": "a"}, own]


def test_a_native_sidecar_goes_too() -> None:
    injected = OTHERS.inject(pod(), None, Options(native_sidecars=True)).document
    assert uninject(injected).document == pod()


def test_what_was_not_injected_stays() -> None:
    service = {"apiVersion": "v1", "kind": "Service"}
    assert uninject(service).document is service
    plain = pod()
    assert uninject(plain).document is plain


def test_a_record_that_cannot_be_read_changes_nothing_and_is_told() -> None:
    document = pod({"sidecar.istio.io/status": "nonsense"})
    back = uninject(document)
    assert back.document == document
    assert [each.code for each in back.diagnostics] == ["not-restorable"]


def test_a_list_is_undone_item_by_item() -> None:
    whole = {"apiVersion": "v1", "kind": "List", "items": [pod(), {"apiVersion": "v1", "kind": "Service"}]}
    assert uninject(OURS.inject(whole).document).document == whole


def test_labels_that_the_user_chose_stay() -> None:
    document = pod()
    document["metadata"]["labels"] |= {
        "security.istio.io/tlsMode": "disabled",
        "service.istio.io/canonical-name": "own",
    }
    assert uninject(OTHERS.inject(document).document).document == document


def test_what_the_cni_plugin_is_told_goes_only_with_it() -> None:
    found = {"traffic.sidecar.istio.io/includeInboundPorts": "*"}
    assert uninject(OTHERS.inject(pod(found)).document).document == pod(found)
    config = "spec: {initContainers: [{name: istio-validation}], containers: [{name: istio-proxy}]}"
    with_cni = Injector(Settings(config=config))
    assert uninject(with_cni.inject(pod(found)).document).document == pod()


def test_targets_of_prometheus_come_back() -> None:
    document = pod({"prometheus.istio.io/scrape-targets": "81:/a,82:/metrics"})
    assert uninject(OTHERS.inject(document).document).document == document
