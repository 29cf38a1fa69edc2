from pillion.envoy.view.route import RouteTable, VirtualHost
from pillion.value import FrozenMap


def test_domains_are_sorted_by_how_much_they_say() -> None:
    hosts = (
        VirtualHost(name="a", domains=("A.example", "*.b.example", "*.example")),
        VirtualHost(name="b", domains=("a.*", "a.example", "*", "*.example")),
        VirtualHost(name="c", domains=("*",)),
    )
    domains = RouteTable(name="t", virtual_hosts=hosts).domains
    assert domains.exact == FrozenMap({"a.example": 0})
    assert domains.suffixes == ((10, FrozenMap({".b.example": 0})), (8, FrozenMap({".example": 0})))
    assert domains.prefixes == ((2, FrozenMap({"a.": 1})),)
    assert domains.everything == 1
