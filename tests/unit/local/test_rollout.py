"""How pods are replaced, step by step."""

from hypothesis import given
from hypothesis import strategies as st

from pillion.local.rollout import ExistingPod, Step, next_step
from pillion.local.workloads import DesiredPod, Rollout, Workload
from pillion.resources.meta import Ref

WEB = Ref(kind="Deployment", namespace="ns", name="web")


def wanted(revision: str, count: int, rollout: Rollout, *, same_names: bool = False) -> Workload:
    names = [f"web-{'' if same_names else revision}-{number}" for number in range(count)]
    pods = tuple(DesiredPod(name=name, revision=revision, document={}) for name in names)
    return Workload(ref=WEB, pods=pods, rollout=rollout)


class Cluster:
    """A model of what a kubelet does: creates at once, is ready or gone when told."""

    def __init__(self) -> None:
        self.pods: dict[str, ExistingPod] = {}

    def take(self, *workloads: Workload) -> Step:
        step = next_step(workloads, list(self.pods.values()))
        for pod in step.delete:
            del self.pods[pod.name]
        for new in step.create:
            assert new.name not in self.pods
            self.pods[new.name] = ExistingPod(name=new.name, namespace="ns", revision=new.revision, owner=WEB)
        return step

    def make_ready(self, name: str) -> None:
        old = self.pods[name]
        self.pods[name] = ExistingPod(name=name, namespace="ns", revision=old.revision, owner=WEB, ready=True)

    def settle(self, workload: Workload) -> None:
        for _ in range(100):
            self.take(workload)
            waiting = sorted(name for name, pod in self.pods.items() if not pod.ready)
            if not waiting:
                if next_step([workload], list(self.pods.values())) == Step():
                    return
                continue
            self.make_ready(waiting[0])
        raise AssertionError("it does not settle")

    @property
    def ready(self) -> int:
        return sum(pod.ready for pod in self.pods.values())


def revisions(cluster: Cluster) -> set[str]:
    return {pod.revision for pod in cluster.pods.values()}


def test_a_new_pod_is_ready_before_the_old_one_leaves() -> None:
    cluster = Cluster()
    cluster.settle(wanted("1", 1, Rollout(surge=1)))
    step = cluster.take(wanted("2", 1, Rollout(surge=1)))
    assert ([pod.name for pod in step.create], step.delete) == (["web-2-0"], ())
    assert cluster.take(wanted("2", 1, Rollout(surge=1))) == Step()
    cluster.make_ready("web-2-0")
    assert [pod.name for pod in cluster.take(wanted("2", 1, Rollout(surge=1))).delete] == ["web-1-0"]


def test_recreate_waits_until_the_old_ones_are_gone() -> None:
    cluster = Cluster()
    cluster.settle(wanted("1", 2, Rollout(strategy="Recreate")))
    leaving = [
        ExistingPod(name=pod.name, namespace="ns", revision="1", owner=WEB, leaving=True)
        for pod in cluster.pods.values()
    ]
    after = wanted("2", 2, Rollout(strategy="Recreate"))
    assert len(cluster.take(after).delete) == 2
    assert next_step([after], leaving) == Step()
    assert len(cluster.take(after).create) == 2


def test_a_stateful_set_starts_in_order_and_is_replaced_from_its_end() -> None:
    ordered = Rollout(strategy="Ordered", unavailable=1, ordered=True)
    cluster = Cluster()
    one = wanted("1", 3, ordered, same_names=True)
    assert [pod.name for pod in cluster.take(one).create] == ["web--0"]
    assert cluster.take(one) == Step()
    cluster.make_ready("web--0")
    assert [pod.name for pod in cluster.take(one).create] == ["web--1"]
    cluster.settle(one)
    two = wanted("2", 3, ordered, same_names=True)
    assert [pod.name for pod in cluster.take(two).delete] == ["web--2"]
    assert [pod.name for pod in cluster.take(two).create] == ["web--2"]
    assert cluster.take(two) == Step()
    cluster.settle(two)
    assert revisions(cluster) == {"2"}
    assert [pod.name for pod in cluster.take(wanted("2", 1, ordered, same_names=True)).delete] == ["web--2"]
    assert [pod.name for pod in cluster.take(wanted("2", 1, ordered, same_names=True)).delete] == ["web--1"]


def test_a_parallel_stateful_set_starts_at_once() -> None:
    step = Cluster().take(wanted("1", 3, Rollout(strategy="Ordered", unavailable=1), same_names=True))
    assert len(step.create) == 3


def test_on_delete_leaves_old_pods_and_keeps_the_number() -> None:
    cluster = Cluster()
    cluster.settle(wanted("1", 3, Rollout(strategy="OnDelete")))
    after = wanted("2", 3, Rollout(strategy="OnDelete"))
    assert cluster.take(after) == Step()
    del cluster.pods["web-1-0"]
    assert [pod.name for pod in cluster.take(after).create] == ["web-2-0"]
    assert len(cluster.take(wanted("2", 1, Rollout(strategy="OnDelete"))).delete) == 2
    assert revisions(cluster) == {"2"}


def test_pods_whose_workload_is_gone_leave_once() -> None:
    cluster = Cluster()
    cluster.settle(wanted("1", 2, Rollout(surge=1)))
    assert len(next_step([], list(cluster.pods.values())).delete) == 2
    leaving = ExistingPod(name="x", namespace="ns", revision="1", owner=WEB, leaving=True)
    assert next_step([], [leaving]) == Step()


@given(
    st.lists(st.tuples(st.sampled_from("123"), st.integers(0, 6)), min_size=1, max_size=5),
    st.integers(0, 3),
    st.integers(0, 3),
    st.data(),
)
def test_a_rollout_keeps_its_promises_and_ends(
    changes: list[tuple[str, int]], surge: int, unavailable: int, data: st.DataObject
) -> None:
    rollout = Rollout(surge=surge, unavailable=unavailable if surge or unavailable else 1)
    cluster = Cluster()
    last = wanted(*changes[0], rollout)
    cluster.settle(last)
    for revision, count in changes[1:]:
        last = wanted(revision, count, rollout)
        for _ in range(data.draw(st.integers(0, 6))):
            ready, before = cluster.ready, len(cluster.pods)
            cluster.take(last)
            assert cluster.ready >= min(ready, count - rollout.unavailable)
            assert len(cluster.pods) <= max(before, count + rollout.surge)
            if waiting := sorted(name for name, pod in cluster.pods.items() if not pod.ready):
                cluster.make_ready(data.draw(st.sampled_from(waiting)))
    cluster.settle(last)
    assert sorted(cluster.pods) == sorted(pod.name for pod in last.pods)
    assert cluster.ready == len(last.pods)
