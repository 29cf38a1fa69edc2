"""YAML as Go reads and writes it (`goyaml/load`, `goyaml/dump`)."""

import json
from pathlib import Path
from typing import Any

from conformance.outcome import Outcome, tally
from pillion.resources.yaml.dump import dump
from pillion.resources.yaml.load import load
from pillion.value import has_errors


def run(data: Path) -> dict[str, Outcome]:
    cases = json.loads((data / "goyaml" / "cases.json").read_text())
    return {
        "goyaml/load": tally((case["yaml"], loads(case)) for case in cases["load"]),
        "goyaml/dump": tally((repr(case["value"]), survives(case)) for case in cases["strings"]),
    }


def loads(case: dict[str, Any]) -> bool:
    """Same JSON, or an error where Go gives one; what Go refuses only when strict must be told."""
    content, diagnostics = load(case["yaml"])
    if "error" in case:
        return has_errors(diagnostics)
    if has_errors(diagnostics) or numbers(content) != numbers(json.loads(case["json"])):
        return False
    return bool(diagnostics) == ("strict_error" in case)


def survives(case: dict[str, Any]) -> bool:
    """The text that Go writes, or one that says the same to a reader that reads as Go does."""
    written = dump({"k": case["value"]})
    if written == case["go"]:
        return True
    return load(written) == ({"k": case["value"]}, ())


def numbers(value: Any) -> Any:
    """JSON has one kind of number."""
    if isinstance(value, dict):
        return {key: numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [numbers(item) for item in value]
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
