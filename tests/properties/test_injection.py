"""What holds for any pod: injection never crashes, is idempotent, can be taken back, and its patch says the same."""

import base64
import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pillion.inject import patch
from pillion.inject.injection import Injector, Options
from pillion.inject.review import Reviewer
from pillion.inject.settings import default_settings
from pillion.inject.uninject import uninject
from pillion.value import has_errors

OURS = Injector(default_settings())

NAMES = st.sampled_from(["app", "web", "istio-proxy", "istio-init", "side", "a.b/c~d"])
PORTS = st.integers(1, 65535)
QUANTITIES = st.sampled_from(["100m", "1", "2000m", "1Gi", 2])


def maps(
    required: dict[str, st.SearchStrategy[Any]], **optional: st.SearchStrategy[Any]
) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


def named(items: st.SearchStrategy[dict[str, Any]], least: int = 0) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(items, min_size=least, max_size=4, unique_by=lambda item: item["name"])


probes = maps(
    {},
    httpGet=maps({"port": PORTS | st.just("http")}, path=st.just("/ready"), scheme=st.sampled_from(["HTTP", "HTTPS"])),
    tcpSocket=maps({"port": PORTS}),
    grpc=maps({"port": PORTS}, service=st.just("health")),
    exec=maps({"command": st.just(["true"])}),
    timeoutSeconds=st.integers(0, 5),
)
containers = maps(
    {"name": NAMES},
    image=st.sampled_from(["auto", "example/app:1", ""]),
    args=st.lists(st.text(max_size=5), max_size=2),
    ports=st.lists(maps({"containerPort": PORTS}, name=st.just("http"), protocol=st.just("UDP")), max_size=2),
    env=named(maps({"name": st.sampled_from(["A", "POD_NAME", "PROXY_CONFIG"])}, value=st.text(max_size=5))),
    resources=maps({}, limits=maps({}, cpu=QUANTITIES), requests=maps({}, memory=QUANTITIES)),
    securityContext=maps({}, runAsUser=st.integers(0, 2000), runAsGroup=st.integers(0, 2000)),
    livenessProbe=probes,
    readinessProbe=probes,
    startupProbe=probes,
    lifecycle=maps({}, preStop=probes, postStart=probes),
    restartPolicy=st.just("Always"),
    future=st.none() | st.lists(st.booleans(), max_size=2),
)
annotation_values = {
    "sidecar.istio.io/inject": st.sampled_from(["true", "false", "", "maybe"]),
    "sidecar.istio.io/interceptionMode": st.sampled_from(["REDIRECT", "TPROXY", "NONE", "NOISE"]),
    "sidecar.istio.io/nativeSidecar": st.sampled_from(["true", "false"]),
    "sidecar.istio.io/proxyCPU": st.sampled_from(["1", "10m", "x"]),
    "status.sidecar.istio.io/port": st.sampled_from(["0", "15020", "8080", "-1"]),
    "prometheus.io/port": st.sampled_from(["8080", "15020", "15090", "x"]),
    "prometheus.io/scrape": st.sampled_from(["true", "false", "no"]),
    "proxy.istio.io/config": st.sampled_from(["holdApplicationUntilProxyStarts: true", "drainDuration: 1m", "[", "{}"]),
    "traffic.sidecar.istio.io/excludeOutboundPorts": st.sampled_from(["", "80,443", "http"]),
    "proxy.istio.io/overrides": st.sampled_from(["{}", "x", '{"containers":[{"name":"istio-proxy","args":["a"]}]}']),
    "sidecar.istio.io/status": st.sampled_from(["{}", "x", '{"containers":["istio-proxy"],"volumes":null}']),
}
metadata = maps(
    {},
    name=st.just("web"),
    namespace=st.sampled_from(["shop", "kube-system"]),
    labels=st.dictionaries(
        st.sampled_from(["app", "version", "topology.istio.io/network"]), st.text(max_size=3), max_size=3
    ),
    annotations=maps({}, **annotation_values),
    creationTimestamp=st.none(),
)


