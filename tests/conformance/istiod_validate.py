"""What `istioctl validate` accepts (`istiod-validate`)."""

import json
from pathlib import Path

from conformance.outcome import Outcome, tally
from pillion.resources.decode import decode
from pillion.resources.documents import read
from pillion.resources.validation.validate import validate
from pillion.value import Diagnostic, has_errors


def run(data: Path) -> dict[str, Outcome]:
    cases = json.loads((data / "istiod-validate" / "cases.json").read_text())
    return {
        "istiod-validate": tally(
            (name, is_accepted(case["input"]) == (case["exit"] == 0)) for name, case in cases.items()
        )
    }


def is_accepted(text: str) -> bool:
    documents, diagnostics = read(text)
    found: list[Diagnostic] = list(diagnostics)
    for document in documents:
        resource, problems = decode(*document)
        found += [*problems, *(validate(resource) if resource is not None else ())]
    return not has_errors(tuple(found))
