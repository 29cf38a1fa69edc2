"""Requests are told apart by the port that they come from."""

from pathlib import Path

from pillion.local.requester import unused_port


def test_no_port_is_given_twice() -> None:
    used: set[int] = set()
    given = [unused_port(used) for _ in range(200)]
    assert len(set(given)) == len(given)
    assert used == set(given)


def test_a_port_that_was_used_is_passed_over() -> None:
    lowest, highest = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    middle = (lowest + highest) // 2
    for _ in range(20):
        assert unused_port(set(range(middle))) >= middle
