import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from docs.schemas import problems
from pillion.cli.reach import command

MESH = Path(__file__).parents[3] / "samples" / "tour" / "mesh"
STRICT = "outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n"
SIDECAR = """
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: prod-us1}
spec: {egress: [{hosts: ["./*"]}]}
"""
ORDERS = ("--from", "prod-us1/shop", "--to", "orders.prod-apis:8080")


@pytest.fixture
def narrow(tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "sidecar.yaml").write_text(SIDECAR)
    (tmp_path / "mesh.txt").write_text(STRICT)
    return str(tmp_path / "sidecar.yaml"), "--mesh-config", str(tmp_path / "mesh.txt")


def test_a_call_that_arrives() -> None:
    done = CliRunner().invoke(command, [str(MESH), *ORDERS, "--path", "/a", "-H", "x-user: ann"])
    assert done.exit_code == 0, done.output
    rows = dict(line.split(maxsplit=1) for line in done.output.splitlines())
    assert rows["cluster"] == "outbound|8080||orders.prod-apis.svc.cluster.local"


def test_a_call_that_does_not(narrow: tuple[str, ...]) -> None:
    done = CliRunner().invoke(command, [str(MESH), *narrow, *ORDERS, "-o", "json"])
    assert done.exit_code == 1, done.output
    answer = json.loads(done.stdout)
    assert list(problems(answer, "reach")) == []
    assert (answer["arrives"], answer["route"], answer["directResponse"]) == (False, "block_all", 502)


def test_a_program_may_speak_tls() -> None:
    done = CliRunner().invoke(command, [str(MESH), *ORDERS, "--protocol", "tls", "-o", "json"])
    answer = json.loads(done.stdout)
    assert (answer["call"]["tls"], answer["clusters"]) == (True, [{"cluster": "PassthroughCluster", "weight": 1}])


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--from", "prod-us1/shop", "--to", "orders"), 2, "HOST:PORT was expected"),
        (("--from", "prod-us1/shop", "--to", "nobody:80"), 1, "no service has this name"),
        (
            ("--from", "prod-us1/nobody", "--to", "orders:80"),
            2,
            "there is no pod nobody in namespace prod-us1; there are",
        ),
        ((*ORDERS, "-H", "x"), 2, "NAME:VALUE was expected"),
    ],
)
def test_what_cannot_be_answered(words: tuple[str, ...], code: int, message: str) -> None:
    done = CliRunner().invoke(command, [str(MESH), *words])
    assert (done.exit_code, message in done.output) == (code, True), done.output


REFUSED = """
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: prod-us1}
spec: {egress: [{hosts: ["no-slash.example"]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: lost, namespace: prod-us1}
spec:
  hosts: [shop]
  http:
  - delegate: {name: nobody}
    match: [{uri: {prefix: /a}}]
  - route: [{destination: {host: shop, subset: v9}}]
"""


def test_what_is_wrong_is_told_with_its_line_the_refused_is_not_in_force_and_what_is_lost_is_told_too(
    tmp_path: Path,
) -> None:
    (tmp_path / "wrong.yaml").write_text(REFUSED)
    done = CliRunner().invoke(command, [str(MESH), str(tmp_path), *ORDERS])
    assert done.exit_code == 0, done.output
    told = done.stderr.splitlines()
    file = tmp_path / "wrong.yaml"
    assert told[0].startswith(f"{file}:5: Sidecar prod-us1/default: spec.egress[0].hosts[0]: error: ")
    assert told[1].startswith(f"{file}:13: VirtualService prod-us1/lost: spec.http[0].delegate: ")
    field = "spec.http[1].route[0].destination.subset"
    assert told[2].startswith(f"{file}:15: VirtualService prod-us1/lost: {field}: warning: ")
    assert "subset v9" in told[2]
    assert len(told) == 3
