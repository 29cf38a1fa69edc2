"""Istio's recorded capture rules: what its configurators execute for given settings."""

import json
from pathlib import Path
from typing import Any

from conformance.outcome import Outcome, tally
from pillion.capture import config, iptables, nftables
from pillion.capture.plan import plan
from pillion.value import has_errors


def run(data: Path) -> dict[str, Outcome]:
    suites: dict[str, Outcome] = {}
    for language, executed in (("iptables", _iptables), ("nftables", _nftables)):
        folder = data / "capture" / language
        cases = json.loads((folder / "cases.json").read_text())["cases"]
        suites[f"capture/{language}"] = tally(
            (case["name"], executed(case["config_json_tags"]) == _text(data / "capture" / case["golden"]))
            for case in cases
        )
    return suites


def _text(path: Path) -> str:
    return path.read_text().strip("\n")


def _iptables(tags: dict[str, Any]) -> str:
    """The probes before, both families' rules, and the state logged at the end, as Istio executes them."""
    settings, diagnostics = config.decode_json(tags)
    assert not has_errors(diagnostics), diagnostics
    rules = plan(settings)
    executed = ["iptables-save", "ip6tables-save"]
    executed += (text for family in (4, 6) if (text := iptables.restore_text(rules, family).strip("\n")))
    executed += ["iptables-save", *(["ip6tables-save"] if settings.enable_ipv6 else [])]
    return "\n".join(executed)


def _nftables(tags: dict[str, Any]) -> str:
    settings, diagnostics = config.decode_json(tags)
    assert not has_errors(diagnostics), diagnostics
    return nftables.transaction(plan(settings, "nftables")).strip("\n")
