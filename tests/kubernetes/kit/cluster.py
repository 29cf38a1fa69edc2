"""A real node: kubelet, containerd, runc and kube-proxy on a machine of its own, under a real control plane.

The API server answers at the same address inside and, through a forwarder, outside. Pods have addresses in
10.244.0.0/24, names of Services are answered, and nothing leads out.
"""

import contextlib
import json
import socket
import subprocess
import sys
from pathlib import Path

from kubernetes.kit import debian, image
from kubernetes.kit.control import HERE, Control
from kubernetes.kit.init import DATA
from kubernetes.kit.machine import Machine

SOCKET = "/run/containerd/containerd.sock"
PODS = "10.244.0.0/24"
CONTAINERD = """
version = 2
root = "{folder}/{data}/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.internal.v1.opt"]
[grpc]
address = "{socket}"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{sandbox}"
disable_apparmor = true
# To lower it takes CAP_SYS_RESOURCE, which is not to be had everywhere.
restrict_oom_score_adj = true
stream_server_address = "127.0.0.1"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{plugins}"
conf_dir = "{folder}/cni"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
"""


class Cluster(Control):
    """A cluster of one real node, with images of ours and of a busybox."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "node")
        self._authority.sign("proxy", "system:kube-proxy")
        self._authority.kubeconfig("proxy", self.server)
        self._images: subprocess.Popen[bytes] | None = None
        self.machine = Machine(folder)

    def start(self) -> "Cluster":
        """Start all of it and wait until the node is ready and has the images."""
        # Made beside what starts meanwhile.
        argv = [sys.executable, "-m", "kubernetes.kit", "images", str(self.folder / DATA)]
        with (self.folder / "images.log").open("wb") as log:
            environment = {**self.machine.environment, "PYTHONPATH": str(HERE.parents[1])}
            self._images = subprocess.Popen(self.machine.inside(*argv), stderr=log, env=environment)
        self._forward()
        self._start_containerd()
        super().start()
        if self._images.wait():
            raise RuntimeError(f"the images cannot be made: {self._last_words('images')}")
        self.containers("-n", "k8s.io", "images", "import", str(self.folder / DATA / "images.tar"))
        return self

    def containers(self, *words: str) -> str:
        """Run containerd's own command; return what it prints."""
        return self.machine.run("ctr", "--address", SOCKET, *words)

    def stop(self) -> None:
        """End everything and take away all that it made."""
        if self._images is not None:
            self._images.kill()
            self._images.wait()
        try:
            self.machine.close()
        finally:
            super().stop()

    def _run(self, name: str, argv: list[str]) -> None:
        self._spawn(name, argv)

    def _spawn(self, name: str, argv: list[str], *descriptors: int) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                self.machine.inside(*argv), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                start_new_session=True, env=self.machine.environment, pass_fds=descriptors,
            )  # fmt: skip

    def _forward(self) -> None:
        """Let the API server be reached from outside, where it is inside."""
        with socket.create_server(("127.0.0.1", self.port), backlog=128) as door:
            argv = [sys.executable, "-I", str(HERE / "forward.py"), str(door.fileno()), "127.0.0.1", str(self.port)]
            self._spawn("forward", argv, door.fileno())

    def _start_containerd(self) -> None:
        at = self.folder
        plugins = self.machine.packages / debian.PLUGINS
        text = CONTAINERD.format(folder=at, data=DATA, socket=SOCKET, sandbox=image.BUSYBOX, plugins=plugins)
        (at / "containerd.toml").write_text(text)
        ipam = {"type": "host-local", "ranges": [[{"subnet": PODS}]], "routes": [{"dst": "0.0.0.0/0"}]}
        # Routed, not bridged: what kube-proxy translated on its way passes the node on its way back, too.
        cable = {"type": "ptp", "ipam": ipam}
        (at / "cni").mkdir()
        (at / "cni" / "pods.conflist").write_text(
            json.dumps({"cniVersion": "1.0.0", "name": "pods", "plugins": [cable]})
        )
        self._run("containerd", ["containerd", "--config", str(at / "containerd.toml")])
        self._until("containerd", self._has_containerd)

    def _has_containerd(self) -> bool:
        with contextlib.suppress(RuntimeError):
            return bool(self.containers("version"))
        return False

    def _api_flags(self) -> list[str]:
        at = self.folder
        return [
            *("--bind-address", "0.0.0.0", "--advertise-address", self.machine.address),
            *("--endpoint-reconciler-type", "lease", "--kubelet-preferred-address-types", "InternalIP"),
            *("--kubelet-client-certificate", f"{at}/admin.crt", "--kubelet-client-key", f"{at}/admin.key"),
        ]

    def _start_node(self) -> None:
        at, address = self.folder, self.machine.address
        (at / "resolv.conf").write_text("")
        configuration = {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": address,
            "containerRuntimeEndpoint": f"unix://{SOCKET}",
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{self.machine.cgroup}",
            "failCgroupV1": False,
            "failSwapOn": False,
            "oomScoreAdj": 0,
            "clusterDNS": [address],
            "clusterDomain": "cluster.local",
            "resolvConf": str(at / "resolv.conf"),
            # The machine's disk is not this cluster's: however full it is, nothing is cleaned up.
            "evictionHard": {"memory.available": "100Mi"},
            "imageGCHighThresholdPercent": 100,
            "imageGCLowThresholdPercent": 99,
            "volumePluginDir": "/var/lib/kubelet/volume-plugins",
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": f"{at}/ca.crt"},
            },
            "authorization": {"mode": "Webhook"},
        }
        (at / "kubelet.yaml").write_text(json.dumps(configuration))
        self._start(
            "kubelet", "--config", f"{at}/kubelet.yaml", "--kubeconfig", f"{at}/node.kubeconfig",
            "--hostname-override", "node", "--node-ip", address,
        )  # fmt: skip
        self.kubectl(
            *("create", "clusterrolebinding", "kube-proxy", "--clusterrole=system:node-proxier"),
            "--user=system:kube-proxy",
        )
        self._start(
            "kube-proxy", "--kubeconfig", f"{at}/proxy.kubeconfig", "--proxy-mode", "iptables", "--hostname-override",
            "node", "--cluster-cidr", PODS, "--bind-address", address, "--oom-score-adj", "0",
            "--conntrack-max-per-core", "0", "--conntrack-min", "0", "--conntrack-tcp-timeout-established", "0",
            "--conntrack-tcp-timeout-close-wait", "0",
        )  # fmt: skip
        self._run("names", [sys.executable, "-P", str(HERE / "names.py"), address, str(at), self.server])

    def _has_node(self) -> bool:
        status, node = self.request("GET", "/api/v1/nodes/node")
        conditions = node["status"].get("conditions", ()) if status == 200 else ()
        return any((each["type"], each["status"]) == ("Ready", "True") for each in conditions)
