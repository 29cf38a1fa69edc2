import pytest

from pillion.ir.traits import Family, InboundTraits, OutboundTraits


@pytest.mark.parametrize(
    ("families", "wildcards", "loopbacks"),
    [
        (("v4",), ("0.0.0.0",), ("127.0.0.1",)),
        (("v6",), ("::",), ("::1",)),
        (("v4", "v6"), ("0.0.0.0", "::"), ("127.0.0.1", "::1")),
        ((), ("0.0.0.0",), ("127.0.0.1",)),
    ],
)
def test_addresses_follow_the_families(
    families: tuple[Family, ...], wildcards: tuple[str, ...], loopbacks: tuple[str, ...]
) -> None:
    for traits in (OutboundTraits(families=families), InboundTraits(families=families)):
        assert (traits.wildcards, traits.loopbacks) == (wildcards, loopbacks)


@pytest.mark.parametrize(
    ("families", "dual", "family"),
    [(("v4",), False, "v4"), (("v6",), False, "v6"), (("v4", "v6"), False, "v4"), (("v4", "v6"), True, "all")],
)
def test_names_are_resolved_for_what_the_proxy_can_reach(families: tuple[Family, ...], dual: bool, family: str) -> None:
    assert OutboundTraits(families=families, dual_stack=dual).dns_family == family
