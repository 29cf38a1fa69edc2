"""Istio's recorded answers to command lines of istio-iptables: settings, rules and exit code."""

import json
from pathlib import Path
from typing import Any

from conformance.outcome import Outcome, tally
from pillion.capture import config, iptables
from pillion.capture.plan import plan
from pillion.cli import capture
from pillion.value import has_errors


def run(data: Path) -> dict[str, Outcome]:
    recorded = json.loads((data / "istiod-iptables" / "cases.json").read_text())
    return {"istiod-iptables": tally((name, _answers_alike(case)) for name, case in recorded.items())}


def _answers_alike(case: dict[str, Any]) -> bool:
    """Settings, rules and exit codes are as recorded; IPv6 is the machine's second address, so it takes a flag."""
    options = capture.command.commands["print"].make_context("print", list(case["args"])).params
    given = {name: value for name, value in options.items() if value is not None and name != "output"}
    servers = tuple(case.get("nameservers", ()))
    facts = config.MachineFacts(addresses=("192.0.2.1", "2001:db8::1"), nameservers=servers)
    settings, diagnostics = config.decode(given, case["env"], facts)
    if has_errors(diagnostics) != (case["exit"] != 0):
        return False
    rules = plan(settings)
    four = [] if settings.cleanup_only else iptables.restore_text(rules, 4).splitlines()
    six = [] if settings.cleanup_only else iptables.restore_text(rules, 6).splitlines()
    return four == case.get("rules_v4", []) and six == case.get("rules_v6", [])
