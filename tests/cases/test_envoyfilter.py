"""The rules of EnvoyFilters, a folder each: `input.yaml`, what some workloads are told, and what is told to the user.

The first comment of `input.yaml` is the sentence that the case proves. `WORKLOAD.NAMESPACE.envoy.yaml` maps places in
what a proxy with `app: WORKLOAD` gets to what stands there (null: nothing): the steps of a place are keys, names or
numbers of list items, or `names` for those of all items. `told.yaml` lists the codes and fields of the diagnostics.
"""

from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from support.proxies import by_name, sidecar, told
from support.validate import refusal

FOLDERS = sorted(path.parent for path in Path(__file__).parent.glob("envoyfilter/*/input.yaml"))
BINARY = Path(pytest.__file__).parents[1] / "envoy" / "_bin" / "envoy"
WORKLOADS = [path for folder in FOLDERS for path in sorted(folder.glob("*.envoy.yaml"))]
ADDRESSES = {"web": "10.244.0.11", "cart": "10.244.0.12", "ledger": "10.244.0.15"}


def found(document: Any, place: str) -> Any:
    for step in place.split(" / "):
        if isinstance(document, dict):
            document = cast(dict[str, Any], document).get(step)
        elif isinstance(document, list):
            document = item(cast(list[Any], document), step)
    return document


def item(items: list[Any], step: str) -> Any:
    if step == "names":
        return [each["name"] for each in items]
    if step.isdecimal():
        return items[int(step)]
    return next((each for each in items if each.get("name") == step), None)


@pytest.mark.envoy
@pytest.mark.parametrize("path", WORKLOADS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_a_workload_is_told(path: Path, tmp_path: Path) -> None:
    name, namespace = path.name.split(".")[:2]
    text = (path.parent / "input.yaml").read_text()
    stages, rendered = told(text, sidecar(name, namespace, ADDRESSES[name], ISTIO_VERSION="1.32.0"))
    resources = by_name(rendered)
    wanted: dict[str, Any] = yaml.safe_load(path.read_text())
    assert {place: found(resources, place) for place in wanted} == wanted
    codes = path.with_name("told.yaml")
    said = [f"{each.code} {each.where.field}" for each in stages.diagnostics]
    assert said == (yaml.safe_load(codes.read_text()) if codes.exists() else [])
    assert refusal(rendered, BINARY, tmp_path) == ""


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_case_says_what_it_proves(folder: Path) -> None:
    first = (folder / "input.yaml").read_text().splitlines()[0]
    assert first.startswith("# ")
    assert first.endswith(".")
    assert list(folder.glob("*.envoy.yaml"))
