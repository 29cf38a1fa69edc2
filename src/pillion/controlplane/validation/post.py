"""Reviews from the webhook's server to the judge, and what is counted about them, with Istio's names."""

from typing import final

import prometheus_client as prometheus

from pillion.controlplane.tally import Tally
from pillion.controlplane.validation.judge import Judge, JudgeLostError
from pillion.controlplane.validation.review import Ruling
from pillion.controlplane.webhook.limits import Limits
from pillion.controlplane.webhook.post import Posted, UnansweredError

LIMITS = Limits(waiting=64, connections=512)
"""An API server asks rarely: people write resources one after another."""
_LABELS = ("group", "version", "resource")


@final
class ValidationPost:
    """Answers reviews of Istio's resources."""

    def __init__(self, judge: Judge, registry: prometheus.CollectorRegistry) -> None:
        self._judge = judge
        self._passed = Tally("galley_validation_passed", "Resources that are valid.", *_LABELS)
        self._failed = Tally("galley_validation_failed", "Reviews that were refused or not judged.", *_LABELS, "reason")
        self._http_errors = Tally("galley_validation_http_error", "Requests that were no reviews.", "status")
        for each in (self._passed, self._failed, self._http_errors):
            registry.register(each)

    async def answer(self, posted: Posted) -> bytes:
        """Answer a review. Raises `UnansweredError`: then the webhook's failure policy decides."""
        try:
            ruling = await self._judge.rule(posted.body, posted.seconds)
        except TimeoutError:
            raise UnansweredError(f"not judged within {posted.seconds:.1f} s") from None
        except JudgeLostError:
            raise UnansweredError("the process that judges big resources ended while it was at it") from None
        self._count(ruling)
        return ruling.body

    def refused(self, status: int, _began: float) -> None:
        """Count what was no review."""
        self._http_errors.add(1, str(status))

    def _count(self, ruling: Ruling) -> None:
        of = (ruling.group, ruling.version, ruling.resource)
        if ruling.fate == "passed":
            self._passed.add(1, *of)
        elif ruling.fate != "ignored" and not ruling.dry_run:
            self._failed.add(1, *of, ruling.fate)
