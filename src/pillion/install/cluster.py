"""An API server as installing and removing see it: objects by name, collections by discovery."""

import asyncio
from collections.abc import Iterable
from typing import Any, cast, final

import msgspec

from pillion.install.manifest import Manifest, ObjectKey, collection_path, path_of
from pillion.install.ownership import FIELD_MANAGER
from pillion.sources.kubernetes.client import LIST_METADATA_ONLY, MERGE_PATCH, ApiError, KubernetesClient
from pillion.value import Value

APPLY = "application/apply-patch+yaml"
DISCOVERED = "APIGroupDiscoveryList"
DISCOVERY = ",".join(f"application/json;g=apidiscovery.k8s.io;v={v};as={DISCOVERED}" for v in ("v2", "v2beta1"))
PAGE = "500"
AT_ONCE = 8
Document = dict[str, Any]


class Collection(Value, order=True):
    """A collection that an API server serves."""

    api_version: str
    plural: str
    kind: str
    namespaced: bool


@final
class Cluster:
    """Reads and writes objects. Methods raise `ApiError`."""

    def __init__(self, client: KubernetesClient) -> None:
        self._client = client
        self._free = asyncio.Semaphore(AT_ONCE)

    async def get(self, key: ObjectKey, plural: str = "") -> Document | None:
        """Read an object; None when it, or its kind, is not there."""
        try:
            return await self._asked("GET", path_of(key, plural))
        except ApiError as problem:
            if problem.code == 404:
                return None
            raise

    async def apply(self, wanted: Manifest, *, force: bool = False, dry_run: bool = False) -> Document:
        """Apply an object on the server's side under our field manager; `force` takes fields from others."""
        query = {"fieldManager": FIELD_MANAGER, "force": str(force).lower(), "fieldValidation": "Strict"}
        if dry_run:
            query["dryRun"] = "All"
        return await self._asked("PATCH", path_of(wanted.key), query, wanted.document(), APPLY)

    async def delete(self, key: ObjectKey, plural: str, uid: str) -> bool:
        """Delete exactly the object that was looked at; return whether it was there."""
        body = {"propagationPolicy": "Background", "preconditions": {"uid": uid}}
        try:
            await self._asked("DELETE", path_of(key, plural), None, body)
        except ApiError as problem:
            if problem.code == 404:
                return False
            raise
        return True

    async def merge(self, key: ObjectKey, plural: str, body: Document, subresource: str = "") -> Document:
        """Merge fields into an object, or into a subresource of it."""
        path = path_of(key, plural) + (f"/{subresource}" if subresource else "")
        return await self._asked("PATCH", path, {"fieldManager": FIELD_MANAGER}, body, MERGE_PATCH)

    async def collections(self) -> tuple[Collection, ...]:
        """Name every collection that can be listed, each in the version that the server prefers."""
        found: dict[tuple[str, str], Collection] = {}
        for root in ("/api", "/apis"):
            answer = msgspec.json.decode(await self._client.request("GET", root, accept=DISCOVERY))
            if answer.get("kind") != DISCOVERED:
                # An empty answer would read as a proof that nothing is there.
                raise ApiError(0, "the API server does not tell its collections at once: Kubernetes 1.26 or later does")
            for group in answer.get("items", ()):
                for each in _collections(group):
                    found.setdefault((each.api_version.partition("/")[0], each.plural), each)
        return tuple(sorted(found.values()))

    async def listed(self, of: Collection, namespace: str = "", selector: str = "", whole: bool = False) -> list[Any]:
        """List a collection, page by page; metadata only, unless the `whole` objects are wanted."""
        query = {"limit": PAGE}
        if selector:
            query["labelSelector"] = selector
        path = collection_path(of.api_version, of.plural, namespace)
        accept = "application/json" if whole else LIST_METADATA_ONLY
        found: list[Any] = []
        while True:
            async with self._free:
                answer = msgspec.json.decode(await self._client.request("GET", path, query, accept=accept))
            found += [{**each, "apiVersion": of.api_version, "kind": of.kind} for each in answer.get("items") or ()]
            following = _part(answer, "metadata").get("continue")
            if not following:
                return found
            query["continue"] = str(following)

    async def listed_all(
        self, collections: Iterable[Collection], namespace: str = "", selector: str = "", whole: bool = False
    ) -> tuple[dict[Collection, list[Any]], dict[Collection, ApiError]]:
        """List several collections; what cannot be listed is told apart."""
        found: dict[Collection, list[Any]] = {}
        failed: dict[Collection, ApiError] = {}

        async def one(of: Collection) -> None:
            try:
                found[of] = await self.listed(of, namespace, selector, whole)
            except ApiError as problem:
                if problem.code not in {404, 405}:
                    failed[of] = problem

        async with asyncio.TaskGroup() as tasks:
            for each in collections:
                tasks.create_task(one(each))
        return found, failed

    async def _asked(
        self, method: str, path: str, query: dict[str, str] | None = None, body: Any = None, kind: str = ""
    ) -> Document:
        async with self._free:
            content = await self._client.request(method, path, query, body, kind or "application/json")
        return cast(Document, msgspec.json.decode(content))


def _part(document: Document, name: str) -> Document:
    return cast(Document, document.get(name) or {})


def _collections(group: Document) -> Iterable[Collection]:
    name = str(_part(group, "metadata").get("name") or "")
    for version in group.get("versions", ()):
        served = f"{name}/{version['version']}" if name else str(version["version"])
        for each in version.get("resources", ()):
            if "list" in each.get("verbs", ()):
                yield Collection(
                    api_version=served,
                    plural=str(each["resource"]),
                    kind=str(_part(each, "responseKind").get("kind", "")),
                    namespaced=each.get("scope") == "Namespaced",
                )
