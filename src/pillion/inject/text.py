"""YAML and JSON texts of settings, annotations and rendered templates, as Go reads and writes them."""

from typing import Any

import msgspec

from pillion.resources.yaml.dump import dump
from pillion.resources.yaml.load import load


def read_text(text: str) -> tuple[Any, str]:
    """Read one document; returns it and what is wrong with the text (empty when nothing is)."""
    if text.startswith("{"):
        try:
            return msgspec.json.decode(text), ""
        except (msgspec.DecodeError, UnicodeEncodeError):
            pass
    value, diagnostics = load(text)
    errors = [each for each in diagnostics if each.severity == "error"]
    if not errors:
        return value, ""
    line = errors[0].where.line
    return None, errors[0].message + (f" (line {line})" if line else "")


def write_text(value: Any) -> str:
    """Write a value as YAML, keys sorted."""
    return dump(value)
