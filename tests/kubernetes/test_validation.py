"""Resources judged when they are written, by an installation in a real cluster: the API server asks our webhook."""

import asyncio
import datetime as dt
import http.client
import json
import ssl
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, closing
from typing import Any

import pytest
from cryptography import x509

from kubernetes import objects
from kubernetes.kit.control import Control
from pillion.controlplane.serve.server import Replica, serving
from pillion.controlplane.serve.settings import Address, ServeSettings
from pillion.controlplane.writing.lease import Terms
from pillion.pki.authority import create
from pillion.sources.kubernetes.access import Access

pytestmark = pytest.mark.root
ANY = Address("127.0.0.1", 0)
HOME = "/api/v1/namespaces/istio-system"
WEBHOOKS = "/apis/admissionregistration.k8s.io/v1"
VALIDATOR = f"{WEBHOOKS}/validatingwebhookconfigurations/istio-validator-istio-system"
INJECTOR = f"{WEBHOOKS}/mutatingwebhookconfigurations/istio-sidecar-injector"
STEADY = Terms(lasts=15.0, deadline=12.0, retry=0.1)
LARGE = 2_800_000
"""Bytes; an API server takes 3 MiB."""
Document = dict[str, Any]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    """A cluster with an installation, whose API server can reach Services."""
    control = Control(tmp_path_factory.mktemp("cluster"), "cluster")
    try:
        control.start()
        pillion(control, "install", "--no-wait")
        objects.namespace(control, "shop")
        yield control
    finally:
        control.stop()


