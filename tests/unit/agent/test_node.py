import pytest

from pillion.agent import node, proxy_config
from pillion.envoy.bootstrap.model import Locality, Node
from pillion.value import FrozenMap

CONFIG, _ = proxy_config.decode()
ENVIRONMENT = {"POD_NAME": "web-1", "POD_NAMESPACE": "prod", "SERVICE_ACCOUNT": "web"}
IDENTITY = node.ProxyIdentity(
    node_id="sidecar~1.1.1.1~web-1.prod~d", instance_ips=("1.1.1.1", "fd00::1", "1.1.1.1"), version="1.32.0"
)


def build(environment: dict[str, str] | None = None, **files: FrozenMap[str]) -> Node:
    return node.build({**ENVIRONMENT, **(environment or {})}, CONFIG, node.PodInfo(**files), IDENTITY)


def test_the_id_has_istio_s_four_parts() -> None:
    assert node.node_id(ENVIRONMENT, "10.0.0.1", "") == "sidecar~10.0.0.1~web-1.prod~prod.svc.cluster.local"
    assert node.node_id(ENVIRONMENT, "10.0.0.1", "prod.svc.mesh").endswith("~prod.svc.mesh")


def test_typed_metadata_wins_over_what_is_passed_through() -> None:
    made = build({"ISTIO_META_NAMESPACE": "liar", "ISTIO_META_CLUSTER_ID": "here", "ISTIO_METAJSON_X": '{"a": [1]}'})
    assert made.metadata["NAMESPACE"] == "prod"
    assert made.metadata["CLUSTER_ID"] == "here"
    assert made.metadata["a"] == (1,)
    assert made.metadata["INSTANCE_IPS"] == "1.1.1.1,fd00::1"
    assert made.metadata["METADATA_DISCOVERY"] == "false"


def test_labels_of_the_pod_lie_over_those_of_the_environment() -> None:
    environment = {"ISTIO_METAJSON_LABELS": '{"app": "old", "zone": "z"}'}
    made = build(environment, labels=FrozenMap({"app": "web", "pod-template-hash": "abc"}))
    assert made.metadata["LABELS"] == FrozenMap({"app": "web", "zone": "z"})
    assert made.metadata["STATIC_LABELS"] == FrozenMap({"app": "old", "zone": "z"})


@pytest.mark.parametrize(
    ("label", "locality"),
    [
        ("us.east.rack1", Locality(region="us", zone="east", sub_zone="rack1")),
        ("us/east-1.a", Locality(region="us", zone="east-1.a")),
        ("us", Locality(region="us")),
    ],
)
def test_locality_is_a_label(label: str, locality: Locality) -> None:
    made = build(labels=FrozenMap({"istio-locality": label}))
    assert made.locality == locality


def test_the_downward_api_s_files() -> None:
    text = 'app="web"\nnote="a \\"quoted\\" word\\n"\nbroken\nempty=""\nbell="\\a"\n'
    expected = {"app": "web", "note": 'a "quoted" word\n', "empty": "", "bell": "\a"}
    assert node.parse_downward(text) == FrozenMap(expected)


@pytest.mark.parametrize(
    ("layer", "environment", "labels", "name"),
    [
        ("{}", {}, {"app": "web"}, "web.prod"),
        ("{}", {"ISTIO_META_WORKLOAD_NAME": "work"}, {}, "work.prod"),
        ("{}", {}, {}, "istio-proxy.prod"),
        ('{"serviceCluster": "mine"}', {}, {"app": "web"}, "mine"),
        (
            '{"tracingServiceName": "CANONICAL_NAME_AND_NAMESPACE"}',
            {},
            {"service.istio.io/canonical-name": "c"},
            "c.prod",
        ),
        ('{"tracingServiceName": "CANONICAL_NAME_ONLY"}', {}, {"app.kubernetes.io/name": "k", "app": "a"}, "k"),
    ],
)
def test_the_name_of_the_workload_for_traces(
    layer: str, environment: dict[str, str], labels: dict[str, str], name: str
) -> None:
    config, problems = proxy_config.decode(("PROXY_CONFIG", layer))
    assert problems == ()
    pod = node.PodInfo(labels=FrozenMap(labels))
    assert node.build({**ENVIRONMENT, **environment}, config, pod, IDENTITY).cluster == name
