import msgspec
import pytest

from pillion.resources.istio.proxy_config import ProxyConfig, ProxyConfigSpec
from pillion.resources.istio.sidecar import Sidecar
from pillion.resources.kubernetes.cluster import ConfigMap
from pillion.resources.meta import Metadata
from pillion.resources.validation.validate import validate
from pillion.value import Origin
from support.verdicts import verdicts


def test_findings_name_the_resource_and_its_origin() -> None:
    origin = Origin(file="a.yaml")
    (found,) = validate(Sidecar(metadata=Metadata(name="x", namespace="shop")), origin)
    assert (found.where.origin, found.where.resource) == (origin, "Sidecar shop/x")


def test_kinds_that_are_not_checked_say_nothing() -> None:
    assert validate(ConfigMap()) == ()


def test_proxy_configs() -> None:
    spec = ProxyConfigSpec(concurrency=-1)
    assert [found.where.field for found in validate(ProxyConfig(spec=spec))] == ["spec.concurrency"]
    assert validate(ProxyConfig(spec=msgspec.structs.replace(spec, concurrency=None))) == ()


@pytest.mark.parametrize("name", ["internal.istio.io/parents", "istio.io/dry-run"])
def test_annotations_that_are_not_for_users(name: str) -> None:
    found = verdicts("Sidecar", "{outboundTrafficPolicy: {}}", annotations={name: "x"})
    assert [one.split()[-1] for one in found] == [f"metadata.annotations.{name}"]
