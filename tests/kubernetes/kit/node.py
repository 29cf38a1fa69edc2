"""`node.py FOLDER SERVER`: plays the kubelet of a node named `node`, which runs nothing and says all runs."""

import itertools
import json
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

NODE = "node"
CONDITIONS = ("PodReadyToStartContainers", "Initialized", "ContainersReady", "Ready")
HEARTBEAT = 10.0


def now() -> str:
    """Give the time as Kubernetes writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


class Node:
    """Talks to the API server with the node's own rights."""

    def __init__(self, folder: Path, server: str) -> None:
        self.server = server
        self.tls = ssl.create_default_context(cafile=str(folder / "ca.crt"))
        self.tls.load_cert_chain(folder / "node.crt", folder / "node.key")
        self.numbers = itertools.count(2)

    def ask(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> Any:
        """Send a request; the answer is to be closed."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.server + path, data, {"Content-Type": kind}, method=method)
        return urllib.request.urlopen(request, context=self.tls, timeout=700)

    def patch(self, path: str, body: Any) -> None:
        """Merge something into an object."""
        self.ask("PATCH", path, body, "application/merge-patch+json").close()

    def register(self) -> None:
        """Make the Node."""
        labels = {"kubernetes.io/hostname": NODE, "kubernetes.io/os": "linux"}
        self.ask("POST", "/api/v1/nodes", {"metadata": {"name": NODE, "labels": labels}}).close()
        self.beat()

    def beat(self) -> None:
        """Say that the node is well."""
        room = {"cpu": "64", "memory": "256Gi", "pods": "1000", "ephemeral-storage": "1Ti"}
        times = {"lastHeartbeatTime": now(), "lastTransitionTime": now()}
        ready = {"type": "Ready", "status": "True", "reason": "Plays", "message": "runs nothing", **times}
        addresses = [{"type": "InternalIP", "address": "127.0.0.1"}]
        status = {"capacity": room, "allocatable": room, "addresses": addresses, "conditions": [ready]}
        self.patch(f"/api/v1/nodes/{NODE}/status", {"status": status})

    def beats(self) -> None:
        """Go on saying so."""
        while True:
            time.sleep(HEARTBEAT)
            try:
                self.beat()
            except OSError as problem:
                print("heartbeat:", problem, flush=True)  # noqa: T201 (its log)

    def watch(self) -> None:
        """Follow the pods that are bound to the node, all that there are first."""
        query = f"watch=1&timeoutSeconds=600&fieldSelector=spec.nodeName%3D{NODE}"
        with self.ask("GET", f"/api/v1/pods?{query}") as lines:
            for line in lines:
                event = json.loads(line)
                if event["type"] in {"ADDED", "MODIFIED"}:
                    try:
                        self.seen(event["object"])
                    except urllib.error.HTTPError as problem:
                        if problem.code not in {404, 409}:  # it is gone, or another one by now
                            print(problem, problem.read(), flush=True)  # noqa: T201 (its log)

    def seen(self, pod: dict[str, Any]) -> None:
        """Do with a pod what a kubelet would have to say about it."""
        meta = pod["metadata"]
        path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}"
        if "deletionTimestamp" in meta:
            self.ask("DELETE", path, {"gracePeriodSeconds": 0, "preconditions": {"uid": meta["uid"]}}).close()
        elif pod["status"].get("phase") == "Pending":
            self.patch(f"{path}/status", {"metadata": {"uid": meta["uid"]}, "status": self.running(pod)})

    def running(self, pod: dict[str, Any]) -> dict[str, Any]:
        """Give the status of a pod of which everything runs. Its address is a name only."""
        number = next(self.numbers)
        address = f"10.244.{number // 250}.{number % 250 + 1}"
        kept = [each for each in pod["status"].get("conditions", []) if each["type"] not in CONDITIONS]
        true = [{"type": each, "status": "True", "lastTransitionTime": now()} for each in CONDITIONS]
        first = pod["spec"].get("initContainers", [])
        return {
            "phase": "Running",
            "startTime": now(),
            "hostIP": "127.0.0.1",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "conditions": [*kept, *true],
            "containerStatuses": [container(pod, each, over=False) for each in pod["spec"]["containers"]],
            "initContainerStatuses": [
                container(pod, each, over=each.get("restartPolicy") != "Always") for each in first
            ],
        }


def container(pod: dict[str, Any], spec: dict[str, Any], *, over: bool) -> dict[str, Any]:
    """Give the status of a container that runs, or has done its work."""
    began = {"startedAt": now()}
    state = {"terminated": {**began, "finishedAt": now(), "exitCode": 0, "reason": "Completed"}}
    return {
        "name": spec["name"],
        "image": spec["image"],
        "imageID": spec["image"],
        "containerID": f"played://{pod['metadata']['uid']}/{spec['name']}",
        "restartCount": 0,
        "ready": True,
        "started": not over,
        "state": state if over else {"running": began},
    }


def main(folder: str, server: str) -> None:
    """Play until killed."""
    node = Node(Path(folder), server)
    while True:
        try:
            node.register()
            break
        except OSError as problem:
            print("register:", problem, flush=True)  # noqa: T201 (its log)
            time.sleep(0.5)
    threading.Thread(target=node.beats, daemon=True).start()
    while True:
        try:
            node.watch()
        except OSError as problem:
            print("watch:", problem, flush=True)  # noqa: T201 (its log)
            time.sleep(0.5)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
