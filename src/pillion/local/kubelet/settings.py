"""What a kubelet is told once: where it keeps logs, who it is, which commands stand for images."""

import os
import sys
from pathlib import Path

import pillion
from pillion.local.kubelet.images import ExecRule
from pillion.local.kubelet.spec.env import PodFacts
from pillion.value import Value

HIDDEN = ("/run", "/tmp", "/var/run", "/dev/shm")  # noqa: S108  # folders that a pod has of its own
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class KubeletSettings(Value):
    """What a kubelet is told once."""

    state: str
    """A folder of its own: below it `pods/<namespace>_<name>/` holds a pod's logs."""
    node_name: str = "local"
    host_ip: str = ""
    rules: tuple[ExecRule, ...] = ()
    """Commands that stand for images, first match first."""
    directory: str = "/"
    """Where commands of `rules` run: the folder where the user stands."""
    path: str = DEFAULT_PATH
    """The `PATH` of every container."""
    sandboxes_at_once: int = 4
    """How many pods are made at the same time: more only make each other slow."""
    stop_slack: float = 2.0
    """The least seconds that a sidecar gets to end after the containers that it served."""

    end_grace: float = 5.0
    """The most seconds that pods get to end when the kubelet itself does."""

    def facts(self, addresses: tuple[str, ...] = ()) -> PodFacts:
        """Return what is known of a pod with these addresses on this machine."""
        memory = float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
        return PodFacts(
            node_name=self.node_name,
            host_ip=self.host_ip,
            pod_ips=addresses,
            cpus=float(os.cpu_count() or 1),
            memory=memory,
        )

    def pod_folder(self, key: str) -> Path:
        """Return the folder of the pod `namespace/name`."""
        return Path(self.state, "pods", key.replace("/", "_"))

    @property
    def needed(self) -> tuple[str, ...]:
        """List the folders that every user in a pod must reach: this interpreter, pillion, the user's own folder."""
        own = (sys.prefix, sys.base_prefix, str(Path(pillion.__file__).parent.parent))
        return tuple(sorted({str(Path(path).resolve()) for path in (*own, self.directory)}))

    @property
    def visible(self) -> tuple[tuple[str, str], ...]:
        """List what of it a pod would not see, since it has a /tmp and a /run of its own: (machine's, pod's) paths."""
        return tuple((path, path) for path in self.needed if any(path.startswith(tree + "/") for tree in HIDDEN))
