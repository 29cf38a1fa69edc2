"""What the cluster's DNS answers."""

import pytest

from pillion.local.fabric.model import ClusterService, HostRecord, Member, ServicePort
from pillion.local.fabric.zone import Answer, Zone

ZONE = Zone(
    services=(
        ClusterService(
            namespace="prod-us1",
            name="reviews",
            cluster_ips=("10.96.0.20", "fd00::20"),
            ports=(ServicePort(port=80, name="http"), ServicePort(port=53, name="dns", protocol="UDP")),
        ),
        ClusterService(
            namespace="data",
            name="db",
            headless=True,
            ports=(ServicePort(port=5432, name="sql", targets=(("10.244.0.7", 6000), ("10.244.0.8", 6000))),),
            members=(Member(address="10.244.0.7", hostname="db-0"), Member(address="10.244.0.8")),
        ),
        ClusterService(namespace="data", name="empty", headless=True),
        ClusterService(namespace="data", name="outside", external_name="API.Example.com."),
        ClusterService(namespace="data", name="inside", external_name="reviews.prod-us1.svc.cluster.local"),
        ClusterService(namespace="data", name="loop", external_name="loop.data.svc.cluster.local"),
    ),
    hosts=(
        HostRecord(host="api.example.com", addresses=("240.0.0.1",)),
        HostRecord(host="*.wild.example.com", addresses=("240.0.0.2", "2001:db8::2")),
        HostRecord(host="extra.prod-us1.svc.cluster.local", addresses=("240.0.0.3",)),
    ),
)


def data(answer: Answer) -> list[str]:
    return [record.data for record in answer.records]


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("reviews.prod-us1.svc.cluster.local.", "A", ["10.96.0.20"]),
        ("Reviews.PROD-us1.svc.cluster.local", "AAAA", ["fd00::20"]),
        ("db.data.svc.cluster.local", "A", ["10.244.0.7", "10.244.0.8"]),
        ("db-0.db.data.svc.cluster.local", "A", ["10.244.0.7"]),
        ("10-244-0-8.db.data.svc.cluster.local", "A", ["10.244.0.8"]),
        ("outside.data.svc.cluster.local", "A", ["api.example.com", "240.0.0.1"]),
        ("inside.data.svc.cluster.local", "A", ["reviews.prod-us1.svc.cluster.local", "10.96.0.20"]),
        ("outside.data.svc.cluster.local", "CNAME", ["api.example.com"]),
        ("10-244-0-9.any.pod.cluster.local", "A", ["10.244.0.9"]),
        ("fd00--9.any.pod.cluster.local", "AAAA", ["fd00::9"]),
        ("20.0.96.10.in-addr.arpa", "PTR", ["reviews.prod-us1.svc.cluster.local"]),
        ("7.0.244.10.in-addr.arpa", "PTR", ["db-0.db.data.svc.cluster.local"]),
        ("api.example.com", "A", ["240.0.0.1"]),
        ("a.b.wild.example.com", "AAAA", ["2001:db8::2"]),
        ("extra.prod-us1.svc.cluster.local", "A", ["240.0.0.3"]),
        ("dns-version.cluster.local", "TXT", ["1.1.0"]),
    ],
)
def test_a_name_has_its_records(name: str, kind: str, expected: list[str]) -> None:
    assert data(ZONE.answer(name, kind)) == expected


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("reviews.prod-us1.svc.cluster.local", "MX"),
        ("db.data.svc.cluster.local", "AAAA"),
        ("_tcp.reviews.prod-us1.svc.cluster.local", "SRV"),
        ("_http._tcp.reviews.prod-us1.svc.cluster.local", "A"),
        ("prod-us1.svc.cluster.local", "A"),
        ("svc.cluster.local", "A"),
        ("cluster.local", "A"),
        ("any.pod.cluster.local", "A"),
        ("api.example.com", "AAAA"),
    ],
)
def test_a_name_can_exist_without_such_a_record(name: str, kind: str) -> None:
    assert ZONE.answer(name, kind) == Answer(records=(), exists=True)


@pytest.mark.parametrize(
    "name",
    [
        "nobody.prod-us1.svc.cluster.local",
        "reviews.nowhere.svc.cluster.local",
        "nowhere.svc.cluster.local",
        "x.reviews.prod-us1.svc.cluster.local",
        "empty.data.svc.cluster.local",
        "db-1.db.data.svc.cluster.local",
        "_nope._tcp.reviews.prod-us1.svc.cluster.local",
        "a-b-c-d.any.pod.cluster.local",
        "1.2.any.pod.cluster.local",
        "other.cluster.local",
    ],
)
def test_a_name_below_the_domain_that_is_nobodys_does_not_exist(name: str) -> None:
    answer = ZONE.answer(name, "A")
    assert not answer.exists
    assert answer.ours


@pytest.mark.parametrize("name", ["example.com", "wild.example.com", "notcluster.local", "9.9.9.9.in-addr.arpa"])
def test_any_other_name_is_somebody_elses(name: str) -> None:
    assert not ZONE.answer(name, "A").ours


def test_srv_of_a_service_leads_to_the_service() -> None:
    answer = ZONE.answer("_http._tcp.reviews.prod-us1.svc.cluster.local", "SRV")
    assert [(one.data, one.port) for one in answer.records] == [("reviews.prod-us1.svc.cluster.local", 80)]
    assert [one.data for one in answer.additional] == ["10.96.0.20", "fd00::20"]


def test_srv_of_a_headless_service_leads_to_each_pod_and_its_target_port() -> None:
    answer = ZONE.answer("_sql._tcp.db.data.svc.cluster.local", "SRV")
    assert [(one.data, one.port) for one in answer.records] == [
        ("db-0.db.data.svc.cluster.local", 6000),
        ("10-244-0-8.db.data.svc.cluster.local", 6000),
    ]
    assert [one.data for one in answer.additional] == ["10.244.0.7", "10.244.0.8"]


def test_srv_of_a_bare_service_lists_every_port() -> None:
    answer = ZONE.answer("reviews.prod-us1.svc.cluster.local", "SRV")
    assert [one.port for one in answer.records] == [80, 53]


def test_an_alias_of_itself_ends() -> None:
    assert "loop.data.svc.cluster.local" in data(ZONE.answer("loop.data.svc.cluster.local", "A"))
