"""Rendered text back to a document."""

import pytest

from pillion.inject.rendering.result import RenderError, read


def test_fields_that_say_nothing_become_null_and_quantities_canonical() -> None:
    text = "spec:\n  hostNetwork: false\n  containers:\n  - {name: a, image: '', resources: {limits: {cpu: 2000m}}}\n"
    container = {"name": "a", "image": None, "resources": {"limits": {"cpu": "2"}}}
    assert read(text, "t") == {"spec": {"hostNetwork": None, "containers": [container]}}
    assert read("", "t") == {}


@pytest.mark.parametrize(
    ("text", "part"),
    [("a: [", "did not render YAML"), ("- a", "not render a map"), ("spec: {nodeName: 5}", "spec.nodeName: a string")],
)
def test_what_is_no_pod_is_refused(text: str, part: str) -> None:
    with pytest.raises(RenderError, match="template t"):
        read(text, "t")
    with pytest.raises(RenderError, match=part):
        read(text, "t")
