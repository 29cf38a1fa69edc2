"""What the control plane said in the status of others' objects goes with it, at a real API server."""

import asyncio
import json
import subprocess
import sys
from typing import Any

import pytest

from docs.schemas import problems
from kubernetes import objects
from kubernetes.kit.control import Control
from pillion.controlplane.serve.server import serving
from pillion.controlplane.serve.settings import Address, ServeSettings
from pillion.sources.kubernetes.access import Access

pytestmark = pytest.mark.root
ANY = Address("127.0.0.1", 0)
ISTIO = "/apis/networking.istio.io/v1/namespaces/default"
SIDECAR, ENTRY, SHARED = f"{ISTIO}/sidecars/default", f"{ISTIO}/serviceentries/out", f"{ISTIO}/serviceentries/shared"
THEIRS = {"type": "Checked", "status": "True"}


def pillion(control: Control, *words: str) -> tuple[int, Any]:
    command = [sys.executable, "-m", "pillion", *words, "--kubeconfig", str(control.kubeconfig), "-o", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.stdout, done.stderr
    answer = json.loads(done.stdout)
    assert list(problems(answer, words[0])) == []
    return done.returncode, answer


def status(control: Control, path: str) -> Any:
    return control.request("GET", path)[1].get("status")


def written(control: Control) -> None:
    """Have a control plane say what it thinks of three objects."""
    token = objects.token(control, "istio-system", "istiod")
    access = Access(server=control.server, ca_file=str(control.folder / "ca.crt"), token=token)

    async def serve() -> None:
        settings = ServeSettings(tls=ANY, monitoring=ANY, debug=ANY, webhook=ANY)
        async with asyncio.timeout(60), serving(access, settings):
            while not await asyncio.to_thread(said):  # noqa: ASYNC110 (nothing announces it)
                await asyncio.sleep(0.05)

    def said() -> bool:
        addresses = ((status(control, path) or {}).get("addresses") for path in (ENTRY, SHARED))
        return all(addresses) and bool((status(control, SIDECAR) or {}).get("conditions"))

    asyncio.run(serve())


def prepared(control: Control) -> None:
    """Install beside a lax definition, with three objects that the control plane has something to say about."""
    objects.namespace(control, "istio-system")
    definition = objects.definition("sidecars", "Sidecar")
    for version in definition["spec"]["versions"]:
        version["subresources"] = {"status": {}}
    objects.create(control, objects.DEFINITIONS, definition)
    assert pillion(control, "install", "--no-wait", "--no-validation")[0] == 0
    for kind in ("sidecars", "serviceentries"):
        while control.request("GET", f"{ISTIO}/{kind}")[0] != 200:
            pass  # it is served a moment after it was defined
    api = {"apiVersion": "networking.istio.io/v1"}
    wrong = {"kind": "Sidecar", "metadata": {"name": "default"}, "spec": {"egress": "everything"}}
    objects.create(control, f"{ISTIO}/sidecars", api | wrong)
    for name in ("out", "shared"):
        spec = {"hosts": [f"{name}.example"], "resolution": "DNS", "ports": [{"number": 80, "name": "http"}]}
        objects.create(
            control, f"{ISTIO}/serviceentries", api | {"kind": "ServiceEntry", "metadata": {"name": name}, "spec": spec}
        )
    body = {"status": {"conditions": [THEIRS]}}
    query = "/status?fieldManager=theirs"
    assert control.request("PATCH", SHARED + query, body, "application/merge-patch+json")[0] == 200


def test_what_we_said_goes_and_what_others_said_stays(own: Control) -> None:
    prepared(own)
    written(own)
    spoken = {path: status(own, path) for path in (SIDECAR, ENTRY, SHARED)}
    code, planned = pillion(own, "uninstall", "--dry-run")
    names = {(each["kind"], each["name"]): each["fields"] for each in planned["statuses"]}
    assert (code, names) == (
        0,
        {
            ("Sidecar", "default"): ["conditions", "validationMessages"],
            ("ServiceEntry", "out"): ["addresses"],
            ("ServiceEntry", "shared"): ["addresses"],
        },
    )
    assert {path: status(own, path) for path in spoken} == spoken
    code, answer = pillion(own, "uninstall")
    assert (code, answer["unseen"], {each["problem"] for each in answer["statuses"]}) == (0, [], {""})
    assert len(answer["statuses"]) == 3
    assert (status(own, SIDECAR), status(own, ENTRY)) == (None, None)
    assert status(own, SHARED) == {"conditions": [THEIRS]}
    code, again = pillion(own, "uninstall")
    assert (code, again["statuses"]) == (0, [])


def test_what_cannot_be_taken_off_is_left_and_said(own: Control) -> None:
    prepared(own)
    written(own)
    # Somebody's policy forbids to touch the status.
    expression = "request.subResource != 'status'"
    rules = [
        {"apiGroups": ["networking.istio.io"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*/status"]}
    ]
    policies = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolic"
    spec: dict[str, Any] = {
        "matchConstraints": {"resourceRules": rules}, "validations": [{"expression": expression}],
    }  # fmt: skip
    objects.create(own, f"{policies}ies", {"metadata": {"name": "still"}, "spec": spec})
    binding = {"policyName": "still", "validationActions": ["Deny"]}
    objects.create(own, f"{policies}ybindings", {"metadata": {"name": "still"}, "spec": binding})
    tried = {"status": {"conditions": [THEIRS]}}
    while own.request("PATCH", f"{SHARED}/status?dryRun=All", tried, "application/merge-patch+json")[0] == 200:
        pass  # a policy is heeded a moment after it was made
    code, answer = pillion(own, "uninstall")
    assert code == 1
    assert all("the API server refused" in each["problem"] for each in answer["statuses"])
    assert len(answer["statuses"]) == 3
    assert status(own, ENTRY)["addresses"]
