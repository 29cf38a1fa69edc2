"""`pillion kube-inject` as a whole process: one file, and a thousand Deployments."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure
from bench.process import weigh

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
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "deployments.yaml"
        file.write_text("---\n".join(DEPLOYMENT.format(n=index) for index in range(count)))
        yield from weigh(f"pillion kube-inject of {title}", ["kube-inject", "-f", file], runs, aims, folder)
