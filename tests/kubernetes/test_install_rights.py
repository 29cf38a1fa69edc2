"""The rights that an installation gives are enough, and no more: the control plane runs with exactly these."""

import asyncio
import contextlib
import http.client
import ssl
import subprocess
import sys

import pytest

from kubernetes import objects
from kubernetes.kit.control import Control
from pillion.controlplane.serve.server import serving
from pillion.controlplane.serve.settings import Address, ServeSettings
from pillion.sources.kubernetes.access import Access

pytestmark = pytest.mark.root
ANY = Address("127.0.0.1", 0)
HOME = "/api/v1/namespaces/istio-system"


def installed(control: Control) -> None:
    words = ["install", "--no-wait", "--validation", "--kubeconfig", str(control.kubeconfig)]
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


def test_the_control_plane_serves_with_exactly_its_rights(own: Control) -> None:
    installed(own)

    async def play() -> None:
        settings = ServeSettings(tls=ANY, monitoring=ANY, debug=ANY)
        async with asyncio.timeout(60), serving(access(own, "istiod"), settings) as replica:
            await replica.ready.wait()
            assert replica.keeper.authority is not None

    asyncio.run(play())


def test_the_control_plane_may_do_nothing_else(own: Control) -> None:
    installed(own)
    istio = "/apis/networking.istio.io/v1/namespaces/default/virtualservices"
    allowed = [
        ("GET", "/api/v1/pods"),
        ("PATCH", f"{istio}/a/status"),
        ("GET", f"{HOME}/secrets/pillion-ca"),
        ("GET", f"{HOME}/configmaps/istio"),
        ("POST", "/apis/authentication.k8s.io/v1/tokenreviews"),
    ]
    refused = [
        ("GET", "/api/v1/secrets"),
        ("GET", f"{HOME}/secrets"),
        ("GET", f"{HOME}/secrets/istio-sidecar-injector-certificate"),
        ("GET", "/api/v1/configmaps"),
        ("PATCH", f"{istio}/a"),
        ("DELETE", f"{istio}/a"),
        ("POST", "/api/v1/namespaces/default/pods"),
        ("PATCH", "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/istio-sidecar-injector"),
        ("PATCH", f"{HOME}/configmaps/istio"),
    ]
    assert verdicts(own, "istiod", *allowed) == [True] * len(allowed)
    assert verdicts(own, "istiod", *refused) == [False] * len(refused)


def test_the_injector_may_look_after_its_own_webhook_and_read_what_it_goes_by_only(own: Control) -> None:
    installed(own)
    webhooks = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
    account = "istio-sidecar-injector-service-account"
    configs = "/apis/networking.istio.io/v1beta1/proxyconfigs"
    mine = [
        ("GET", f"{webhooks}/istio-sidecar-injector"),
        ("PATCH", f"{webhooks}/istio-sidecar-injector"),
        ("GET", configs),
    ]
    others = [
        ("PATCH", f"{webhooks}/somebody"),
        ("GET", webhooks),
        ("DELETE", f"{webhooks}/istio-sidecar-injector"),
        ("GET", "/api/v1/pods"),
        ("GET", f"{HOME}/secrets/pillion-ca"),
        ("PATCH", f"{configs.replace('/proxyconfigs', '/namespaces/default/proxyconfigs')}/a"),
        ("GET", "/apis/networking.istio.io/v1/sidecars"),
    ]
    assert verdicts(own, account, *mine) == [True] * len(mine)
    assert verdicts(own, account, *others) == [False] * len(others)
