"""Files of documents: workloads are injected, the rest is left as it was written."""

import pytest

from pillion.inject.conversion import as_go, convert, convert_back
from pillion.inject.injection import Injector
from pillion.inject.settings import Settings, default_settings
from pillion.resources.yaml.events import chunks
from pillion.resources.yaml.load import load_chunk
from pillion.value import has_errors

OURS = Injector(default_settings())
OTHERS = Injector(Settings(config="templates: {sidecar: 'spec: {containers: [{name: istio-proxy, image: x}]}'}"))
FILE = """\
# the service
apiVersion: v1
kind: Service
metadata: {name: web}   # kept as it is
---
# nothing but a comment
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers:
      - {name: app, image: a, env: [{name: ANSWER, value: "yes"}]}
---
"""


def kinds(text: str) -> list[str]:
    return [each["kind"] for chunk in chunks(text) for each in load_chunk(chunk).contents if each]


def test_only_workloads_are_touched() -> None:
    result = convert(FILE, "app.yaml", OURS)
    assert result.text.startswith(FILE.partition("---")[0])
    assert "# nothing but a comment\n" in result.text
    assert kinds(result.text) == ["Service", "Deployment"]
    assert 'value: "yes"' in result.text
    assert [decision.injects for decision in result.decisions] == [True]


def test_its_own_output_stays_as_it_is_and_comes_back() -> None:
    once = convert(FILE, "app.yaml", OURS).text
    assert convert(once, "app.yaml", OURS).text == once
    back = convert_back(once, "app.yaml").text
    assert "istio" not in back
    assert kinds(back) == ["Service", "Deployment"]


def test_a_broken_document_gives_no_output_but_file_and_line() -> None:
    result = convert(FILE + "a: [\n", "app.yaml", OURS)
    assert result.text == ""
    (error,) = [each for each in result.diagnostics if each.severity == "error"]
    assert error.where.origin is not None
    assert (error.where.origin.file, error.where.origin.document) == ("app.yaml", 3)
    assert error.where.line is not None
    assert error.where.line > FILE.count("\n")


def test_a_mistake_in_a_workload_names_the_file() -> None:
    text = FILE.replace("name: app", "name: 5")
    line = next(number for number, each in enumerate(text.splitlines(), 1) if "name: 5" in each)
    result = convert(text, "app.yaml", OURS)
    assert [(each.code, str(each.where)) for each in result.diagnostics] == [
        ("malformed-pod", f"app.yaml:{line}: Deployment web: spec.template.spec.containers[0].name")
    ]


def test_settings_of_others_give_the_zeros_of_gos_encoder() -> None:
    text = convert(FILE, "app.yaml", OTHERS).text
    assert "strategy: {}" in text
    assert "resources: {}" in text
    assert "strategy" not in convert(FILE, "app.yaml", OURS).text


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        (
            {"apiVersion": "apps/v1", "kind": "ReplicaSet", "spec": {"replicas": 0, "minReadySeconds": 0, "future": 1}},
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "metadata": {},
                "spec": {
                    "replicas": 0,
                    "selector": None,
                    "template": {"metadata": {}, "spec": {"containers": None}},
                    "future": 1,
                },
                "status": {"replicas": 0},
            },
        ),
        ({"apiVersion": "v1", "kind": "Service", "x": None}, {"apiVersion": "v1", "kind": "Service", "x": None}),
    ],
)
def test_a_document_as_go_writes_it(document: dict[str, object], wanted: dict[str, object]) -> None:
    assert as_go(document) == wanted


def test_aliases_of_all_documents_share_one_budget() -> None:
    layers = "".join(f"  b{n}: &b{n} [{', '.join([f'*b{n - 1}'] * 10)}]\n" for n in range(1, 6))
    bomb = f"apiVersion: v1\nkind: Pod\nmetadata:\n  b0: &b0 [x]\n{layers}spec: {{containers: [{{name: a}}]}}\n"
    assert not has_errors(convert(bomb, "x", OURS).diagnostics)
    found = convert("---\n".join([bomb] * 9), "x", OURS)
    assert found.text == ""
    assert "document contains excessive aliasing" in {each.message for each in found.diagnostics}


def test_slips_are_told_with_their_lines_and_change_nothing() -> None:
    slip = FILE.replace("name: app", "name: app, imag: x")
    line = next(number for number, each in enumerate(slip.splitlines(), 1) if "imag: x" in each)
    (found,) = convert(slip, "app.yaml", OURS).diagnostics
    assert str(found) == (
        f"app.yaml:{line}: Deployment web: spec.template.spec.containers[0].imag: warning: unknown field imag "
        "[unknown-field]; did you mean image?"
    )
    other = "# about it\n---\napiVersion: apps/v1\nkind: Deploymnt\nmetadata: {name: x}\n"
    result = convert(other, "-", OURS)
    assert (result.text, [each.code for each in result.diagnostics]) == (other, ["unknown-kind"])
    assert str(result.diagnostics[0].where) == "-:4: Deploymnt x: kind"
    assert convert_back(other, "-").diagnostics == ()


def test_a_mistake_in_an_item_of_a_list_is_told_at_its_line() -> None:
    text = (
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  spec:\n    containers:\n      name: a\n"
    )
    (found,) = convert(text, "-", OURS).diagnostics
    assert str(found) == ("-:7: Pod : items[0].spec.containers: error: a list was expected, not a map [malformed-pod]")
