"""Print how many of Istio's answers are ours, suite by suite, and write them to `build/conformance.json`.

Usage: python -m conformance --data DIR [--suite NAME] [--raise]
"""

import argparse
import json
import sys
import time
from pathlib import Path

from conformance import ratchet
from conformance.outcome import Outcome
from conformance.suites import SUITES, modules_for


def main() -> int:
    """Run the suites that were asked for."""
    parser = argparse.ArgumentParser(prog="make conformance")
    parser.add_argument("--data", type=Path, required=True, help="a folder of the layout of the conformance data")
    parser.add_argument("--suite", default="", help="a suite's name, or the part of it before the slash")
    parser.add_argument("--raise", dest="hold", action="store_true", help="raise the ratchet to what passes now")
    options = parser.parse_args()
    if not options.data.is_dir():
        parser.error(f"{options.data} is not a folder")
    if options.suite and not modules_for(options.suite):
        parser.error(f"no suite {options.suite}; there are {', '.join(SUITES)}")
    outcomes: dict[str, Outcome] = {}
    for module in modules_for(options.suite):
        began = time.monotonic()
        found = module.run(options.data)
        print(f"{module.__name__}: {time.monotonic() - began:.1f} s", file=sys.stderr)
        outcomes.update(found)
    _print_table(outcomes, partial=bool(options.suite))
    if options.hold:
        ratchet.write(outcomes)
    for line in (*ratchet.fallen(outcomes), *ratchet.risen(outcomes)):
        print(line)
    target = Path("build")
    target.mkdir(exist_ok=True)
    figures = {
        name: {"passed": each.passed, "total": each.total, "failed": list(each.failed)}
        for name, each in outcomes.items()
    }
    (target / "conformance.json").write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")
    return 0


def _print_table(outcomes: dict[str, Outcome], *, partial: bool) -> None:
    names = sorted(outcomes) if partial else [*SUITES, *sorted(outcomes.keys() - set(SUITES))]
    width = max(map(len, names), default=0)
    known = ratchet.deliberate()
    for name in names:
        outcome = outcomes.get(name)
        if outcome is None:
            print(f"{name:<{width}}       0 /    ?   not answered yet")
        else:
            share = 100 * outcome.passed / outcome.total if outcome.total else 0.0
            chosen = [each for each in outcome.failed if ratchet.reason(each, known.get(name, {}))]
            purpose = f"   {len(chosen)} on purpose" if chosen else ""
            print(f"{name:<{width}}   {outcome.passed:5} / {outcome.total:4}   {share:5.1f} %{purpose}")


if __name__ == "__main__":
    sys.exit(main())
