"""YAML and JSON texts of settings, annotations and rendered templates, as Go reads and writes them."""

from typing import Any, cast

import msgspec

from pillion.inject.schema.types import Json
from pillion.resources.yaml.dump import dump
from pillion.resources.yaml.load import load

SIDECAR = "sidecar"
"""The template that injects the proxy."""


def read_text(text: str) -> tuple[Any, str]:
    """Read one document; returns it and what is wrong with the text (empty when nothing is)."""
    if text.startswith("{"):
        try:
            return msgspec.json.decode(text), ""
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
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


def templates_in(text: str) -> tuple[dict[str, str], Json]:
    """Return the templates of an injection config by name, and all of its fields.

    As Istio does, a text that is no config is taken for the sidecar's template itself.
    """
    document, problem = read_text(text)
    config = cast(Json, document) if isinstance(document, dict) else {}
    templates = config.get("templates")
    if problem or not isinstance(templates, dict) or not templates:
        return {SIDECAR: text}, {"policy": "enabled"}
    return {str(name): str(template) for name, template in cast(Json, templates).items()}, config
