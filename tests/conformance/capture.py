"""Istio's recorded capture rules: what the configurator executes, by settings and by command line."""

import json
from pathlib import Path
from typing import Any

from conformance.outcome import Outcome, tally
from pillion.capture import config, iptables, nftables
from pillion.capture.plan import plan
from pillion.cli import capture
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
    recorded = json.loads((data / "istiod-iptables" / "cases.json").read_text())
    suites["istiod-iptables"] = tally((name, _answers_alike(case)) for name, case in recorded.items())
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
