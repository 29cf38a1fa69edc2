from pillion.ir.model.route import Retry
from pillion.ir.policy.retries import DEFAULT_ON, inbound_retry, retry
from pillion.resources.istio.virtual_service import HTTPRetry


def test_istios_defaults() -> None:
    assert retry(None, sticky=False) == Retry(attempts=2, on=DEFAULT_ON, other_hosts=True, host_attempts=5)
    found = retry(None, sticky=True)
    assert found is not None
    assert not found.other_hosts


def test_no_attempts_are_no_retries() -> None:
    assert retry(HTTPRetry(attempts=0), sticky=False) is None
    assert inbound_retry(HTTPRetry(attempts=0)) is None


def test_codes_are_parted_from_conditions() -> None:
    found = retry(HTTPRetry(attempts=1, retry_on="5xx, 503,999,gateway-error"), sticky=False)
    assert found is not None
    assert found.codes == (503,)
    assert found.on == "5xx,999,gateway-error,retriable-status-codes"


def test_a_user_may_allow_the_same_host() -> None:
    found = retry(HTTPRetry(attempts=1, retry_ignore_previous_hosts=False), sticky=False)
    assert found is not None
    assert not found.other_hosts


def test_inbound() -> None:
    assert inbound_retry(None) == Retry(attempts=2, on="reset-before-request")
    assert inbound_retry(HTTPRetry(attempts=3, retry_on="503")) == Retry(
        attempts=3, on=",retriable-status-codes", codes=(503,)
    )
