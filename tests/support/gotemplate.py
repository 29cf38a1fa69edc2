"""Tables of templates and what Go's text/template (1.26, with sprig 3.3.0) made of them: `tests/cases/gotemplate`."""

import json
import pathlib
from typing import Any

import pytest

from conformance.gotemplate import answer, struct_data

CASES = pathlib.Path(__file__).parents[1] / "cases" / "gotemplate"
DATA: Any = json.loads((CASES / "data.json").read_text(), parse_int=float)


def table(name: str) -> pytest.MarkDecorator:
    """Parametrize a test with the rows of a table."""
    rows = json.loads((CASES / f"{name}.json").read_text())
    return pytest.mark.parametrize("row", rows, ids=[row["template"][:60] for row in rows])


def check(row: dict[str, Any]) -> None:
    """Assert that a template gives what Go gave: the same output, or the same error in the same words."""
    dot = struct_data() if row.get("data") == "struct" else DATA
    wanted = {key: row[key] for key in ("output", "error") if key in row}
    assert answer({"template": row["template"]}, dot) == wanted
