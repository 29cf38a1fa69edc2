import pytest

from pillion.http2.budget import LIMITS, Budget, Kind
from pillion.http2.errors import ConnectionFault, ErrorCode


def spend_all(budget: Budget, kind: Kind) -> None:
    budget.spend(kind, LIMITS[kind])


@pytest.mark.parametrize("kind", LIMITS)
def test_there_is_an_end_until_it_is_renewed(kind: Kind) -> None:
    budget = Budget()
    spend_all(budget, kind)
    with pytest.raises(ConnectionFault) as fault:
        budget.spend(kind)
    assert fault.value.code == ErrorCode.ENHANCE_YOUR_CALM
    budget.renew()
    spend_all(budget, kind)


def test_what_clients_do_when_they_are_sent_data_is_forgiven_and_nothing_else() -> None:
    budget = Budget()
    spend_all(budget, "pings")
    spend_all(budget, "resets")
    budget.forgive()
    spend_all(budget, "pings")
    with pytest.raises(ConnectionFault):
        budget.spend("resets")
