"""What `-o json` prints is what `docs/cli.md` says."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from docs.schemas import problems, schemas

MESH = "docs-json"
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: example/web, ports: [{containerPort: 8080}]}
"""
SIDECAR = """\
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: default}
spec:
  egress: [{hosts: ["./*"]}]
"""


def _pillion(*words: str, mesh: bool = True) -> tuple[int, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "pillion", *words, *(("--mesh", MESH) if mesh else ())],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    try:
        return done.returncode, json.loads(done.stdout)
    except ValueError:
        return done.returncode, done.stdout + done.stderr


def _wrong(value: Any, schema: str) -> list[str]:
    return list(problems(value, schema))


def test_a_value_of_another_form_is_found_out() -> None:
    assert _wrong({"resource": "Pod a/b", "action": "created"}, "result") == []
    assert _wrong({"resource": "Pod a/b"}, "result") == [".action is missing"]
    assert _wrong({"resource": "x", "action": "y", "more": 1}, "result") == [".more is not documented"]
    assert _wrong({"file": 1, "document": True, "item": None}, "origin") != []
    assert schemas()["diagnostic"]["where"]["line"] == "number?"


def test_kube_inject(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(DEPLOYMENT)
    code, answer = _pillion("kube-inject", "-f", str(tmp_path / "web.yaml"), "-o", "json", mesh=False)
    assert (code, _wrong(answer, "kube-inject")) == (0, [])
    (tmp_path / "web.yaml").write_text("a: [")
    code, answer = _pillion("kube-inject", "-f", str(tmp_path / "web.yaml"), "-o", "json", mesh=False)
    assert (code, _wrong(answer, "kube-inject")) == (2, [])
    assert answer["diagnostics"]


def test_capture_print() -> None:
    code, answer = _pillion("capture", "print", "--output", "json", mesh=False)
    assert (code, _wrong(answer, "capture-print")) == (0, [])


@pytest.mark.root
@pytest.mark.envoy
def test_a_running_mesh(tmp_path: Path) -> None:
    mesh, good, bad = tmp_path / "mesh", tmp_path / "good.yaml", tmp_path / "bad.yaml"
    mesh.mkdir()
    (mesh / "web.yaml").write_text(DEPLOYMENT)
    good.write_text(SIDECAR)
    bad.write_text(SIDECAR.replace("egress", "Egress"))
    try:
        code, said = _pillion("up", str(mesh), "--detach")
        assert code == 0, said
        code, applied = _pillion("apply", "-f", str(good), "-o", "json")
        assert (code, _wrong(applied, "apply"), applied["results"][0]["action"]) == (0, [], "created")
        code, refused = _pillion("apply", "-f", str(bad), "-o", "json")
        assert (code, _wrong(refused, "apply"), refused["results"]) == (2, [], [])
        assert refused["diagnostics"]
        for kind in ("pods", "services", "sidecars", "endpoints", "deployments"):
            code, got = _pillion("get", kind, "-o", "json")
            assert (code, _wrong(got, "get"), got["kind"]) == (0, [], "List")
        assert _pillion("get", "pods", "nobody", "-o", "json")[0] == 1
        code, deleted = _pillion("delete", "-f", str(good), "-o", "json")
        assert (code, _wrong(deleted, "delete"), deleted["results"][0]["deleted"]) == (0, [], True)
        assert _pillion("delete", "-f", str(good), "-o", "json")[0] == 2
    finally:
        code, down = _pillion("down", "-o", "json")
    assert (code, _wrong(down, "down"), down["left"], down["wasRunning"]) == (0, [], [], True)