def names_differ(spec: dict[str, Any]) -> bool:
    """Kubernetes refuses a pod in which two containers have one name, init containers included."""
    names = [each["name"] for kind in ("containers", "initContainers") for each in spec.get(kind, ())]
    return len(names) == len(set(names))


specs = maps(
    {},
    containers=named(containers),
    initContainers=named(containers),
    volumes=named(maps({"name": st.sampled_from(["data", "istio-envoy"])}, emptyDir=st.just({}))),
    hostNetwork=st.booleans(),
    imagePullSecrets=named(maps({"name": st.just("s")})),
    dnsPolicy=st.sampled_from(["ClusterFirst", "Default"]),
    unknown=st.just({"kept": [None, 1]}),
).filter(names_differ)
pods = maps({"apiVersion": st.just("v1"), "kind": st.just("Pod"), "spec": specs}, metadata=metadata)
templates = maps({}, metadata=metadata, spec=specs)
deployments = maps(
    {"apiVersion": st.just("apps/v1"), "kind": st.just("Deployment")},
    metadata=metadata,
    spec=maps({}, replicas=st.integers(0, 3), template=templates),
)
documents = pods | deployments
options = st.builds(
    Options, by_hand=st.booleans(), native_sidecars=st.booleans(), revision=st.sampled_from(["", "blue"])
)


@given(documents, options)
@settings(deadline=None)
def test_injection_leaves_its_input_alone_and_twice_is_once(document: dict[str, Any], how: Options) -> None:
    before = copy.deepcopy(document)
    once = OURS.inject(document, None, how)
    assert document == before
    if has_errors(once.diagnostics):
        assert once.document is document
        return
    assert OURS.inject(once.document, None, how).document == once.document


@given(documents, options)
@settings(deadline=None)
def test_uninject_gives_the_original_back(document: dict[str, Any], how: Options) -> None:
    injected = OURS.inject(document, None, how)
    if not injected.is_injected:
        assert injected.document is document
        return
    back = uninject(json.loads(json.dumps(injected.document)))
    assert back.document == document
    assert back.is_exact


@given(documents, options)
@settings(deadline=None)
def test_the_patch_leads_to_the_injected_document(document: dict[str, Any], how: Options) -> None:
    injected = OURS.inject(document, None, how).document
    operations = json.loads(json.dumps(patch.difference(document, injected)))
    assert patch.apply(document, operations) == injected


@given(documents)
@settings(deadline=None)
def test_uninject_never_crashes(document: dict[str, Any]) -> None:
    back = uninject(document).document
    assert uninject(back).document == back


@given(pods)
@settings(deadline=None)
def test_the_webhook_and_kube_inject_agree(pod: dict[str, Any]) -> None:
    pod = pod | {"metadata": {"namespace": "shop"} | (pod.get("metadata") or {})}
    by_hand = OURS.inject(pod)
    asked = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "u", "object": pod}}
    answer = Reviewer(OURS).respond("application/json", json.dumps(asked).encode(), Options(by_hand=False))
    response = json.loads(answer.body)["response"]
    assert response["allowed"] is not has_errors(by_hand.diagnostics)
    operations = json.loads(base64.b64decode(response["patch"])) if "patch" in response else []
    assert patch.apply(pod, operations) == by_hand.document


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "a", "b/~"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(json_values, json_values)
def test_a_patch_leads_from_any_value_to_any_other(before: Any, after: Any) -> None:
    assert patch.apply(before, patch.difference(before, after)) == after


@given(
    json_values, st.sampled_from(["metadata", "spec"]), st.sampled_from(["containers", "annotations", "labels", "x"])
)
@settings(deadline=None)
def test_nonsense_in_a_pod_never_crashes(value: Any, part: str, field: str) -> None:
    document = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": []}}
    OURS.inject(document | {part: {field: value}})
    OURS.inject(document | {part: value})
