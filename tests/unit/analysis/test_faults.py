"""Faults and mirrors of a route, as far as they decide what becomes of a request."""

import pytest

from pillion.analysis.call import Result
from pillion.analysis.faults import with_extras
from pillion.envoy.view.route import Action, DirectResponse, Fault, Forward, Mirror, PathMatch, Route, RouteMatch

NAME = "envoy.filters.http.fault"
MATCH = RouteMatch(path=PathMatch(how="prefix"))
FOUND = Result(route="r", notes=("before",))


def become(fault: Fault | None, action: Action, *filters: str) -> Result:
    return with_extras(Route(match=MATCH, action=action, fault=fault), filters, FOUND)


def test_without_anything_the_result_is_as_it_was() -> None:
    assert become(None, Forward(cluster="c"), NAME) is FOUND


@pytest.mark.parametrize("action", [Forward(cluster="c"), DirectResponse(status=200)])
def test_an_abort_of_every_request_is_the_answer(action: Action) -> None:
    fault = Fault(filter=NAME, abort="status 503", aborted=1.0)
    assert become(fault, action, "cors", NAME).abort == "status 503"
    assert become(fault, action, "cors") is FOUND


@pytest.mark.parametrize(
    ("fault", "note"),
    [
        (
            Fault(filter=NAME, abort="status 503", aborted=0.25),
            "a fault answers 25 % of the requests with status 503",
        ),
        (
            Fault(filter=NAME, abort="status 503", aborted=1.0, unread=("headers",)),
            "a fault answers 100 % of the requests with status 503, if headers say so, which is not judged here",
        ),
        (Fault(filter=NAME, delay="3s", delayed=1.0), "a fault holds 100 % of the requests back for 3s"),
    ],
)
def test_what_does_not_end_every_request_is_noted(fault: Fault, note: str) -> None:
    found = become(fault, Forward(cluster="c"), NAME)
    assert (found.abort, found.notes) == ("", ("before", note))


@pytest.mark.parametrize(
    "fault", [Fault(filter=NAME, abort="status 503"), Fault(filter=NAME, delay="3s"), Fault(filter=NAME)]
)
def test_a_fault_of_no_request_is_none(fault: Fault) -> None:
    assert become(fault, Forward(cluster="c"), NAME) is FOUND


def test_copies_are_noted() -> None:
    mirrors = (Mirror(cluster="d"), Mirror(cluster="", fraction=0.5))
    assert become(None, Forward(cluster="c", mirrors=mirrors)).notes == (
        "before",
        "a copy of 100 % of the requests goes to d",
        "a copy of 50 % of the requests goes to a cluster that a header names",
    )