def pillion(control: Control, *words: str) -> None:
    argv = [sys.executable, "-m", "pillion", *words, "--kubeconfig", str(control.kubeconfig)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def played(play: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(120):
            await play

    asyncio.run(bounded())


async def do(work: Callable[..., Any], *arguments: Any) -> Any:
    """Do something slow beside the loop."""
    return await asyncio.to_thread(work, *arguments)


async def until(true: Callable[[], Any]) -> Any:
    """Wait for something that nothing announces."""
    while not (found := await do(true)):  # noqa: ASYNC110 (nothing announces it)
        await asyncio.sleep(0.05)
    return found


@asynccontextmanager
async def replica(control: Control) -> AsyncIterator[Replica]:
    """Run the control plane with its account's rights, where its Service leads."""
    token = await do(objects.token, control, "istio-system", "istiod")
    access = Access(server=control.server, ca_file=str(control.folder / "ca.crt"), token=token)
    settings = ServeSettings(
        tls=ANY, monitoring=ANY, debug=ANY, webhook=ANY, terms=STEADY, validator="istio-validator-istio-system",
        injector="istio-sidecar-injector", injector_certificate="istio-sidecar-injector-certificate",
    )  # fmt: skip
    assert control.network is not None
    service = await do(control.request, "GET", f"{HOME}/services/istiod")
    async with serving(access, settings) as running:
        await running.ready.wait()
        control.network.ways[f"{service[1]['spec']['clusterIP']}:443"] = ("127.0.0.1", running.ports["webhook"])
        yield running


def policies(control: Control) -> dict[str, str]:
    found = control.request("GET", VALIDATOR)[1]["webhooks"]
    return {each["name"].removesuffix("validation.istio.io"): each["failurePolicy"] for each in found}


CLOSED = {"": "Fail", "rev.": "Fail", "home.": "Ignore", "home.rev.": "Ignore"}


def virtual_service(name: str, host: str, rules: int = 1, revision: str = "") -> Document:
    rule = {"match": [{"uri": {"prefix": "/a"}}], "route": [{"destination": {"host": "web"}}]}
    return {
        "apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
        "metadata": {"name": name, "labels": {"istio.io/rev": revision} if revision else {}},
        "spec": {"hosts": [host], "http": [rule] * rules},
    }  # fmt: skip


def path(namespace: str, version: str = "v1") -> str:
    return f"/apis/networking.istio.io/{version}/namespaces/{namespace}/virtualservices"


def written(control: Control, at: str, document: Document, method: str = "POST") -> tuple[int, Document, list[str]]:
    """Write as kubectl does; return the status, the answer, and the warnings that kubectl would print."""
    tls = ssl.create_default_context(cafile=str(control.folder / "ca.crt"))
    tls.load_cert_chain(control.folder / "admin.crt", control.folder / "admin.key")
    connection = http.client.HTTPSConnection("127.0.0.1", control.port, context=tls, timeout=60)
    with closing(connection):
        connection.request(method, at, json.dumps(document), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        body = json.loads(answer.read())
    warnings = [value for key, value in answer.getheaders() if key.lower() == "warning"]
    return answer.status, body, warnings


def is_refused(control: Control, namespace: str = "shop") -> bool:
    """Return whether our webhook refuses what is wrong; nothing else may."""
    status, answer, _ = written(control, path(namespace), virtual_service("wrong", "a_b.c"))
    assert (status, answer["reason"]) == (422, "Invalid"), answer
    return "spec.hosts[0]" in answer["message"] and "validation.istio.io" in answer["message"]


def test_what_is_wrong_is_refused_and_what_is_doubtful_let_in_with_a_warning(cluster: Control) -> None:
    async def play() -> None:
        async with replica(cluster):
            await until(lambda: policies(cluster) == CLOSED)
            await do(judged)
        # With nobody to judge, nothing of ours is let in but at home; and nothing else is in anybody's way.
        status, answer, _ = await do(written, cluster, path("shop"), virtual_service("late", "web"))
        assert (status, "failed calling webhook" in answer["message"]) == (500, True)
        for namespace in ("istio-system", "kube-system"):
            assert (await do(written, cluster, path(namespace), virtual_service("late", "web")))[0] == 201
        assert (await do(written, cluster, f"{HOME}/configmaps", {"metadata": {"name": "any"}}))[0] == 201
        other = virtual_service("other", "web", revision="canary")
        assert (await do(written, cluster, path("shop"), other))[0] == 201

    def judged() -> None:
        status, answer, _ = written(cluster, path("shop"), virtual_service("wrong", "a_b.c"))
        assert (status, answer["reason"], answer["details"]["kind"]) == (422, "Invalid", "VirtualService")
        assert [each["field"] for each in answer["details"]["causes"]] == ["spec.hosts[0]"]
        assert 'admission webhook "validation.istio.io" denied the request: spec.hosts[0]: ' in answer["message"]
        for version in ("v1beta1", "v1alpha3"):
            document = virtual_service("wrong", "a_b.c") | {"apiVersion": f"networking.istio.io/{version}"}
            assert written(cluster, path("shop", version), document)[0] == 422
        for namespace in ("istio-system", "kube-system"):
            assert is_refused(cluster, namespace)
        status, _, warnings = written(cluster, path("shop"), virtual_service("twice", "web", rules=2))
        assert (status, any("spec.http[1]" in each for each in warnings)) == (201, True)
        at = f"{path('shop')}/twice"
        assert written(cluster, at + "/status", {**cluster.request("GET", at)[1], "status": {"a": 1}}, "PUT")[0] == 200
        wrong = cluster.request("GET", at)[1]
        wrong["spec"]["hosts"] = ["a_b.c"]
        assert written(cluster, at, wrong, "PUT")[0] == 422
        assert written(cluster, path("shop") + "?dryRun=All", virtual_service("dry", "a_b.c"))[0] == 422
        assert written(cluster, path("shop") + "?dryRun=All", virtual_service("dry", "web"))[0] == 201
        big = virtual_service("big", "web", rules=6000)
        status, _, warnings = written(cluster, path("shop"), big)
        assert (status, any("more" in each for each in warnings)) == (201, True)
        # As large as an API server takes it.
        for host, code in (("web", 201), ("a_b.c", 422)):
            largest = virtual_service("largest", host)
            paths = [f"/{number}" + "x" * 10_000 for number in range(LARGE // 10_000)]
            largest["spec"]["http"][0]["match"] = [{"uri": {"prefix": each}} for each in paths]
            status, answer, _ = written(cluster, path("shop") + "?dryRun=All", largest)
            assert (status, answer["kind"]) == (code, "VirtualService" if code == 201 else "Status"), str(answer)[:500]
        objects.delete(cluster, at)

    played(play())


def seen(control: Control) -> None:
    """Wait until the API server heeds what was written up to now: it hears of webhooks that judge in order."""
    webhook = {
        "name": "marker.example.com", "clientConfig": {"url": "https://127.0.0.1:1/"}, "failurePolicy": "Fail",
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}],
        "objectSelector": {"matchLabels": {"marker": "yes"}}, "sideEffects": "None", "admissionReviewVersions": ["v1"],
    }  # fmt: skip
    every = f"{WEBHOOKS}/validatingwebhookconfigurations"
    objects.create(control, every, {"metadata": {"name": "marker"}, "webhooks": [webhook]})
    marked = {"metadata": {"name": "marker", "labels": {"marker": "yes"}}}
    while control.request("POST", "/api/v1/namespaces/shop/configmaps?dryRun=All", marked)[0] == 201:
        pass
    objects.delete(control, f"{every}/marker")


def served(port: int) -> x509.Certificate:
    """Look at the certificate that the webhook's server shows."""
    text = ssl.get_server_certificate(("127.0.0.1", port))
    return x509.load_pem_x509_certificate(text.encode())


def trusted(control: Control, configuration: str) -> set[str]:
    found = control.request("GET", configuration)[1]["webhooks"]
    return {b64decode(each["clientConfig"].get("caBundle", "")).decode() for each in found}


def test_another_authority_takes_over_with_no_call_lost(cluster: Control) -> None:
    other = create("another", dt.datetime.now(dt.UTC))
    texts = {"ca-cert.pem": other.certificate, "ca-key.pem": other.key}
    data = {key: b64encode(text.encode()).decode() for key, text in texts.items()}
    theirs = x509.load_pem_x509_certificate(other.certificate.encode())
    leaf = f"{HOME}/secrets/istio-sidecar-injector-certificate"

    async def play() -> None:
        async with replica(cluster) as running:
            await until(lambda: policies(cluster) == CLOSED)
            assert running.keeper.authority is not None
            old, port = running.keeper.authority.certificate, running.ports["webhook"]
            assert await do(trusted, cluster, VALIDATOR) == await do(trusted, cluster, INJECTOR) == {old}
            stop = asyncio.Event()
            async with asyncio.TaskGroup() as tasks:
                asking = tasks.create_task(asked(stop))
                before = await do(served, port)
                await do(objects.patch, cluster, f"{HOME}/secrets/pillion-ca", {"data": data})
                both = {other.certificate + old}
                await until(lambda: trusted(cluster, VALIDATOR) == trusted(cluster, INJECTOR) == both)
                await do(seen, cluster)
                # Until everybody has learnt to trust the new one, the certificate of the old one stays.
                assert (await do(served, port)).serial_number == before.serial_number
                await running.keeper.refresh(dt.datetime.now(dt.UTC) + dt.timedelta(hours=1))
                for door in (port, running.ports["tls"]):
                    (await do(served, door)).verify_directly_issued_by(theirs)
                await until(lambda: issued_by(theirs, cluster.request("GET", leaf)[1]))
                assert (await do(handed)) == other.certificate + old
                stop.set()
            assert await asking > 0

    async def asked(stop: asyncio.Event) -> int:
        count = 0
        while not stop.is_set():
            assert await do(is_refused, cluster)
            count += 1
        return count

    def handed() -> str:
        found = cluster.request("GET", "/api/v1/namespaces/shop/configmaps/istio-ca-root-cert")
        return str(found[1]["data"]["root-cert.pem"])

    played(play())


def issued_by(authority: x509.Certificate, secret: Document) -> bool:
    chain = x509.load_pem_x509_certificates(b64decode(secret["data"]["tls.crt"]))
    return chain[0].issuer == authority.subject


def test_what_somebody_broke_is_put_right(cluster: Control) -> None:
    async def play() -> None:
        async with replica(cluster) as running:
            await until(lambda: policies(cluster) == CLOSED)
            for configuration in (VALIDATOR, INJECTOR):
                document = await do(cluster.request, "GET", configuration)
                for each in document[1]["webhooks"]:
                    del each["clientConfig"]["caBundle"]
                assert (await do(written, cluster, configuration, document[1], "PUT"))[0] == 200
                await until(lambda at=configuration: trusted(cluster, at) == {running.keeper.roots})
            await do(objects.delete, cluster, f"{HOME}/secrets/istio-sidecar-injector-certificate")
            path = f"{HOME}/secrets/istio-sidecar-injector-certificate"
            made = await until(lambda: found(path))
            assert made["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "pillion"
            # Installing again changes nothing that the control plane looks after.
            await do(pillion, cluster, "install", "--no-wait")
            assert await do(policies, cluster) == CLOSED

    def found(path: str) -> Document | None:
        status, answer = cluster.request("GET", path)
        return answer if status == 200 else None

    played(play())
