"""A webhook that serves on loopback, and what talks to it: certificates, reviews, a client."""

import asyncio
import base64
import datetime as dt
import io
import ipaddress
import json
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pillion.controlplane.webhook.serve import Plan, Webhook
from pillion.inject.patch import apply


def write_certificate(folder: Path, name: str = "web") -> tuple[Path, Path]:
    """Write a fresh certificate for 127.0.0.1, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    chain_file, key_file = folder / "tls.crt", folder / "tls.key"
    chain_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return chain_file, key_file


def pod(name: str = "web", **metadata: Any) -> dict[str, Any]:
    labels = {"app": name}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "labels": labels} | metadata,
        "spec": {"containers": [{"name": "app", "image": "a"}]},
    }


def review(document: Any, **request: Any) -> dict[str, Any]:
    asked = {"uid": "u1", "namespace": "shop", "operation": "CREATE", "object": document} | request
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": asked}


def patched(document: Any, answer: dict[str, Any]) -> Any:
    patch = answer["response"].get("patch")
    return document if patch is None else apply(document, json.loads(base64.b64decode(patch)))


class Client:
    """Speaks HTTPS with the webhook; any certificate will do, `serial` says which one it shows."""

    def __init__(self, session: aiohttp.ClientSession, port: int, webhook: Webhook) -> None:
        self.session = session
        self.port = port
        self.webhook = webhook
        self.url = f"https://127.0.0.1:{port}"

    async def post(self, body: Any, path: str = "/inject", **headers: str) -> tuple[int, str]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        wanted = {"Content-Type": "application/json"} | {key.replace("_", "-"): value for key, value in headers.items()}
        async with self.session.post(self.url + path, data=io.BytesIO(data), headers=wanted) as answer:
            return answer.status, await answer.text()

    async def ask(self, document: Any, path: str = "/inject", **request: Any) -> dict[str, Any]:
        status, text = await self.post(review(document, **request), path)
        assert status == 200, text
        return json.loads(text)

    async def get(self, path: str) -> tuple[int, str]:
        async with self.session.get(self.url + path) as answer:
            return answer.status, await answer.text()

    async def ready(self) -> dict[str, Any]:
        return json.loads((await self.get("/readyz"))[1])

    async def until(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Ask `/readyz` until something holds."""
        async with asyncio.timeout(30):
            while not holds(detail := await self.ready()):
                pass
        return detail

    async def until_serial_is_not(self, before: int) -> None:
        """Connect until another certificate is shown."""
        async with asyncio.timeout(30):
            while await self.serial() == before:
                pass

    async def serial(self) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=trusting())
        certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        await writer.wait_closed()
        del reader
        return x509.load_der_x509_certificate(certificate).serial_number


def trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def serving(plan: Plan, talk: Callable[[Client], Awaitable[None]]) -> list[str]:
    """Serve while `talk` runs, then end; returns what the webhook said."""
    said: list[str] = []

    async def play() -> None:
        webhook = Webhook(plan, said.append)
        port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        async with asyncio.TaskGroup() as group:
            group.create_task(webhook.run(port.set_result))
            connector = aiohttp.TCPConnector(ssl=trusting(), limit=0)
            async with aiohttp.ClientSession(connector=connector) as session:
                try:
                    await talk(Client(session, await port, webhook))
                finally:
                    webhook.terminate()

    asyncio.run(play())
    return said


def plan(folder: Path, **fields: Any) -> Plan:
    chain, key = write_certificate(folder)
    given = {"workers": 0, "look_seconds": 0.02} | fields
    return Plan(host="127.0.0.1", port=0, chain=str(chain), key=str(key), **given)
