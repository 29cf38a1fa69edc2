"""Recorded answers of `istioctl kube-inject` to inputs of our own."""

from pathlib import Path
from typing import Any

from conformance.injection import compare, documents
from conformance.outcome import Outcome, tally
from pillion.inject.conversion import inject_as_written
from pillion.inject.injection import Injector, Options
from pillion.inject.settings import Settings
from pillion.resources.yaml.load import load
from pillion.value import FrozenMap, has_errors


def run(data: Path) -> dict[str, Outcome]:
    folder = data / "istiod-inject"
    cases = sorted(path for path in (folder / "cases").iterdir() if path.is_dir())
    return {"istiod-inject": tally((case.name, not differences(folder, case)) for case in cases)}


def differences(folder: Path, case: Path) -> list[str]:
    """Return what a case gives that istioctl does not, one line each."""
    about, _ = load((case / "case.yaml").read_text())
    there = folder / "settings" / about["settings"]
    settings = Settings(
        config=(there / "inject-config.yaml").read_text(),
        values=(there / "values.json").read_text(),
        mesh=(there / "mesh.yaml").read_text(),
    )
    injector = Injector(settings, FrozenMap(about.get("env") or {}))
    environment = about.get("env") or {}
    options = Options(
        native_sidecars=environment.get("ENABLE_NATIVE_SIDECARS") == "true",
        compliance_policy=environment.get("COMPLIANCE_POLICY", ""),
    )
    results = [inject_as_written(each, injector, options) for each in documents(case / "input.yaml")]
    found = tuple(each for result in results for each in result.diagnostics)
    if has_errors(found) != (about["exit"] != 0):
        return [f"exit: {found}"]
    if has_errors(found):
        return []
    wanted = documents(case / "expected.yaml")
    if len(wanted) != len(results):
        return [f"{len(results)} documents instead of {len(wanted)}"]
    pairs = zip(results, wanted, strict=True)
    return [line for result, want in pairs for line in compare(_comparable(result.document), _comparable(want))]


def _comparable(value: Any) -> Any:
    """Leave out what has no meaning: an empty status, creation times that are null."""
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _comparable(item) for key, item in value.items() if item is not None}
    return {key: item for key, item in kept.items() if not (key == "status" and item == {})}
