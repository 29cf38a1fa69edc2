"""The fabric's settings."""

from pillion.local.fabric.model import FabricSettings, family_of


def test_the_first_address_of_the_pods_network_is_the_fabrics_own() -> None:
    settings = FabricSettings(pod_cidrs=("fd00:1::/64", "10.9.0.0/16"))
    assert settings.families == (6, 4)
    assert settings.node_address(4) == "10.9.0.1"
    assert settings.node_address(6) == "fd00:1::1"


def test_the_ip_family_of_an_address() -> None:
    assert [family_of(text) for text in ("10.0.0.1", "10.0.0.0/8", "::1", "fd00::/8")] == [4, 4, 6, 6]
