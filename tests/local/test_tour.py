"""The tour: who reaches whom under three Sidecars, as their texts mean it, and that nothing of it is left."""

import json
import re
from typing import NamedTuple

import msgspec
import pytest

from local.meshes import left_since, pillion, place
from pillion.local import inventory
from pillion.local.tour.reach import Seen
from pillion.local.tour.story import CLIENTS, TARGETS, Fresh, Stage

pytestmark = [pytest.mark.root, pytest.mark.envoy, pytest.mark.timeout(400)]

# How a client fares with a service:
#   cluster  it answers, through the service's own cluster
#   pass     it answers, through PassthroughCluster: out of scope, but the mesh lets unknown traffic through
#   plain    it answers; the client has no Envoy
#   502      the client's Envoy refuses: it listens for HTTP on that port, but knows of no such host
#   closed   the client's Envoy closes the connection: nothing in its scope is on that port (BlackHoleCluster)
# followed by "socket" where the Unix domain socket of `ratings` answers, its TCP port everywhere else.
#
# `batch` is in `legacy`, which is not injected: no Sidecar says what it may reach, in no stage.
EXPECTED = {
    # Without a Sidecar everything is in scope.
    "no Sidecar": """
                            shop             orders         ledger         batch
shop.prod-us1:8080          cluster          cluster        cluster        plain
details.prod-us1:8080       cluster          cluster        cluster        plain
ratings.prod-us1:9080       cluster          cluster        cluster        plain
orders.prod-apis:8080       cluster          cluster        cluster        plain
users.prod-apis:8080        cluster          cluster        cluster        plain
metrics.istio-system:9090   cluster          cluster        cluster        plain
audit.istio-system:8080     cluster          cluster        cluster        plain
ledger.finance:8080         cluster          cluster        cluster        plain
payroll.finance:8080        cluster          cluster        cluster        plain
batch.legacy:8080           cluster          cluster        cluster        plain
""",
    # In the root namespace: everybody may reach the own namespace and istio-system. All scopes hold HTTP on 8080
    # and 9090, only prod-us1's holds 9080 (ratings).
    "1-root.yaml": """
                            shop             orders         ledger         batch
shop.prod-us1:8080          cluster          502            502            plain
details.prod-us1:8080       cluster          502            502            plain
ratings.prod-us1:9080       cluster          closed         closed         plain
orders.prod-apis:8080       502              cluster        502            plain
users.prod-apis:8080        502              cluster        502            plain
metrics.istio-system:9090   cluster          cluster        cluster        plain
audit.istio-system:8080     cluster          cluster        cluster        plain
ledger.finance:8080         502              502            cluster        plain
payroll.finance:8080        502              502            cluster        plain
batch.legacy:8080           502              502            502            plain
""",
    # In prod-us1: prod-apis is added there. The others keep the default; it is not added the other way around.
    "2-namespace.yaml": """
                            shop             orders         ledger         batch
shop.prod-us1:8080          cluster          502            502            plain
details.prod-us1:8080       cluster          502            502            plain
ratings.prod-us1:9080       cluster          closed         closed         plain
orders.prod-apis:8080       cluster          cluster        502            plain
users.prod-apis:8080        cluster          cluster        502            plain
metrics.istio-system:9090   cluster          cluster        cluster        plain
audit.istio-system:8080     cluster          cluster        cluster        plain
ledger.finance:8080         502              502            cluster        plain
payroll.finance:8080        502              502            cluster        plain
batch.legacy:8080           502              502            502            plain
""",
    # The same name, so it replaces the one before: of prod-us1 only port 9080 is left to its own workloads, prod-apis
    # is gone. Whoever calls a workload of prod-us1 on 9080 ends at the Unix domain socket; its other ports are not
    # mentioned and so reach the application as they are.
    "3-ports.yaml": """
                            shop             orders         ledger         batch
shop.prod-us1:8080          502              502            502            plain
details.prod-us1:8080       502              502            502            plain
ratings.prod-us1:9080       cluster socket   closed         closed         plain socket
orders.prod-apis:8080       502              cluster        502            plain
users.prod-apis:8080        502              cluster        502            plain
metrics.istio-system:9090   cluster          cluster        cluster        plain
audit.istio-system:8080     cluster          cluster        cluster        plain
ledger.finance:8080         502              502            cluster        plain
payroll.finance:8080        502              502            cluster        plain
batch.legacy:8080           502              502            502            plain
""",
    # ALLOW_ANY with the same Sidecars: what is out of scope is unknown, and unknown traffic is let through.
    "ALLOW_ANY": """
                            shop             orders         ledger         batch
shop.prod-us1:8080          pass             pass           pass           plain
details.prod-us1:8080       pass             pass           pass           plain
ratings.prod-us1:9080       cluster socket   pass socket    pass socket    plain socket
orders.prod-apis:8080       pass             cluster        pass           plain
users.prod-apis:8080        pass             cluster        pass           plain
metrics.istio-system:9090   cluster          cluster        cluster        plain
audit.istio-system:8080     cluster          cluster        cluster        plain
ledger.finance:8080         pass             pass           cluster        plain
payroll.finance:8080        pass             pass           cluster        plain
batch.legacy:8080           pass             pass           pass           plain
""",
}
NAME = "test-tour"
SIDECARS = ("1-root.yaml", "2-namespace.yaml", "3-ports.yaml")


