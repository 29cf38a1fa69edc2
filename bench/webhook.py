"""The injection webhook over HTTPS with 16 connections, as `wrk` measures it, and what it takes of the machine."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import which
from typing import Any

from bench.figure import Figure

PILLION = Path(sys.executable).with_name("pillion")
SECONDS = 8
OPENSSL = [
    *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
    *("-days", "2", "-subj", "/CN=pillion"),
]
CONNECTIONS = 16
SCRIPT = """
local head, middle, tail = %s, %s, %s
local n, salt = 0, 0
local count = 0
setup = function(thread) count = count + 1; thread:set("salt", count) end
request = function()
  n = n + 1
  local name = "h" .. salt .. "x" .. n
  return wrk.format("POST", "/inject", {["Content-Type"] = "application/json"}, head .. name .. middle .. name .. tail)
end
done = function(summary, latency, requests)
  local seconds = summary.duration / 1e6
  io.write(string.format("RESULT %%f %%f %%f %%d\\n", summary.requests / seconds, latency:percentile(50) / 1000,
    latency:percentile(99) / 1000, summary.errors.status + summary.errors.timeout + summary.errors.read))
end
"""
WORKLOADS = (
    # title, variables of the pod, whether only the name differs, least a second, p99 in ms
    ("unseen pods", 0, False, 300, 100),
    ("a rollout's pods", 0, True, 2000, 15),
    ("unseen pods with 2000 variables", 2000, False, 100, 200),
)


def benchmarks() -> Iterator[Figure]:
    """Measure the webhook, a process for each workload."""
    if which("wrk") is None:
        raise SystemExit("wrk is not there: apt-get install wrk")
    for title, variables, is_rollout, least, p99 in WORKLOADS:
        rate, middle, worst, cpu, memory = _measure(_body(variables, is_rollout=is_rollout))
        print(f"  load {os.getloadavg()[0]:.1f}")
        name = f"webhook, 16 parallel: {title}"
        yield Figure(
            name=f"{name}, time of one", unit="ms", median=1000 / rate, p99=1000 / rate, runs=1, aim=1000 / least
        )
        yield Figure(name=f"{name}, answer", unit="ms", median=middle, p99=worst, runs=1, aim=p99)
        yield Figure(name=f"{name}, processor of one", unit="ms", median=cpu, p99=cpu, runs=1)
        yield Figure(name=f"{name}, memory of all processes", unit="MB", median=memory, p99=memory, runs=1)


def _body(variables: int, *, is_rollout: bool) -> tuple[str, str, str]:
    """A review in three pieces: between them goes what makes each one different."""
    metadata: dict[str, Any] = {"generateName": "hello-abc-", "labels": {"app": "hello"}, "namespace": "default"}
    if is_rollout:
        owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "hello-abc", "controller": True}
        metadata |= {"name": "@", "ownerReferences": [owner]}
    else:
        metadata |= {"labels": {"app": "@"}}
    environment = [{"name": f"E{index}", "value": f"value-{index}"} for index in range(variables)]
    container = {
        "name": "hello",
        "image": "example/hello:1",
        "ports": [{"name": "http", "containerPort": 80}],
        "readinessProbe": {"httpGet": {"port": "http"}},
        "env": environment,
    }
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}}
    request = {"uid": "@", "kind": {"version": "v1", "kind": "Pod"}, "namespace": "default", "operation": "CREATE"}
    review = {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": request | {"object": pod}}
    first, second, third = json.dumps(review).split('"@"')
    return f'{first}"', f'"{second}"', f'"{third}'


def _measure(body: tuple[str, str, str]) -> tuple[float, float, float, float, float]:
    """Requests a second, p50 and p99 in ms, processor time of one in ms, memory in MB."""
    with tempfile.TemporaryDirectory() as folder:
        chain, key = Path(folder) / "tls.crt", Path(folder) / "tls.key"
        subprocess.run([*OPENSSL, "-keyout", key, "-out", chain], check=True, capture_output=True)
        script = Path(folder) / "load.lua"
        script.write_text(SCRIPT % tuple(f"[==[{part}]==]" for part in body))
        argv = [PILLION, "webhook", "--cert", chain, "--key", key, "--port", "0"]
        server = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)
        try:
            assert server.stderr is not None
            while not (found := re.search(r"https://127\.0\.0\.1:\d+", server.stderr.readline())):
                assert server.poll() is None
            wrk = ["wrk", "-t1", f"-c{CONNECTIONS}", "-s", str(script)]
            subprocess.run([*wrk, "-d1", f"{found.group()}/inject"], check=True, capture_output=True)
            before, began = _usage(server.pid)[0], time.perf_counter()
            told = subprocess.run(
                [*wrk, f"-d{SECONDS}", f"{found.group()}/inject"], check=True, capture_output=True, text=True
            ).stdout
            after, memory = _usage(server.pid)
            seconds = time.perf_counter() - began
        finally:
            server.send_signal(signal.SIGTERM)
            server.communicate()
    result = re.search(r"RESULT (\S+) (\S+) (\S+) (\d+)", told)
    assert result is not None, told
    assert result.group(4) == "0", told
    rate, middle, worst = (float(result.group(index)) for index in (1, 2, 3))
    return rate, middle, worst, 1000 * (after - before) / (rate * seconds), memory


def _usage(pid: int) -> tuple[float, float]:
    """Processor seconds and resident megabytes of a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    ticks, memory = 0, 0.0
    for each in (str(pid), *children):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
        memory += int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    return ticks / os.sysconf("SC_CLK_TCK"), memory
