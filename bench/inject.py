"""`pillion kube-inject` as a whole process: one file, and a thousand Deployments."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure, figure

PILLION = Path(sys.executable).with_name("pillion")
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-{n}
  namespace: shop
spec:
  selector:
    matchLabels: {{app: web-{n}}}
  template:
    metadata:
      labels: {{app: web-{n}}}
    spec:
      containers:
      - name: app
        image: example/app:{n}
        ports:
        - {{name: http, containerPort: 8080}}
        readinessProbe:
          httpGet: {{port: http, path: /ready}}
"""


def benchmarks() -> Iterator[Figure]:
    """Measure both."""
    yield from _inject("one Deployment", 1, 15, (0.25, 60))
    yield from _inject("1000 Deployments", 1000, 3, (4, 100))


def _inject(title: str, count: int, runs: int, aims: tuple[float, float]) -> Iterator[Figure]:
    times: list[float] = []
    peaks: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "deployments.yaml"
        file.write_text("---\n".join(DEPLOYMENT.format(n=index) for index in range(count)))
        environment = compiling(folder)
        subprocess.run([PILLION, "kube-inject", "-f", file], env=environment, stdout=subprocess.DEVNULL, check=True)
        for _ in range(runs):
            began = time.perf_counter()
            process = subprocess.Popen([PILLION, "kube-inject", "-f", file], env=environment, stdout=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            times.append(time.perf_counter() - began)
            peaks.append(usage.ru_maxrss / 1000)
            assert os.waitstatus_to_exitcode(status) == 0
    yield figure(f"pillion kube-inject of {title}", "s", times, aims[0])
    yield figure(f"pillion kube-inject of {title}, peak memory", "MB", peaks, aims[1])


def compiling(folder: str) -> dict[str, str]:
    """Return an environment in which modules are compiled once, as where pillion is installed."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return environment | {"PYTHONPYCACHEPREFIX": folder}
