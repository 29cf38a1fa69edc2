"""The injector of an installation, run as its Deployment says: what a kubelet does for its pod, without the pod.

It has its own account's rights. Its ConfigMaps and its Secret become folders, its Service leads to it, and the API
server calls it by the Service's name.
"""

import contextlib
import http.client
import os
import re
import ssl
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kubernetes import objects
from kubernetes.kit.control import Control

HOME = "/api/v1/namespaces/istio-system"
NAME = "istio-sidecar-injector"
STARTED = re.compile(r"injecting at https://127\.0\.0\.1:(\d+)/inject")
TIMEOUT = 60.0


class Injector:
    """A running injector."""

    def __init__(self, control: Control, folder: Path, name: str = NAME) -> None:
        self._control = control
        self._name = name
        self._folder = folder
        self._log = folder / "log"
        path = f"/apis/apps/v1/namespaces/istio-system/deployments/{name}"
        self._pod: dict[str, Any] = control.request("GET", path)[1]["spec"]["template"]["spec"]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and lead the Service to it."""
        (container,) = self._pod["containers"]
        self.mount()
        words = [str(word).replace("/etc/pillion", str(self._folder)) for word in container["args"]]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pillion", *words, "--host", "127.0.0.1", "--port", "0", "--drain", "0"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, "KUBECONFIG": str(self._account())},
            )  # fmt: skip
        self.until(lambda: STARTED.search(self.said()) is not None)
        found = STARTED.search(self.said())
        assert found is not None
        self.until(lambda: self._is_ready(int(found[1])))
        assert self._control.network is not None
        address = self._control.request("GET", f"{HOME}/services/{self._name}")[1]["spec"]["clusterIP"]
        self._control.network.ways[f"{address}:443"] = ("127.0.0.1", int(found[1]))

    def _account(self) -> Path:
        """Write a kubeconfig of the pod's account."""
        name = self._pod["serviceAccountName"]
        token = objects.token(self._control, "istio-system", name)
        place = self._folder / "kubeconfig"
        place.write_text(f"""
current-context: pod
clusters: [{{name: pod, cluster: {{server: "{self._control.server}", certificate-authority: {self._trust}}}}}]
contexts: [{{name: pod, context: {{cluster: pod, user: pod}}}}]
users: [{{name: pod, user: {{token: {token}}}}}]
""")
        return place

    @property
    def _trust(self) -> Path:
        return self._control.folder / "ca.crt"

    def _is_ready(self, port: int) -> bool:
        """Ask as a kubelet does, which looks at no certificate."""
        tls = ssl.create_default_context()
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=tls, timeout=30)
        with contextlib.closing(connection):
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200

    def stop(self) -> None:
        """End it, as a kubelet would."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._process = None

    def said(self) -> str:
        """All that it wrote."""
        return self._log.read_text()

    def until(self, true: Any) -> None:
        """Wait for something that it does."""
        deadline = time.monotonic() + TIMEOUT
        while not true():
            assert self._process is not None
            assert self._process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.02)

    def mount(self) -> None:
        """Write its volumes as they are in the cluster now."""
        (container,) = self._pod["containers"]
        volumes = {each["name"]: each for each in self._pod["volumes"]}
        for mounted in container["volumeMounts"]:
            if mounted["mountPath"].startswith("/etc/pillion/"):
                place = self._folder / mounted["mountPath"].removeprefix("/etc/pillion/")
                place.mkdir(parents=True, exist_ok=True)
                for key, content in self._content(volumes[mounted["name"]]).items():
                    there = place / key
                    # What is the same is left: a look between two files must not count as one at all of them.
                    if not there.exists() or there.read_bytes() != content:
                        fresh = place / f".{key}"
                        fresh.write_bytes(content)
                        fresh.rename(there)

    def remount(self) -> None:
        """Write its volumes again and wait until it uses them."""
        used = self.said().count(" are in use")
        self.mount()
        self.until(lambda: self.said().count(" are in use") > used)

    def _content(self, volume: dict[str, Any]) -> dict[str, bytes]:
        if "secret" in volume:
            found = self._control.request("GET", f"{HOME}/secrets/{volume['secret']['secretName']}")[1]
            return {key: b64decode(text) for key, text in found["data"].items()}
        found = self._control.request("GET", f"{HOME}/configmaps/{volume['configMap']['name']}")[1]
        return {key: text.encode() for key, text in found["data"].items()}


@contextmanager
def injecting(control: Control, folder: Path, name: str = NAME) -> Iterator[Injector]:
    """Run the installed injector of this name while the body does."""
    folder.mkdir(parents=True)
    injector = Injector(control, folder, name)
    try:
        injector.start()
        yield injector
    finally:
        injector.stop()