class Cell(NamedTuple):
    stage: str
    client: str
    target: str
    meant: str


def cells() -> list[Cell]:
    found: list[Cell] = []
    for stage, text in EXPECTED.items():
        for row in text.strip().splitlines()[1:]:
            target, *meant = re.split(" {2,}", row)
            found += [Cell(stage, client, target, each) for client, each in zip(CLIENTS, meant, strict=True)]
    return found


class Played(NamedTuple):
    """What `pillion demo -o json` told after it was run once."""

    stages: dict[str, Stage]
    pods: list[dict[str, str]]
    """Rows of `pillion get pods`."""
    fresh: Fresh
    left: list[str]


@pytest.fixture(scope="module")
def played() -> Played:
    before = inventory.take(place(NAME).path)
    done = pillion("demo", "-o", "json", "--mesh", NAME, patience=110)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    stages = dict(zip(EXPECTED, msgspec.convert(told["stages"], list[Stage]), strict=True))
    fresh = msgspec.convert(told["freshEnvoy"], Fresh)
    return Played(stages, told["pods"], fresh, [*told["left"], *left_since(before, place(NAME).path)])


def fares(seen: Seen) -> str:
    """Say in the words of the tables above what a client saw, having checked that it fits together."""
    host, port = seen.target.split(":")
    service, namespace = host.split(".")
    if not seen.reached:
        expected = {(502, "", ""): "502", (0, "closed", "BlackHoleCluster"): "closed"}
        return expected.get((seen.status, seen.error, seen.cluster), str(seen))
    assert seen.answered == f"{namespace}/{service}"
    known = {
        f"outbound|{port}||{host}.svc.cluster.local": "cluster",
        "PassthroughCluster": "pass",
        "": "plain" if seen.client == "legacy/batch" else "no cluster",
    }
    return known.get(seen.cluster, seen.cluster) + (" socket" if seen.by_socket else "")


def test_the_tables_are_whole() -> None:
    asked = {(client, target.name) for client in CLIENTS for target in TARGETS}
    for stage in EXPECTED:
        assert {(cell.client, cell.target) for cell in cells() if cell.stage == stage} == asked


@pytest.mark.parametrize("cell", cells(), ids=lambda cell: f"{cell.stage}: {cell.client} to {cell.target}")
def test_who_reaches_whom(played: Played, cell: Cell) -> None:
    (seen,) = [
        each for each in played.stages[cell.stage].seen if (each.client, each.target) == (cell.client, cell.target)
    ]
    assert fares(seen) == cell.meant


def test_injected_pods_are_ready_2_of_2_and_the_others_1_of_1(played: Played) -> None:
    shown = {f"{row['NAMESPACE']}/{row['NAME'].rsplit('-', 2)[0]}": row for row in played.pods}
    columns = ("READY", "STATUS", "RESTARTS", "INJECTED")
    assert {workload: tuple(row[each] for each in columns) for workload, row in shown.items()} == {
        workload: ("1/1", "Running", "0", "no") if workload == "legacy/batch" else ("2/2", "Running", "0", "yes")
        for workload in (
            "prod-us1/shop", "prod-us1/details", "prod-us1/ratings", "prod-apis/orders", "prod-apis/users",
            "istio-system/metrics", "istio-system/audit", "finance/ledger", "finance/payroll", "legacy/batch",
        )
    }  # fmt: skip


def test_a_sidecar_makes_an_envoy_smaller(played: Played) -> None:
    for before, after in zip(played.stages["no Sidecar"].weights, played.stages["1-root.yaml"].weights, strict=True):
        assert before.clusters > 500
        assert after.clusters < 12
        assert (after.listeners, after.routes) < (before.listeners, before.routes)
        assert after.bytes < before.bytes / 10
        assert after.allocated < before.allocated
    assert played.fresh.with_sidecar < played.fresh.without


def test_every_change_arrives_at_once(played: Played) -> None:
    assert all((played.stages[name].seconds or 0) < 5 for name in SIDECARS)


def test_nothing_of_the_tour_is_left(played: Played) -> None:
    assert played.left == []
