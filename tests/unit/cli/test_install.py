"""`pillion install` without a cluster."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from pillion.cli.install import command
from pillion.resources.documents import read


def test_yaml_is_the_same_at_every_call_and_holds_no_key() -> None:
    first, second = (CliRunner().invoke(command, ["-o", "yaml", "--replicas", "1"]) for _ in range(2))
    assert (first.exit_code, first.stdout) == (0, second.stdout)
    assert "the control plane writes caBundle" in first.stderr
    kinds = [str(each.content["kind"]) for each in read(first.stdout, "-").documents]
    assert kinds[0] == "Namespace"
    assert kinds[-1] == "MutatingWebhookConfiguration"
    assert "Secret" not in kinds


def test_files_are_laid_over_our_settings(tmp_path: Path) -> None:
    (tmp_path / "mesh.yaml").write_text("accessLogFile: /dev/stdout\n")
    (tmp_path / "ca.pem").write_text("PEM")
    words = ["--meshConfigFile", str(tmp_path / "mesh.yaml"), "--ca-bundle", str(tmp_path / "ca.pem"), "-o", "yaml"]
    done = CliRunner().invoke(command, [*words, "--injector-limit", "memory=1Gi", "--pull-secret", "key"])
    assert done.exit_code == 0
    assert "accessLogFile: /dev/stdout" in done.stdout
    assert "caBundle: UEVN" in done.stdout
    assert "memory: 1Gi" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--namespace", "kube-system"], "kube-system belongs to Kubernetes"),
        (["--injector-request", "cpu"], "'cpu' is no amount"),
        (["--injector-request", "cpu=lots"], "cpu is 'lots'"),
        (["--valuesFile", "/no/such/file"], "cannot be read"),
        (["--kubeconfig", "/no/such/file", "-o", "table"], "there is no kubeconfig"),
    ],
)
def test_mistakes_are_told_with_exit_code_2(words: list[str], said: str) -> None:
    done = CliRunner().invoke(command, ["-o", "yaml", *words])
    assert done.exit_code == 2
    assert said in done.stderr
