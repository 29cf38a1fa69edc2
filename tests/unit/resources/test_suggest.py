import pytest

from pillion.resources.suggest import distance, nearest

FIELDS = ("workloadSelector", "ingress", "egress", "outboundTrafficPolicy", "inboundConnectionPool")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("workloadselector", "workloadSelector"),
        ("workload_selector", "workloadSelector"),
        ("workloadSelecter", "workloadSelector"),
        ("egres", "egress"),
        ("outboundTraficPolicy", "outboundTrafficPolicy"),
        ("hosts", None),
        ("x", None),
    ],
)
def test_finds_what_was_meant(word: str, meant: str | None) -> None:
    assert nearest(word, FIELDS) == meant


def test_counts_slips() -> None:
    assert distance("", "ab") == 2
    assert distance("ab", "ba") == 1
    assert distance("kitten", "sitting") == 3
    assert distance("same", "same") == 0
