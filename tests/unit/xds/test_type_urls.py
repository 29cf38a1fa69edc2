from pillion.xds import type_urls
from support.xds import SHORT


def test_other_types_come_after_those_with_a_place() -> None:
    kinds = sorted(SHORT, key=lambda kind: type_urls.order(SHORT[kind]))
    assert kinds == ["CDS", "EDS", "LDS", "RDS", "SDS", "NDS"]


def test_no_two_types_wait_for_each_other() -> None:
    for waits_for in (type_urls.CHANGE_WAITS_FOR, type_urls.REMOVAL_WAITS_FOR):
        done: set[str] = set()
        left = dict(waits_for)
        while left:
            free = [each for each, others in left.items() if not set(others) & left.keys() - done]
            assert free
            done.update(free)
            for each in free:
                del left[each]
