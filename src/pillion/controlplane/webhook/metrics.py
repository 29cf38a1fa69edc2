"""What the webhook counts, with Istio's names, and how it is with its settings."""

import prometheus_client as prometheus

from pillion.controlplane.webhook.answer import Fate

CONTENT_TYPE = prometheus.CONTENT_TYPE_PLAIN_0_0_4
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3, 5, 10, 20, 30, 60)
"""Istio's, and finer below its first, 0.1."""


class Metrics:
    """Counters of one webhook."""

    def __init__(self) -> None:
        self._registry = prometheus.CollectorRegistry()
        self._requests = self._counter("sidecar_injection_requests", "Total number of sidecar injection requests.")
        self._fates: dict[Fate, prometheus.Counter] = {
            "injected": self._counter("sidecar_injection_success", "Sidecar injections that succeeded."),
            "failed": self._counter("sidecar_injection_failure", "Sidecar injections that failed."),
            "skipped": self._counter("sidecar_injection_skip", "Pods that were left as they are."),
        }
        self._time = prometheus.Histogram(
            "sidecar_injection_time_seconds",
            "Time that an injection took, in seconds.",
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._reloads = prometheus.Counter(
            "pillion_webhook_reloads",
            "Attempts to read settings or a certificate again.",
            ["what", "outcome"],
            registry=self._registry,
        )
        self._stale = prometheus.Gauge(
            "pillion_webhook_stale",
            "1 while older settings or an older certificate are used, for the newest are unusable.",
            ["what"],
            registry=self._registry,
        )

    def _counter(self, name: str, help_text: str) -> prometheus.Counter:
        return prometheus.Counter(name, help_text, registry=self._registry)

    def review(self, fate: Fate, seconds: float) -> None:
        """Count a review."""
        self._requests.inc()
        self._fates[fate].inc()
        self._time.observe(seconds)

    def reload(self, what: str, *, used: bool) -> None:
        """Count an attempt to use a newer version of something."""
        self._reloads.labels(what, "used" if used else "kept-last-good").inc()
        self._stale.labels(what).set(0 if used else 1)

    def text(self) -> bytes:
        """Return all of them, as Prometheus reads them."""
        return prometheus.generate_latest(self._registry)
