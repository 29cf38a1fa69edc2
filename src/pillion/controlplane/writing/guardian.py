"""Looks after the webhook configurations of an installation, and after the injector's certificate.

Whom an API server trusts follows our authority, and the injector's certificate follows it too; a webhook that judges
refuses what nobody judged as soon as it has proved that it judges.
"""

import asyncio
import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast, final

import msgspec

from pillion.controlplane.writing.certificate import renewal
from pillion.controlplane.writing.webhooks import Operation, fail_closed, trust
from pillion.pki.kept import Kept
from pillion.resources.kinds import KINDS
from pillion.resources.validation.validate import ALWAYS_REJECT
from pillion.sources.kubernetes.client import JSON_PATCH, ApiError, KubernetesClient
from pillion.sources.kubernetes.cluster import Cluster
from pillion.sources.kubernetes.reflector import Patience
from pillion.sources.kubernetes.watched import Watched, secret, webhook_configuration
from pillion.value import Value

VALIDATING, MUTATING = "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"
AGAIN = 60.0
"""Seconds between looks, when nothing says that something is new."""
SOON, LONGEST = 0.5, 15.0
"""Seconds until what failed, or is not proved yet, is tried again: longer and longer."""
NOT_FOUND = 404


class Charge(Value):
    """What to look after; what has no name is left alone."""

    namespace: str
    revision: str = "default"
    validator: str = ""
    """Name of the ValidatingWebhookConfiguration."""
    injector: str = ""
    """Name of the MutatingWebhookConfiguration."""
    certificate: str = ""
    """Name of the Secret with the injector's certificate."""
    hosts: tuple[str, ...] = ()
    """What that certificate is for."""


@final
class Guardian:
    """Keeps them right."""

    def __init__(
        self,
        client: KubernetesClient,
        charge: Charge,
        kept: Callable[[], Kept | None],
        patience: Patience | None = None,
    ) -> None:
        """Set up; `kept` tells our authority and whom to trust, None while that is not known."""
        self.problem = ""
        """What could not be put right in the last round; empty when all is right."""
        self._client = client
        self._charge = charge
        self._kept = kept
        self._news = asyncio.Event()
        self._cluster = Cluster(client, _watched(charge), lambda _changed, _deleted: self._news.set(), patience)

    def look(self) -> None:
        """Look what is new."""
        self._news.set()

    async def run(self) -> None:
        """Look after them until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._cluster.run())
            pause = SOON
            while True:
                self._news.clear()
                await self._round()
                pause = min(pause * 2, LONGEST) if self.problem else SOON
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause if self.problem else AGAIN):
                        await self._news.wait()

    async def _round(self) -> None:
        kept, charge = self._kept(), self._charge
        if kept is None:
            self.problem = "the authority is not known yet"
            return
        problems: list[str] = []
        for name, work in (
            (charge.validator, self._look_after_validator),
            (charge.injector, self._look_after_injector),
        ):
            try:
                if name:
                    await work(name, kept)
            except ApiError as problem:
                problems.append(f"{name}: {problem}")
        self.problem = "; ".join(problems)

    async def _look_after_validator(self, name: str, kept: Kept) -> None:
        path = webhook_configuration(VALIDATING, name).path_of(0, "", name)
        document = await self._correct(path, lambda found: trust(found, kept.roots))
        if document is not None and fail_closed(document):
            await self._prove()
            await self._correct(path, fail_closed)

    async def _look_after_injector(self, name: str, kept: Kept) -> None:
        # The API server trusts a new authority before anybody shows its certificates.
        await self._correct(
            webhook_configuration(MUTATING, name).path_of(0, "", name), lambda found: trust(found, kept.roots)
        )
        charge = self._charge
        if not charge.certificate:
            return
        path = secret(charge.namespace, charge.certificate).path_of(0, charge.namespace, charge.certificate)
        found = await self._get(path)
        data = renewal(found, kept, charge.hosts, dt.datetime.now(dt.UTC))
        if not data:
            return
        if found is not None:
            await self._client.request("PUT", path, body={**found, "data": {**(found.get("data") or {}), **data}})
            return
        labels = {"app.kubernetes.io/managed-by": "pillion", "istio.io/rev": charge.revision}
        metadata = {"name": charge.certificate, "namespace": charge.namespace, "labels": labels}
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "kubernetes.io/tls", "data": data}
        await self._client.request("POST", path.rpartition("/")[0], body=body)

    async def _correct(self, path: str, what: Callable[[dict[str, Any]], list[Operation]]) -> dict[str, Any] | None:
        """Correct an object; return it as it is then, or None when it is not there."""
        document = await self._get(path)
        operations = [] if document is None else what(document)
        if not operations:
            return document
        answer = await self._client.request("PATCH", path, body=operations, kind=JSON_PATCH)
        return cast("dict[str, Any]", msgspec.json.decode(answer))

    async def _get(self, path: str) -> dict[str, Any] | None:
        try:
            return cast("dict[str, Any]", msgspec.json.decode(await self._client.request("GET", path)))
        except ApiError as problem:
            if problem.code == NOT_FOUND:
                return None
            raise

    async def _prove(self) -> None:
        """Write, without effect, a resource that only our webhook refuses. Raises `ApiError` when it does not."""
        group = "networking.istio.io"
        labels, annotations = {"istio.io/rev": self._charge.revision}, {ALWAYS_REJECT: "true"}
        metadata = {"generateName": "pillion-proof-", "labels": labels, "annotations": annotations}
        server = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}
        for version in KINDS[group, "Gateway"][1]:
            body = {"apiVersion": f"{group}/{version}", "kind": "Gateway", "metadata": metadata,
                    "spec": {"servers": [server]}}  # fmt: skip
            path = f"/apis/{group}/{version}/namespaces/{self._charge.namespace}/gateways"
            try:
                await self._client.request("POST", path, {"dryRun": "All"}, body)
            except ApiError as problem:
                if "denied the request" in problem.message and ALWAYS_REJECT in problem.message:
                    return
                if problem.code == NOT_FOUND:
                    continue  # nobody can write what is not served
                raise
            raise ApiError(0, "the API server does not ask the webhook yet")


def _watched(charge: Charge) -> tuple[Watched, ...]:
    found: list[Watched] = []
    if charge.validator:
        found.append(webhook_configuration(VALIDATING, charge.validator))
    if charge.injector:
        found.append(webhook_configuration(MUTATING, charge.injector))
    if charge.certificate:
        found.append(secret(charge.namespace, charge.certificate))
    return tuple(found)
