"""The rights that an installation gives are enough, and no more: the control plane runs with exactly these."""

import asyncio
import contextlib
import http.client
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from kubernetes import objects
from kubernetes.kit.control import Control
from pillion.controlplane.serve.server import Replica, serving
from pillion.controlplane.serve.settings import Address, ServeSettings
from pillion.sources.kubernetes.access import Access
from support import webhook

pytestmark = pytest.mark.root
ANY = Address("127.0.0.1", 0)
HOME = "/api/v1/namespaces/istio-system"
WEBHOOKS = "/apis/admissionregistration.k8s.io/v1"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/istio-system/leases"
NODE_INFO = (
    "machineID", "systemUUID", "bootID", "kernelVersion", "osImage", "containerRuntimeVersion", "kubeProxyVersion",
    "operatingSystem", "architecture",
)  # fmt: skip
GATEWAYS = "/apis/networking.istio.io/v1/namespaces/{}/gateways"


def installed(control: Control, *more: str) -> None:
    words = ["install", "--no-wait", "--validation", *more, "--kubeconfig", str(control.kubeconfig)]
    done = subprocess.run([sys.executable, "-m", "pillion", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def access(control: Control, account: str) -> Access:
    """Be a service account, with nothing but its token."""
    token = objects.token(control, "istio-system", account)
    return Access(server=control.server, ca_file=str(control.folder / "ca.crt"), token=token)


def verdicts(control: Control, account: str, *requests: tuple[str, str]) -> list[bool]:
    """Tell which requests an account is allowed, whatever else is wrong with them."""
    bearer = {"Authorization": f"Bearer {access(control, account).token}"}
    trust = ssl.create_default_context(cafile=str(control.folder / "ca.crt"))
    found: list[bool] = []
    for method, path in requests:
        writes = method in {"POST", "PUT", "PATCH"}
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        connection = http.client.HTTPSConnection("127.0.0.1", control.port, context=trust, timeout=30)
        with contextlib.closing(connection):
            headers = {**bearer, "Content-Type": kind}
            connection.request(method, path + ("?dryRun=All" if writes else ""), "{}" if writes else None, headers)
            found.append(connection.getresponse().status not in {401, 403})
    return found


def lax(control: Control) -> None:
    """Have a definition that lets everything in; an installation leaves it as it is."""
    definition = objects.definition("sidecars", "Sidecar")
    for version in definition["spec"]["versions"]:
        version["subresources"] = {"status": {}}
    objects.create(control, objects.DEFINITIONS, definition)


def test_the_control_plane_serves_and_writes_with_exactly_its_rights(own: Control) -> None:
    lax(own)
    installed(own)
    sidecars = "/apis/networking.istio.io/v1/namespaces/default/sidecars"
    wrong = {"apiVersion": "networking.istio.io/v1", "kind": "Sidecar", "metadata": {"name": "default"}}
    validator = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/istio-validator-istio-system"
    while own.request("GET", sidecars)[0] != 200:
        pass  # it is served a moment after it was defined
    objects.create(own, sidecars, wrong | {"spec": {"egress": "everything"}})

    def said() -> bool:
        bundles = {each["clientConfig"]["caBundle"] for each in own.request("GET", validator)[1]["webhooks"]}
        return bool(own.request("GET", f"{sidecars}/default")[1].get("status")) and bundles != {"TkVX"}

    async def play() -> None:
        settings = ServeSettings(
            tls=ANY, monitoring=ANY, debug=ANY, webhook=ANY, validator="istio-validator-istio-system",
            injector="istio-sidecar-injector", injector_certificate="istio-sidecar-injector-certificate",
        )  # fmt: skip
        async with asyncio.timeout(60), serving(access(own, "istiod"), settings) as replica:
            await replica.ready.wait()
            assert replica.keeper.authority is not None
            # No Service leads to it here, so it cannot prove that it judges; nothing else stays wrong.
            while not await asyncio.to_thread(said) or wrongs(replica):  # noqa: ASYNC110 (nothing announces it)
                await asyncio.sleep(0.05)

    def wrongs(replica: Replica) -> list[str]:
        problems = [each["problem"] for each in replica.problems() if "problem" in each]
        return [each for each in problems if "does not ask the webhook yet" not in each]

    change = [{"op": "add", "path": f"/webhooks/{n}/clientConfig/caBundle", "value": "TkVX"} for n in range(4)]
    status, _ = own.request("PATCH", validator, change, "application/json-patch+json")
    assert status == 200
    asyncio.run(play())


def test_the_control_plane_may_do_nothing_else(own: Control) -> None:
    installed(own)
    istio = "/apis/networking.istio.io/v1/namespaces/default/virtualservices"
    allowed = [
        ("GET", "/api/v1/pods"),
        ("PATCH", f"{istio}/a/status"),
        ("GET", f"{HOME}/secrets/pillion-ca"),
        ("GET", f"{HOME}/configmaps/istio"),
        ("GET", f"{HOME}/configmaps/istio-sidecar-injector"),
        ("POST", "/apis/authentication.k8s.io/v1/tokenreviews"),
        ("PATCH", f"{WEBHOOKS}/mutatingwebhookconfigurations/istio-sidecar-injector"),
        ("PATCH", f"{WEBHOOKS}/validatingwebhookconfigurations/istio-validator-istio-system"),
        ("PUT", f"{HOME}/secrets/istio-sidecar-injector-certificate"),
        ("PUT", f"{LEASES}/istiod"),
        ("POST", f"{GATEWAYS.format('istio-system')}"),
    ]
    refused = [
        ("GET", "/api/v1/secrets"),
        ("GET", f"{HOME}/secrets"),
        ("GET", f"{HOME}/secrets/somebodys"),
        ("PUT", f"{LEASES}/somebodys"),
        ("POST", f"{GATEWAYS.format('default')}"),
        ("PATCH", f"{WEBHOOKS}/mutatingwebhookconfigurations/somebodys"),
        ("PATCH", f"{WEBHOOKS}/validatingwebhookconfigurations/somebodys"),
        ("GET", "/api/v1/configmaps"),
        ("PATCH", f"{istio}/a"),
        ("DELETE", f"{istio}/a"),
        ("POST", "/api/v1/namespaces/default/pods"),
        ("PATCH", f"{HOME}/configmaps/istio"),
    ]
    assert verdicts(own, "istiod", *allowed) == [True] * len(allowed)
    assert verdicts(own, "istiod", *refused) == [False] * len(refused)


def test_the_injector_may_read_proxy_configs_only(own: Control) -> None:
    installed(own)
    webhooks = f"{WEBHOOKS}/mutatingwebhookconfigurations"
    account = "istio-sidecar-injector-service-account"
    others = [
        ("PATCH", f"{webhooks}/istio-sidecar-injector"),
        ("GET", webhooks),
        ("DELETE", f"{webhooks}/istio-sidecar-injector"),
        ("GET", "/api/v1/pods"),
        ("GET", f"{HOME}/secrets/pillion-ca"),
        ("POST", "/apis/networking.istio.io/v1beta1/namespaces/default/proxyconfigs"),
    ]
    assert verdicts(own, account, ("GET", "/apis/networking.istio.io/v1beta1/proxyconfigs")) == [True]
    assert verdicts(own, account, *others) == [False] * len(others)


def test_the_injector_watches_nodes_and_namespaces_with_exactly_its_rights(own: Control, tmp_path: Path) -> None:
    installed(own, "--native-sidecars", "auto", "--platform", "openshift")
    account = "istio-sidecar-injector-service-account"
    allowed = [("GET", "/api/v1/nodes"), ("GET", "/api/v1/namespaces")]
    refused = [("PATCH", "/api/v1/nodes/a"), ("PATCH", "/api/v1/namespaces/default"), ("GET", "/api/v1/pods")]
    assert verdicts(own, account, *allowed, *refused) == [True, True, False, False, False]
    home = "/apis/apps/v1/namespaces/istio-system/deployments/istio-sidecar-injector"
    (container,) = own.request("GET", home)[1]["spec"]["template"]["spec"]["containers"]
    environment = {each["name"]: each["value"] for each in container["env"]}
    assert environment == {"ENABLE_NATIVE_SIDECARS": "auto", "PLATFORM": "openshift"}
    given = {"openshift.io/sa.scc.uid-range": "5000/10"}
    objects.create(own, "/api/v1/namespaces", {"metadata": {"name": "shop", "annotations": given}})
    version = {"status": {"nodeInfo": dict.fromkeys(NODE_INFO, "") | {"kubeletVersion": "v1.34.0"}}}
    objects.create(own, "/api/v1/nodes", {"metadata": {"name": "a"}, **version})

    async def talk(client: webhook.Client) -> None:
        await client.until(lambda detail: detail["ready"])
        injected = webhook.patched(webhook.pod(), await client.ask(webhook.pod()))
        (proxy,) = [each for each in injected["spec"]["initContainers"] if each["name"] == "istio-proxy"]
        assert (proxy["restartPolicy"], proxy["securityContext"]["runAsUser"]) == ("Always", 5009)

    plan = webhook.plan(tmp_path, access=access(own, account), native_by_nodes=True, openshift=True)
    webhook.serving(plan, talk)
