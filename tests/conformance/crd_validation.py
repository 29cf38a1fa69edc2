"""What the API server says to Istio's resources (`crd_validation`)."""

import json
from pathlib import Path

from conformance.outcome import Outcome, tally
from pillion.resources.admission.admit import admit
from pillion.value import has_errors


def run(data: Path) -> dict[str, Outcome]:
    cases = json.loads((data / "crd_validation" / "cases.json").read_text())["cases"]
    return {
        "crd_validation": tally((case["id"], has_errors(admit(case["resource"])) != case["valid"]) for case in cases)
    }
