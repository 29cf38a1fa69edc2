"""How things are: what `/readyz` answers."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from pillion.controlplane.webhook.metrics import Metrics


class Standing:
    """One thing that is read again while the webhook runs."""

    def __init__(self, what: str, metrics: Metrics) -> None:
        self._what = what
        self._metrics = metrics
        self._since: datetime | None = None
        self._problems: tuple[str, ...] = ()
        self._is_newest = False
        self.source = ""

    @property
    def is_usable(self) -> bool:
        """Whether there is one at all."""
        return self._since is not None

    def note(self, problems: tuple[str, ...], *, used: bool) -> None:
        """Note what became of the newest version."""
        self._problems, self._is_newest = problems, used
        if used:
            self._since = datetime.now(UTC)
        self._metrics.reload(self._what, used=used)

    def detail(self) -> dict[str, Any]:
        """Return it for people."""
        state = "newest" if self._is_newest else "last-good" if self._since else "none"
        since = self._since.isoformat(timespec="seconds") if self._since else None
        return {"state": state, "source": self.source, "since": since, "problems": list(self._problems)}


class Status:
    """Whether the webhook can do its work."""

    def __init__(self, metrics: Metrics) -> None:
        self.settings = Standing("settings", metrics)
        self.certificate = Standing("certificate", metrics)
        self.proxy_configs: Standing | None = None
        """Of the cluster; None when nobody watches them."""
        self.is_draining = False
        self._metrics = metrics

    def watch(self) -> None:
        """Be ready only when the cluster's ProxyConfigs are known."""
        self.proxy_configs = Standing("proxyconfigs", self._metrics)

    def is_ready(self, workers: int) -> bool:
        """Return whether pods can be sent here."""
        is_known = self.proxy_configs is None or self.proxy_configs.is_usable
        return self.settings.is_usable and is_known and workers > 0 and not self.is_draining

    def text(self, workers: int) -> bytes:
        """Return the detail, as JSON."""
        detail: dict[str, Any] = {
            "ready": self.is_ready(workers),
            "draining": self.is_draining,
            "workers": workers,
            "settings": self.settings.detail(),
            "certificate": self.certificate.detail(),
        }
        if self.proxy_configs is not None:
            detail["proxyConfigs"] = self.proxy_configs.detail()
        return msgspec.json.format(msgspec.json.encode(detail), indent=1) + b"\n"
