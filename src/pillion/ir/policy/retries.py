"""When a request is tried again (Istio's `route/retry`)."""

from http import HTTPStatus

from pillion.ir.model.route import Retry
from pillion.ir.policy.pool import nanoseconds
from pillion.resources.istio.virtual_service import HTTPRetry

DEFAULT_ON = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes"
INBOUND_ON = "reset-before-request"
HOST_ATTEMPTS = 5
_KNOWN_CODES = {status.value for status in HTTPStatus}
_BY_CODE = "retriable-status-codes"


def retry(policy: HTTPRetry | None, *, sticky: bool) -> Retry | None:
    """Return the retries of an outbound route; `sticky` routes may come back to the same member."""
    if policy is None:
        return Retry(on=DEFAULT_ON, other_hosts=not sticky, host_attempts=HOST_ATTEMPTS)
    if policy.attempts <= 0:
        return None
    on, codes = _conditions(policy.retry_on, DEFAULT_ON)
    other = policy.retry_ignore_previous_hosts
    return Retry(
        attempts=policy.attempts,
        on=on,
        codes=codes,
        per_try_timeout=nanoseconds(policy.per_try_timeout),
        other_hosts=not sticky if other is None else other,
        host_attempts=HOST_ATTEMPTS,
        remote_localities=policy.retry_remote_localities is True,
        backoff=nanoseconds(policy.backoff),
    )


def _conditions(text: str, default: str) -> tuple[str, tuple[int, ...]]:
    """Split numbers that are HTTP codes from the names of conditions."""
    if not text:
        return default, ()
    parts = [part for part in (piece.strip() for piece in text.split(",")) if part]
    codes = tuple(int(part) for part in parts if part.isdigit() and int(part) in _KNOWN_CODES)
    names = [part for part in parts if not (part.isdigit() and int(part) in _KNOWN_CODES)]
    on = ",".join(names)
    if codes and _BY_CODE not in on:
        on = f"{on},{_BY_CODE}"
    return on, codes


def inbound_retry(policy: HTTPRetry | None) -> Retry | None:
    """Return the retries towards the workload itself."""
    if policy is None:
        return Retry(on=INBOUND_ON)
    if policy.attempts <= 0:
        return None
    on, codes = _conditions(policy.retry_on, INBOUND_ON)
    return Retry(attempts=policy.attempts, on=on, codes=codes, backoff=nanoseconds(policy.backoff))
