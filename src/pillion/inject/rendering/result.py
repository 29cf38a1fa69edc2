"""Rendered text back to a document: read as YAML, decoded as Go would."""

from typing import cast

from pillion.inject.schema.decode import Decoder
from pillion.inject.schema.types import Json, table
from pillion.inject.text import read_text


class RenderError(Exception):
    """What a template rendered is not a pod: the message names the template and the field."""


def read(text: str, template: str) -> Json:
    """Read what `template` rendered as a part of a pod; nobody may change the result. Raises `RenderError`."""
    document, problem = read_text(text)
    if problem:
        msg = f"template {template} did not render YAML: {problem}"
        raise RenderError(msg)
    if document is None:
        return {}
    if not isinstance(document, dict):
        msg = f"template {template} did not render a map but {type(document).__name__}"
        raise RenderError(msg)
    kubernetes = table("kubernetes")
    decoder = Decoder(kubernetes)
    decoded = decoder.struct(cast(Json, document), kubernetes.structs["Pod"])
    if decoder.problems:
        path, expected = decoder.problems[0]
        msg = f"template {template}: {'.'.join(map(str, path))}: {expected}"
        raise RenderError(msg)
    return decoded
