import pytest

from pillion.agent.dns.table import NameInfo, Place, Record, build, spellings

PLACE = Place(namespace="ns1", domain="ns1.svc.cluster.local", search=("ns1.svc.cluster.local", "svc.cluster.local"))


def kubernetes(name: str, namespace: str, *ips: str, alt: tuple[str, ...] = ()) -> NameInfo:
    return NameInfo(ips=ips, registry="Kubernetes", shortname=name, namespace=namespace, alt_hosts=alt)


@pytest.mark.parametrize(
    ("name", "info", "expected"),
    [
        ("www.google.com", NameInfo(registry="External"), {"www.google.com."}),
        ("example.localhost.", NameInfo(registry="External"), {"example.localhost."}),
        (
            "web.ns1.svc.cluster.local",
            kubernetes("web", "ns1"),
            {"web.ns1.svc.cluster.local.", "web.ns1.", "web.", "web.ns1.svc."},
        ),
        (
            "web.ns2.svc.cluster.local",
            kubernetes("web", "ns2"),
            {"web.ns2.svc.cluster.local.", "web.ns2.", "web.ns2.svc."},
        ),
        ("web.ns1.svc.cluster.remote", kubernetes("web", "ns1"), {"web.ns1.svc.cluster.remote."}),
    ],
)
def test_by_which_names_a_service_is_known(name: str, info: NameInfo, expected: set[str]) -> None:
    assert set(spellings(name, info, PLACE)) == expected


def test_the_first_try_of_a_resolver_is_enough() -> None:
    table = build({"www.google.com": NameInfo(ips=("1.1.1.1",))}, PLACE)
    assert table.lookup("A", "www.google.com.ns1.svc.cluster.local.") == (
        Record(name="www.google.com.ns1.svc.cluster.local.", type="CNAME", value="www.google.com."),
        Record(name="www.google.com.", type="A", value="1.1.1.1"),
    )
    assert table.lookup("A", "www.google.com.svc.cluster.local.") is None


def test_a_name_of_ours_without_that_kind_of_address_is_empty_not_unknown() -> None:
    table = build({"four": NameInfo(ips=("1.1.1.1",)), "none": NameInfo(ips=("no address",))}, PLACE)
    assert table.lookup("AAAA", "four.") == ()
    assert table.lookup("A", "none.") is None


def test_the_narrowest_wildcard_wins_and_answers_by_the_name_asked_for() -> None:
    table = build({"*.b.c": NameInfo(ips=("1.1.1.1",)), "*.c": NameInfo(ips=("2.2.2.2",))}, PLACE)
    assert table.lookup("A", "x.B.c.") == (Record(name="x.b.c.", type="A", value="1.1.1.1"),)
    assert table.lookup("A", "x.y.c.") == (Record(name="x.y.c.", type="A", value="2.2.2.2"),)
    assert table.lookup("A", "c.") is None


def test_a_real_name_is_never_hidden_by_an_alias() -> None:
    names = {"web": NameInfo(ips=("9.9.9.9",)), "web.ns1.svc.cluster.local": kubernetes("web", "ns1", "1.1.1.1")}
    found = build(names, PLACE).lookup("A", "web.ns1.svc.cluster.local.")
    assert found == (Record(name="web.ns1.svc.cluster.local.", type="A", value="1.1.1.1"),)
