"""A real control plane of Kubernetes on loopback: started in seconds, stopped at once, with parts to be killed."""

import contextlib
import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kubernetes.kit import programs
from kubernetes.kit.certificates import Authority
from kubernetes.kit.network import Network
from support.ports import free_ports

START_TIMEOUT = 180.0
KUBECTL_TIMEOUT = 300.0
"""Seconds; longer than kubectl is ever told to wait by itself."""
HERE = Path(__file__).parent


class Control:
    """etcd and an API server; `cluster` adds controllers, a scheduler, and a node that only says that its pods run."""

    def __init__(self, folder: Path, level: str = "api") -> None:
        self.folder = folder
        self.level = level
        self.bin = programs.build(programs.LEVELS[level])
        self.etcd_port, self._peer_port, self.port, *self._ports = free_ports(5)
        self.server = f"https://127.0.0.1:{self.port}"
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.network = Network(folder) if level == "cluster" else None
        """The API server's way into the cluster."""
        self._authority = authority = Authority(folder)
        authority.sign("apiserver", "kube-apiserver", server=True)
        authority.sign("admin", "admin", "system:masters")
        authority.sign("kcm", "system:kube-controller-manager")
        authority.sign("scheduler", "system:kube-scheduler")
        authority.sign("node", "system:node:node", "system:nodes")
        authority.service_account_key()
        for name in ("kcm", "scheduler", "node"):
            authority.kubeconfig(name, self.server)
        self.kubeconfig = authority.kubeconfig("admin", self.server)
        self._tls = ssl.create_default_context(cafile=str(folder / "ca.crt"))
        self._tls.load_cert_chain(folder / "admin.crt", folder / "admin.key")

    def start(self) -> "Control":
        """Start all of it and wait until it answers."""
        self.start_etcd()
        self.start_api()
        if self.level != "api":
            self._start_controllers()
            self._start_node()
            account = "/api/v1/namespaces/default/serviceaccounts/default"
            self._until("the first account", lambda: self.request("GET", account)[0] == 200)
            self._until("the node", self._has_node)
        return self

    def stop(self) -> None:
        """End what was started; nothing of it is to be kept."""
        for name in list(self._running):
            self.kill(name)
        if self.network is not None:
            self.network.close()

    def kill(self, name: str) -> None:
        """End a part with no time to close."""
        process = self._running.pop(name)
        process.kill()
        process.wait()

    def pause(self, name: str) -> None:
        """Let a part stand still: it keeps its connections and says nothing."""
        self._running[name].send_signal(signal.SIGSTOP)

    def go_on(self, name: str) -> None:
        """Let a part go on."""
        self._running[name].send_signal(signal.SIGCONT)

    def start_etcd(self) -> None:
        """Start etcd on its data."""
        client, peer = f"http://127.0.0.1:{self.etcd_port}", f"http://127.0.0.1:{self._peer_port}"
        self._start(
            "etcd", "--data-dir", str(self.folder / "etcd"), "--unsafe-no-fsync", "--log-level", "warn",
            "--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer,
            "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}",
        )  # fmt: skip

    def start_api(self) -> None:
        """Start the API server and wait until it is ready."""
        at = self.folder
        self._start(
            "kube-apiserver", "--etcd-servers", f"http://127.0.0.1:{self.etcd_port}",
            "--bind-address", "127.0.0.1", "--secure-port", str(self.port), "--endpoint-reconciler-type", "none",
            "--tls-cert-file", f"{at}/apiserver.crt", "--tls-private-key-file", f"{at}/apiserver.key",
            "--client-ca-file", f"{at}/ca.crt", "--service-account-issuer", "https://kubernetes.default.svc",
            "--service-account-key-file", f"{at}/sa.pub", "--service-account-signing-key-file", f"{at}/sa.key",
            "--service-cluster-ip-range", "10.96.0.0/16", "--authorization-mode", "Node,RBAC", "--allow-privileged",
            "--cert-dir", str(at / "made"), *self._api_flags(),
        )  # fmt: skip
        self._until("/readyz", lambda: self.request("GET", "/readyz")[0] == 200)
        # it makes the Service of its own a moment after it says that it is ready
        own = "/api/v1/namespaces/default/services/kubernetes"
        self._until("its own Service", lambda: self.request("GET", own)[0] == 200)

    def request(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> tuple[int, Any]:
        """Ask the API server as its administrator; return the status and the answer."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self._tls, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path, None if body is None else json.dumps(body), {"Content-Type": kind})
            answer = connection.getresponse()
            content = answer.read()
        return answer.status, json.loads(content) if content.startswith(b"{") else content

    def kubectl(self, *words: str, given: str = "") -> str:
        """Run the real kubectl as the administrator, with this on its standard input; return what it prints."""
        argv = [str(self.bin / "kubectl"), "--kubeconfig", str(self.kubeconfig), *words]
        # It keeps what it discovered in its home.
        environment = {**os.environ, "HOME": str(self.folder), "KUBECONFIG": ""}
        try:
            done = subprocess.run(
                argv, input=given, env=environment, capture_output=True, text=True, check=False, timeout=KUBECTL_TIMEOUT
            )
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"kubectl {' '.join(words)}: no end within {KUBECTL_TIMEOUT:.0f} s") from None
        if done.returncode:
            raise RuntimeError(f"kubectl {' '.join(words)}: {done.stderr}")
        return done.stdout

    def compact(self) -> None:
        """Have etcd forget all history: who asks for an older version is told that it is gone."""
        answer = self._etcd("/v3/kv/range", {"key": "AA=="})
        self._etcd("/v3/kv/compaction", {"revision": answer["header"]["revision"], "physical": True})

    def _etcd(self, path: str, body: dict[str, Any]) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.etcd_port, timeout=30)
        with contextlib.closing(connection):
            connection.request("POST", path, json.dumps(body))
            return json.loads(connection.getresponse().read())

    def _start_controllers(self) -> None:
        at, (first, second) = self.folder, self._ports
        self._start(
            "kube-controller-manager", "--kubeconfig", f"{at}/kcm.kubeconfig", "--bind-address", "127.0.0.1",
            "--secure-port", str(first), "--leader-elect=false", "--use-service-account-credentials",
            "--service-account-private-key-file", f"{at}/sa.key", "--root-ca-file", f"{at}/ca.crt",
            "--cluster-signing-cert-file", f"{at}/ca.crt", "--cluster-signing-key-file", f"{at}/ca.key",
        )  # fmt: skip
        self._start(
            "kube-scheduler", "--kubeconfig", f"{at}/scheduler.kubeconfig", "--bind-address", "127.0.0.1",
            "--secure-port", str(second), "--leader-elect=false",
        )  # fmt: skip

    def _start_node(self) -> None:
        self._run("node", [sys.executable, str(HERE / "node.py"), str(self.folder), self.server])

    def _has_node(self) -> bool:
        return self.request("GET", "/api/v1/nodes/node")[0] == 200

    def _api_flags(self) -> list[str]:
        """Return what differs from one kind of cluster to another; of a flag given twice the last counts."""
        # Where no controller runs, nobody makes the service accounts that pods need.
        flags = ["--disable-admission-plugins", "ServiceAccount"] if self.level == "api" else []
        if self.network is not None:
            flags += ["--egress-selector-config-file", str(self.network.configuration)]
        return flags

    def _start(self, program: str, *argv: str) -> None:
        self._run(program, [str(self.bin / program), *argv])

    def _run(self, name: str, argv: list[str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, start_new_session=True
            )

    def _until(self, what: str, true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            for name, process in self._running.items():
                if process.poll() is not None:
                    raise RuntimeError(f"{name} ended: {self._last_words(name)}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                if true():
                    return
            time.sleep(0.1)
        raise RuntimeError(f"{what} never came: {self._last_words('kube-apiserver')}")

    def _last_words(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")[-1500:]
