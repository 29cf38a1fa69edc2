import pytest

from pillion.resources.istio.destination_rule import Distribute, LocalityLoadBalancerSetting
from pillion.resources.validation.report import Report
from pillion.resources.validation.traffic.locality import check_locality
from pillion.value import FrozenMap


@pytest.mark.parametrize(
    ("localities", "is_valid"),
    [
        (["a/b/c", "a/b/d", "a/c/*", "b"], True),
        (["a", "a/b"], False),
        (["a/b", "a"], False),
        (["a/b", "a/b/c"], False),
        (["a/b/c", "a/b"], False),
        (["a/*", "a/b"], False),
        (["*", "a"], False),
        (["a*b"], False),
        (["a/"], False),
    ],
)
def test_localities_do_not_overlap(localities: list[str], is_valid: bool) -> None:
    shares = tuple(Distribute(from_=one, to=FrozenMap({"x": 100})) for one in localities)
    report = Report()
    check_locality(LocalityLoadBalancerSetting(distribute=shares), None, report)
    assert (report.diagnostics == ()) is is_valid
