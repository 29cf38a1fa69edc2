"""Prometheus' annotations: the agent is scraped in the application's place and serves both their metrics.

The user's annotations move into the proxy's environment (`ISTIO_PROMETHEUS_ANNOTATIONS`), and new ones point at the
agent.
"""

import re
from typing import Any

from pillion.inject.pod.containers import PROXY, annotations, find, with_annotations, with_environment, with_metadata
from pillion.inject.pod.probes import FALSE, TRUE
from pillion.inject.schema.encode import go_json
from pillion.inject.schema.types import Json, items

VARIABLE = "ISTIO_PROMETHEUS_ANNOTATIONS"
_MERGE = "prometheus.istio.io/merge-metrics"
_SECURE_VARIABLE = "ENVOY_SECURE_MERGED_METRICS_PORT"
_SCRAPE, _PORT, _PATH = "prometheus_io_scrape", "prometheus_io_port", "prometheus_io_path"
_TARGETS, _SECURE_PORT = "prometheus_istio_io_scrape_targets", "prometheus_istio_io_secure_port"
_OURS = frozenset({_SCRAPE, _PORT, _PATH, _TARGETS})
_RESERVED = {
    15000: "Envoy's admin interface",
    15001: "capture of outbound traffic",
    15004: "the control plane's debug interface",
    15006: "capture of inbound traffic",
    15008: "the HBONE tunnel",
    15020: "the agent, where merged metrics are served",
    15021: "health of the proxy",
    15053: "the DNS proxy",
    15090: "Envoy's own metrics, which are merged already",
}


class ScrapeError(Exception):
    """The pod's own annotations point at a port that cannot be scraped."""


def _sanitized(name: str) -> str:
    """The name as Prometheus sees an annotation: anything but letters, digits and `_` becomes `_`."""
    return re.sub(r"[^a-zA-Z0-9_]", "_", name)


def is_merged(found: dict[str, str], mesh: Json) -> bool:
    """Return whether metrics are merged: the pod's annotation says so, else the mesh, else yes."""
    value = found.get(_MERGE)
    if value in TRUE | FALSE:
        return value in TRUE
    setting = mesh.get("enablePrometheusMerge")
    return setting if isinstance(setting, bool) else True


def scrape_port(found: dict[str, str]) -> str | None:
    """Return what the pod says about the port to scrape."""
    return next((value for key, value in found.items() if _sanitized(key) == _PORT), None)


def without_scraping(pod: Json) -> Json:
    """Return the pod without any spelling of Prometheus' annotations."""
    kept = {key: value for key, value in annotations(pod).items() if _sanitized(key) not in _OURS}
    return with_metadata(pod, annotations=kept)


def scrape_configuration(found: dict[str, str]) -> Json:
    """Return what the pod's annotations say, as the agent reads it; targets that cannot be read are left out."""
    configuration: Json = {"scrape": "", "path": "", "port": ""}
    fields = {_SCRAPE: "scrape", _PATH: "path", _PORT: "port"}
    for key, value in found.items():
        name = _sanitized(key)
        if name in fields:
            configuration[fields[name]] = value
        elif name == _TARGETS:
            targets = _parse_targets(value)
            if targets:
                configuration["targets"] = targets
    return configuration


def _parse_targets(text: str) -> list[Json] | None:
    targets: list[Json] = []
    for entry in filter(None, (part.strip() for part in text.split(","))):
        port, _, path = entry.partition(":")
        if not port.strip():
            return None
        targets.append({"port": port.strip(), "path": path.strip() or "/metrics"})
    return targets


def merged(pod: Json, mesh: Json, status_port: int) -> Json:
    """Return the pod with its metrics merged, if it wants that; raises `ScrapeError`."""
    found = annotations(pod)
    scrape = next(
        (value for key, value in found.items() if _sanitized(key) == _SCRAPE and value in TRUE | FALSE), "true"
    )
    if scrape in FALSE or not is_merged(found, mesh) or scrape_port(found) == str(status_port):
        return pod
    configuration = scrape_configuration(found)
    _check(configuration, status_port)
    proxy = find(PROXY, pod)
    if proxy is not None and any(configuration.values()):
        variable = {"name": VARIABLE, "value": go_json(configuration)}
        pod = with_environment(pod, proxy, [*items(proxy, "env"), variable])
    ours = {
        "prometheus.io/port": str(status_port),
        "prometheus.io/path": "/stats/prometheus",
        "prometheus.io/scrape": "true",
    }
    return with_annotations(without_scraping(pod), ours)


def _check(configuration: Json, status_port: int) -> None:
    targets = items(configuration, "targets")
    if targets:
        configuration["port"], configuration["path"] = targets[0]["port"], targets[0]["path"]
        for target in targets:
            _check_port(target["port"], status_port, "invalid prometheus scrape targets: target port")
    elif configuration["port"]:
        _check_port(configuration["port"], status_port, "invalid prometheus scrape configuration: port")


def _check_port(text: Any, status_port: int, what: str) -> None:
    number = int(text) if isinstance(text, str) and re.fullmatch(r"[+-]?[0-9]{1,9}", text) else 0
    if not 1 <= number <= 65535:
        msg = f"{what} {text!r} is no port number"
        raise ScrapeError(msg)
    if number == status_port:
        msg = f"{what} {text} conflicts with agent port"
        raise ScrapeError(msg)
    if number in _RESERVED:
        msg = f"{what} {text} is reserved for Istio ({_RESERVED[number]}) and cannot be scraped"
        raise ScrapeError(msg)


def with_secure_port(pod: Json) -> Json:
    """Return the pod with the annotation for scraping over TLS, if its proxy serves that and the user did not say."""
    if any(_sanitized(key) == _SECURE_PORT for key in annotations(pod)):
        return pod
    for variable in items(find(PROXY, pod) or {}, "env"):
        if variable.get("name") == _SECURE_VARIABLE and variable.get("value", "") not in {"", "0"}:
            return with_annotations(pod, {"prometheus.istio.io/secure-port": variable["value"]})
    return pod
