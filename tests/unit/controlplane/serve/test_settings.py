"""What follows from the settings of a replica."""

from pillion.controlplane.serve.settings import ServeSettings


def test_the_certificate_bears_the_names_that_proxies_call() -> None:
    assert ServeSettings(hosts=("10.0.0.1",)).names == (
        "istiod.istio-system.svc",
        "istiod.istio-system.svc.cluster.local",
        "10.0.0.1",
    )
    assert "istiod-canary.istio-system.svc" in ServeSettings(revision="canary").names


def test_a_revision_has_a_mesh_map_of_its_own() -> None:
    assert ServeSettings().mesh_map == "istio"
    assert ServeSettings(revision="default").mesh_map == "istio"
    assert ServeSettings(revision="canary").mesh_map == "istio-canary"
