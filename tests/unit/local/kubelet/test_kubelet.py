"""Which container is meant when none is named."""

from pillion.local.kubelet.kubelet import default_container
from pillion.local.kubelet.spec.pod import Container, Metadata, Pod, PodSpec
from pillion.value import FrozenMap


def pod(*names: str, annotated: str = "") -> Pod:
    annotations = FrozenMap({"kubectl.kubernetes.io/default-container": annotated} if annotated else {})
    spec = PodSpec(containers=tuple(Container(name=name) for name in names))
    return Pod(metadata=Metadata(name="p", annotations=annotations), spec=spec)


def test_the_annotated_one_else_the_first_that_is_no_proxy() -> None:
    assert default_container(pod("a", "b", annotated="b")) == "b"
    assert default_container(pod("istio-proxy", "a", "b")) == "a"
    assert default_container(pod("istio-proxy")) == "istio-proxy"
    assert default_container(pod()) == ""
