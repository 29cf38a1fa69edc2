"""The plan of a pod's namespaces."""

import marshal
from pathlib import Path

from pillion.local.kubelet.sandbox import host_table, plan_of
from pillion.local.kubelet.spec.pod import HostAlias, Metadata, Pod, PodSecurityContext, PodSpec
from pillion.local.kubelet.spec.volumes import File, Folder

POD = Pod(
    metadata=Metadata(name="web"),
    spec=PodSpec(
        security_context=PodSecurityContext(fs_group=7), host_aliases=(HostAlias(ip="10.1.1.1", hostnames=("a", "b")),)
    ),
)


def test_the_plan_can_be_marshalled_and_says_it_all() -> None:
    folder = Folder(name="v", files=(File(path="k", content=b"x", mode=0o400),), mode=0o755)
    plan = plan_of(POD, (folder,), [("/host", "/pod")], Path("/work"))
    assert marshal.loads(marshal.dumps(plan)) == plan
    assert plan == {
        "work": "/work",
        "hostname": "web",
        "binds": [("/host", "/pod")],
        "files": {"/etc/hostname": b"web\n"},
        "volumes": {"v": {"mode": 0o755, "group": 7, "files": [("k", b"x", 0o400)]}},
    }


def test_the_host_table_has_the_pod_and_its_aliases() -> None:
    assert host_table(POD, ("10.0.0.1", "fd00::1")).splitlines()[2:] == [
        "10.0.0.1\tweb",
        "fd00::1\tweb",
        "10.1.1.1\ta b",
    ]
