import base64
import datetime as dt

from pillion.install.inspection.health import (
    Health,
    WebhookHealth,
    certificate_health,
    deployment_health,
    ready_endpoints,
    secret_health,
    webhook_health,
)
from pillion.install.inspection.replicas import Replica
from pillion.pki.authority import create

NOW = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
SERVICE = {"name": "istio-sidecar-injector", "namespace": "istio-system"}
KEY = "istio-system/istio-sidecar-injector"


def webhook(bundle: str, policy: str = "Fail", ready: int | None = 1) -> WebhookHealth:
    content = {"name": "a.istio.io", "clientConfig": {"service": SERVICE, "caBundle": bundle}, "failurePolicy": policy}
    document = {
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "istio-sidecar-injector", "labels": {"istio.io/rev": "canary"}},
        "webhooks": [content],
    }
    return webhook_health(document, None if ready is None else {KEY: ready}, NOW)


def bundle(began: dt.datetime) -> str:
    return base64.b64encode(create("pillion", began, lifetime=10 * DAY).certificate.encode()).decode()


def test_a_webhook_needs_somebody_behind_it_and_trust_in_them() -> None:
    good = webhook(bundle(NOW))
    assert (good.problem, good.service, good.endpoints, good.revision) == ("", KEY, 1, "canary")
    assert webhook(bundle(NOW), ready=0).problem == f"no endpoint of Service {KEY} is ready: pods are refused"
    assert webhook(bundle(NOW), "Ignore", 0).problem.endswith("what it does is left out")
    assert webhook(bundle(NOW - 20 * DAY)).problem == "the certificate in its caBundle is over"
    assert webhook(bundle(NOW), ready=None).problem == ""
    assert webhook("").problem.startswith("it has no caBundle")
    assert webhook("bm9uZQ==").problem == "its caBundle is no certificate"


def test_a_certificate_is_good_until_a_day_before_its_end() -> None:
    fine = certificate_health("a", NOW + 2 * DAY, NOW)
    assert (fine.ends, fine.problem) == ("2030-01-03T00:00:00Z", "")
    assert certificate_health("a", NOW + DAY / 2, NOW).problem.startswith("ends within a day")
    assert certificate_health("a", NOW, NOW).problem == "is over"


def test_a_secret_without_a_certificate_is_told_and_no_fault() -> None:
    fine = secret_health("in Secret a/b", {"data": {"tls.crt": bundle(NOW)}}, NOW)
    assert (fine.ends, fine.problem) == ("2030-01-11T00:00:00Z", "")
    for text in ("bm9uZQ==", "/w==", "%", "", None):
        told = secret_health("in Secret a/b", {"data": {"tls.crt": text}}, NOW)
        assert (told.ends, told.problem) == ("", "is none: tls.crt cannot be read")


def test_who_is_refused_while_nobody_answers_depends_on_what_is_asked() -> None:
    about = {"service": SERVICE, "caBundle": bundle(NOW)}
    content = {"name": "validation.istio.io", "clientConfig": about, "failurePolicy": "Fail"}
    document = {"kind": "ValidatingWebhookConfiguration", "metadata": {"name": "v"}, "webhooks": [content]}
    assert webhook_health(document, {}, NOW).problem.endswith("resources are refused")


def test_endpoints_are_counted_by_service_and_those_that_are_not_ready_are_not() -> None:
    one = {
        "metadata": {"namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
        "endpoints": [{"conditions": {"ready": True}}, {"conditions": {"ready": False}}, {}],
    }
    assert ready_endpoints([one, one]) == {"shop/web": 4}


def test_a_deployments_conditions_that_mean_trouble_are_told() -> None:
    document = {
        "metadata": {"name": "istiod", "generation": 1},
        "spec": {"replicas": 2},
        "status": {
            "observedGeneration": 1,
            "availableReplicas": 1,
            "updatedReplicas": 2,
            "replicas": 2,
            "conditions": [
                {"type": "Available", "status": "True"},
                {"type": "ReplicaFailure", "status": "True", "message": "no quota"},
            ],
        },
    }
    found = deployment_health(document)
    assert found.conditions == ("ReplicaFailure=True: no quota",)
    assert found.problem == "1 of 2 replicas are available, 2 up to date"
    assert (found.available, found.wanted, found.revision) == (1, 2, "default")


def test_all_that_is_wrong_is_said_once() -> None:
    silent = Replica(name="istiod-1", revision="default", problem="403 forbidden")
    late = Replica(name="istiod-2", revision="default", reasons=("starting",), findings=("Sidecar a/b: wrong",))
    health = Health(
        replicas=(silent, late, Replica(name="istiod-3", revision="", is_ready=True, findings=late.findings)),
        disconnected=("shop/web",),
        is_there=False,
    )
    assert health.problems == (
        "pod istiod-1: 403 forbidden",
        "pod istiod-2: not ready: starting",
        "pod shop/web: its sidecar is not connected to any replica",
        "there is no control plane of ours",
        "Sidecar a/b: wrong",
    )
