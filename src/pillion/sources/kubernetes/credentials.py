"""What proves who we are: a token, from a text, a file that changes, or a plugin; and a client certificate."""

import asyncio
import json
import os
import ssl
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, cast, final

from pillion.sources.kubernetes.access import Access, AccessError, ExecPlugin

RE_READ = 60.0
"""Seconds after which a token's file is read again."""
EARLY = 60.0
"""Seconds before its end at which a plugin's token is replaced."""
PLUGIN_TIMEOUT = 30.0


@final
class Credentials:
    """Gives the headers of a request, and the TLS settings of a connection."""

    def __init__(self, access: Access, clock: Callable[[], float] = time.time) -> None:
        self._access = access
        self._clock = clock
        self._token = access.token
        self._until = float("inf") if access.token and not access.token_file else 0.0
        self._lock = asyncio.Lock()
        self.tls = _context(access)
        """For all connections; a certificate that is loaded anew counts for those to come."""

    async def headers(self) -> dict[str, str]:
        """Give the headers that name us. Raises `AccessError` when a plugin or file gives nothing."""
        if self._clock() >= self._until:
            async with self._lock:
                if self._clock() >= self._until:
                    await self._renew()
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    def refused(self) -> None:
        """Learn that the server did not know us: what changes is read again before the next request."""
        if self._access.token_file or self._access.plugin is not None:
            self._until = 0.0
        if self._access.certificate_file:
            _load_certificate(self.tls, self._access)

    async def _renew(self) -> None:
        access = self._access
        if access.token_file:
            try:
                self._token = _read(access.token_file)
            except OSError as problem:
                raise AccessError(f"the token cannot be read: {problem}") from problem
            self._until = self._clock() + RE_READ
        elif access.plugin is not None:
            await self._ask(access.plugin)
        else:
            self._until = float("inf")

    async def _ask(self, plugin: ExecPlugin) -> None:
        status = await _run(plugin)
        self._token = str(status.get("token") or "")
        certificate, key = status.get("clientCertificateData"), status.get("clientKeyData")
        if certificate and key:
            _load_pem(self.tls, f"{certificate}\n{key}")
        ends = status.get("expirationTimestamp")
        self._until = datetime.fromisoformat(str(ends)).timestamp() - EARLY if ends else float("inf")


def _read(file: str) -> str:
    return Path(file).read_text(encoding="utf-8").strip()


async def _run(plugin: ExecPlugin) -> dict[str, Any]:
    """Run a plugin and return the `status` that it prints."""
    asked = {"apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": {"interactive": False}}
    environment = {**os.environ, **plugin.env, "KUBERNETES_EXEC_INFO": json.dumps(asked)}
    try:
        process = await asyncio.create_subprocess_exec(
            *plugin.argv,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as problem:
        hint = f"; {plugin.install_hint.strip()}" if plugin.install_hint else ""
        raise AccessError(f"{plugin.argv[0]} cannot be run for credentials: {problem.strerror}{hint}") from problem
    try:
        async with asyncio.timeout(PLUGIN_TIMEOUT):
            output, errors = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise AccessError(f"{plugin.argv[0]} gave no credentials in {PLUGIN_TIMEOUT:.0f} s") from None
    try:
        status = cast("dict[str, Any]", json.loads(output)["status"])
        if process.returncode == 0 and (status.get("token") or status.get("clientCertificateData")):
            return status
    except (ValueError, KeyError, TypeError):
        pass
    said = errors.decode(errors="replace").strip().splitlines()
    raise AccessError(f"{plugin.argv[0]} gave no credentials" + (f": {said[-1]}" if said else ""))


def _context(access: Access) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=access.ca_file or None, cadata=access.ca or None)
    if access.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    _load_certificate(context, access)
    return context


def _load_certificate(context: ssl.SSLContext, access: Access) -> None:
    if access.certificate_file and access.key_file:
        context.load_cert_chain(access.certificate_file, access.key_file)
    elif access.certificate and access.key:
        _load_pem(context, f"{access.certificate}\n{access.key}")


def _load_pem(context: ssl.SSLContext, text: str) -> None:
    """Load a certificate and its key; Python's `ssl` reads them from a file only."""
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:  # 0600, and gone when loaded
        file.write(text)
        file.flush()
        context.load_cert_chain(file.name)
