"""Workloads as text: the form that their author gave them stays, through injection and back."""

import json

import pytest

from pillion.inject.conversion import convert, convert_back
from pillion.inject.injection import Injector
from pillion.inject.reversal import ANNOTATION
from pillion.inject.settings import Settings, default_settings
from pillion.inject.writing import Writer
from pillion.resources.yaml.events import chunks
from pillion.resources.yaml.load import load_chunk

OURS = Injector(default_settings())
POD = """\
---  # the pod
kind: Pod     # first what it is
apiVersion: v1
metadata: {name: web}
spec:
  # our containers

  containers:
  - name: app   # the app
    image: "example/app"
    livenessProbe:
      tcpSocket: {port: 80}   # by hand
"""
SPEC = {"containers": [{"name": "app"}]}
FILE = f"""\
# all of it
{POD}
---
# nothing
---
kind: Service
apiVersion: v1
---
kind: Pod
apiVersion: v1
metadata: {{labels: {{app: b}}}}
spec: {{hostNetwork: true, containers: [{{name: b}}]}}
"""


def injected(text: str) -> str:
    return convert(text, "x", OURS).text


def test_order_and_comments_stay() -> None:
    lines = injected(POD).splitlines()
    kept = [line for line in POD.splitlines() if "metadata" not in line and "tcpSocket" not in line]
    assert [line for line in lines if line in kept] == kept


@pytest.mark.parametrize("text", [POD, FILE, FILE.removesuffix("\n"), FILE.replace("\n", "\r\n"), POD + "\n\n# end\n"])
def test_back_is_the_very_text(text: str) -> None:
    assert convert_back(injected(text), "x").text == text
    assert injected(injected(text)) == injected(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"kind": "Pod", "apiVersion": "v1", "spec": {"containers": [{"name": "app"}]}}\n',
        "kind: Pod\napiVersion: v1\nspec: {containers: [&a {name: app, env: []}]}\n",
        "apiVersion: v1\nkind: List\nitems:\n# one\n- kind: Pod\n  apiVersion: v1\n  spec: {containers: [{name: a}]}\n",
    ],
)
def test_what_is_written_anew_comes_back_as_it_was_too(text: str) -> None:
    assert "istio-proxy" in injected(text)
    assert convert_back(injected(text), "x").text == text


def test_a_form_that_is_too_much_to_carry_is_lost_and_the_document_is_not() -> None:
    labels = {f"l{number}": "v" for number in range(600)}
    text = json.dumps({"kind": "Pod", "apiVersion": "v1", "metadata": {"labels": labels}, "spec": SPEC})
    back = convert_back(injected(text), "x").text
    assert back != text
    assert load_chunk(next(chunks(back))).contents == [json.loads(text)]


def test_edits_of_the_injected_text_survive() -> None:
    changed = injected(POD).replace("name: app   # the app", "name: app   # ours").replace("example/app", "example/new")
    back = convert_back(changed, "x").text
    assert 'name: app   # ours\n    image: "example/new"\n' in back
    assert "istio" not in back
    assert load_chunk(next(chunks(back))).contents[0]["spec"]["containers"][0]["livenessProbe"] == {
        "tcpSocket": {"port": 80}
    }


def test_a_remembered_form_changes_no_content() -> None:
    (chunk,) = chunks(injected(POD))
    (document,) = load_chunk(chunk).contents
    annotations = document["metadata"]["annotations"]
    way_back = json.loads(annotations[ANNOTATION])
    lines = way_back["form"]["lines"]
    assert any("by hand" in text for *_, text in lines)
    lines[:] = [[start, end, text.replace("80", "81")] for start, end, text in lines]
    annotations[ANNOTATION] = json.dumps(way_back)
    back = convert_back(Writer().anew(document), "x").text
    assert "81" not in back
    assert "port: 80" in back


def test_other_peoples_injection_is_taken_off_in_place() -> None:
    others = Injector(Settings(config=default_settings().config, values=default_settings().values))
    text = convert(POD, "x", others).text.replace("containers:\n", "containers:   # mine\n")
    back = convert_back(text, "x").text
    assert "containers:   # mine\n" in back
    assert [line for line in text.splitlines() if line in back.splitlines()] == [
        line for line in back.splitlines() if line in text.splitlines()
    ]
    assert "istio-proxy" not in back
