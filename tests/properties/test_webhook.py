"""What must be true of every pod that is sent to the webhook: patched, it is what injection makes of it."""

import asyncio
import base64
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pillion.controlplane.webhook.desk import Desk
from pillion.controlplane.webhook.pool import Inline
from pillion.controlplane.webhook.worker import Preparation
from pillion.inject.injection import Injector, Options
from pillion.inject.patch import apply
from pillion.inject.settings import default_settings
from pillion.value import has_errors

names = st.sampled_from(["app", "web", "istio-proxy", "istio-init", "db"])
annotations = st.dictionaries(
    st.sampled_from(
        [
            "sidecar.istio.io/inject",
            "sidecar.istio.io/proxyCPU",
            "sidecar.istio.io/rewriteAppHTTPProbers",
            "status.sidecar.istio.io/port",
            "traffic.sidecar.istio.io/excludeInboundPorts",
            "prometheus.io/scrape",
        ]
    ),
    st.sampled_from(["true", "false", "", "100m", "15020", "x"]),
)
probes = st.sampled_from([{"httpGet": {"port": "http"}}, {"tcpSocket": {"port": 80}}, {"exec": {"command": ["true"]}}])
containers = st.builds(
    lambda name, probe: {
        "name": name,
        "image": "i",
        "ports": [{"name": "http", "containerPort": 80}],
        "readinessProbe": probe,
    },
    names,
    probes,
)
several = st.lists(containers, min_size=1, max_size=3, unique_by=lambda each: each["name"])
pods = st.builds(
    lambda name, notes, own, init, host: {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "annotations": notes},
        "spec": {"containers": own, "initContainers": init} | ({"hostNetwork": True} if host else {}),
    },
    st.sampled_from(["one", "two"]),
    annotations,
    several,
    several,
    st.booleans(),
)

OURS = Injector(default_settings())


@settings(max_examples=60, deadline=None)
@given(st.lists(pods, min_size=1, max_size=4))
def test_the_patch_makes_what_injection_makes(sent: list[dict[str, Any]]) -> None:
    async def play() -> None:
        desk = Desk(Inline(), "refuse")
        await desk.prepare(Preparation(default_settings()))
        for document in (*sent, *sent):
            asked = {"uid": "u", "namespace": "shop", "object": document}
            review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": asked}
            response = json.loads((await desk.respond(json.dumps(review).encode(), "/inject", 9)).body)["response"]
            wanted = OURS.inject(document, None, Options(by_hand=False))
            assert response["allowed"] is not has_errors(wanted.diagnostics)
            patch = json.loads(base64.b64decode(response.get("patch", "W10=")))
            assert apply(document, patch) == wanted.document

    asyncio.run(play())
