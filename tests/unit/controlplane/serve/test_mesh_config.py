"""The mesh's settings from a ConfigMap."""

from pillion.controlplane.serve.mesh_config import settings_of
from pillion.resources.kubernetes.cluster import ConfigMap
from pillion.resources.meta import Metadata
from pillion.value import FrozenMap

PLACE = Metadata(name="istio", namespace="istio-system")


def mesh(text: str) -> ConfigMap:
    return ConfigMap(metadata=PLACE, data=FrozenMap({"mesh": text}))


def test_without_a_map_istios_defaults_count() -> None:
    settings, found = settings_of(None, "cluster.test")
    assert settings is not None
    assert (settings.domain, settings.root_namespace, found) == ("cluster.test", "istio-system", ())
    assert settings_of(mesh(""), "cluster.test") == (settings, ())


def test_what_the_map_says_lies_over_the_defaults() -> None:
    settings, found = settings_of(mesh("trustDomain: example.org\n"), "cluster.local")
    assert settings is not None
    assert (settings.trust_domain, found) == ("example.org", ())


def test_a_map_that_cannot_be_read_gives_no_settings_and_says_why() -> None:
    for text in ("a: [", "- a list", "outboundTrafficPolicy: {mode: NEVER}"):
        settings, found = settings_of(mesh(text), "cluster.local")
        assert settings is None
        assert found
