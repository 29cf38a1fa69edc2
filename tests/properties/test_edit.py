"""An edit in place says what was asked, however the text is written; and its opposite gives the text back."""

import json
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pillion.inject.conversion import convert, convert_back
from pillion.inject.injection import Injector
from pillion.inject.settings import default_settings
from pillion.resources.yaml.edit import edit, same
from pillion.resources.yaml.events import chunks
from pillion.resources.yaml.load import load_chunk

OURS = Injector(default_settings())
KEYS = st.sampled_from(["a", "b", "name", "on", "x/y", "80", "-", "k: v"])
TEXTS = st.sampled_from(
    ["", "a", "yes", "1", "a b", "a: b", "#", "-", "[", "one\ntwo", "one\n", "\n", "end\n\n", "é", "'", '"']
)
SEEDS = st.integers(0, 2**32)
scalars = st.none() | st.booleans() | st.integers(-9, 99) | TEXTS
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.lists(
            st.builds(lambda name, rest: {**rest, "name": name}, KEYS, st.dictionaries(KEYS, inner, max_size=2)),
            max_size=3,
            unique_by=lambda item: item["name"],
        )
    ),
    max_leaves=14,
)
maps = st.dictionaries(KEYS, values, min_size=1, max_size=4)


class Scribe:
    """Writes values as people do: now in brackets, now in lines, with quotes and comments where they like."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # a draw for each choice would take too long

    def _choose(self, *options: Any) -> Any:
        return self._random.choice(options)

    def document(self, value: dict[str, Any]) -> str:
        lines = [
            self._choose("", "# top\n", "---\n", "--- # first\n"),
            *self._map(value, 0),
            self._choose("", "\n# end\n"),
        ]
        text = "".join(lines)
        return text.removesuffix("\n") if self._choose(False, False, True) else text

    def _aside(self, column: int) -> str:
        return self._choose("", "", "", "\n", " " * column + "# said\n", "# left\n")

    def _scalar(self, value: Any) -> str:
        if value is None:
            return self._choose("", "null", "~")
        if not isinstance(value, str):
            return json.dumps(value)
        plain = value.isalpha() and value not in {"yes", "on"}
        quoted = json.dumps(value, ensure_ascii=False)
        return (
            self._choose(value, quoted)
            if plain
            else self._choose(quoted, "'" + value.replace("'", "''") + "'")
            if "\n" not in value
            else quoted
        )

    def _flow(self, value: Any) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f"{json.dumps(key)}: {self._flow(item)}" for key, item in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(map(self._flow, value)) + "]"
        return self._scalar(value) or "null"

    def _value(self, value: Any, column: int) -> str:
        """What stands after a key or a dash, from there to the end of its lines."""
        end = self._choose("\n", "\n", "  # why\n", " \n")
        if isinstance(value, str) and value.strip("\n") and "\n" in value and self._choose(True, False):
            mark = "|-" if not value.endswith("\n") else "|+" if value.endswith("\n\n") else "|"
            lines = value.removesuffix("\n").split("\n")
            return f" {mark}\n" + "".join(" " * (column + 2) + line + "\n" if line else "\n" for line in lines)
        if not isinstance(value, dict | list):
            return " " + self._scalar(value) + end
        if not value or self._choose(True, False, False):
            return " " + self._flow(value) + end
        if isinstance(value, dict):
            return end + "".join(self._map(value, column + self._choose(1, 2, 4)))
        return end + "".join(self._list(value, column + self._choose(0, 2)))

    def _map(self, value: dict[str, Any], column: int) -> list[str]:
        return [
            self._aside(column)
            + " " * column
            + self._choose(json.dumps(key), key if key.isalpha() and key != "on" else json.dumps(key))
            + ":"
            + self._value(item, column)
            for key, item in value.items()
        ]

    def _list(self, value: list[Any], column: int) -> list[str]:
        found: list[str] = []
        for item in value:
            lead = self._aside(column) + " " * column + "-"
            if isinstance(item, dict) and item and self._choose(True, False):
                first, *rest = self._map(item, column + 2)
                found += [
                    lead + " " + first.split("\n", 1)[0].lstrip() + "\n" + first.split("\n", 1)[1]
                    if not first.lstrip(" ").startswith(("#", "\n"))
                    else lead + "\n" + first,
                    *rest,
                ]
            elif isinstance(item, list):
                found.append(lead + " " + self._flow(item) + "\n")
            else:
                found.append(
                    lead + (self._value(item, column) if not isinstance(item, dict) else " " + self._flow(item) + "\n")
                )
        return found


@st.composite
def changed(draw: st.DrawFn, value: Any) -> Any:
    """Something else, not far from a value."""
    if draw(st.integers(0, 9)) == 0:
        return draw(values)
    if isinstance(value, dict):
        kept = {key: draw(changed(item)) for key, item in value.items() if draw(st.integers(0, 5))}
        return kept | draw(st.dictionaries(KEYS, values, max_size=2))
    if isinstance(value, list):
        kept = [draw(changed(item)) for item in value if draw(st.integers(0, 5))]
        return draw(st.sampled_from([kept, [*kept, draw(values)], [draw(values), *kept]]))
    return value if draw(st.booleans()) else draw(scalars)


@given(st.data(), SEEDS, maps)
@settings(deadline=None, max_examples=200)
def test_an_edited_text_reads_as_what_was_asked(data: st.DataObject, seed: int, before: dict[str, Any]) -> None:
    text = Scribe(seed).document(before)
    (chunk,) = (each for each in chunks(text) if load_chunk(each).contents)
    (before,) = load_chunk(chunk).contents  # a line that has no end may have shortened a text
    after = data.draw(changed(before))
    edited = edit(chunk, before, after)
    if edited is None:
        return
    (again,) = chunks(edited.text)
    assert same(load_chunk(again).contents, [after])
    if edited.is_undone_exactly:
        back = edit(again, after, before)
        assert back is not None
        assert back.text == chunk.text


@given(SEEDS, maps)
@settings(deadline=None, max_examples=50)
def test_nothing_changes_without_a_change(seed: int, before: dict[str, Any]) -> None:
    text = Scribe(seed).document(before)
    for chunk in chunks(text):
        for content in load_chunk(chunk).contents:
            edited = edit(chunk, content, json.loads(json.dumps(content)))
            assert edited is None or edited.text.removesuffix("\n") == chunk.text.removesuffix("\n")


pods = st.builds(
    lambda metadata, probe, more: {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": metadata,
        "spec": {**more, "containers": [{"name": "app", "image": "a", **probe}]},
    },
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.just("web"),
            "labels": st.just({"app": "web"}),
            "annotations": st.just({"prometheus.io/port": "80"}),
        },
    ),
    st.fixed_dictionaries(
        {},
        optional={
            "livenessProbe": st.sampled_from([{"tcpSocket": {"port": 80}}, {"httpGet": {"path": "/x", "port": 80}}]),
            "args": st.lists(TEXTS, max_size=2),
            "env": st.lists(st.builds(lambda text: {"name": "A", "value": text}, TEXTS), max_size=1),
        },
    ),
    st.fixed_dictionaries(
        {}, optional={"volumes": st.just([{"name": "v", "emptyDir": {}}]), "initContainers": st.just([{"name": "i"}])}
    ),
)


@given(SEEDS, pods)
@settings(deadline=None, max_examples=100)
def test_injection_and_back_gives_the_very_text(seed: int, pod: dict[str, Any]) -> None:
    text = Scribe(seed).document(pod)
    injected = convert(text, "x", OURS).text
    assert "istio-proxy" in injected
    assert convert_back(injected, "x").text == text
    assert convert(injected, "x", OURS).text == injected
