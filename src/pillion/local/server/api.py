"""The door of a running mesh: HTTP on a Unix socket. Every command but `up` comes through here.

    GET  /status                                what runs, how far it is, what is wrong
    GET  /objects?kind=&namespace=&name=&selector=
    GET  /logs?pod=&container=&follow=&previous=&tail=
    GET  /proxy-config?pod=                     Envoy's own word: `/config_dump` of the pod's proxy
    GET  /admin?pod=&path=                      a page of its admin interface
    POST /apply, /delete                        {"documents": [{"content", "origin"}], "timeout": seconds}
    POST /down

Errors are `{"error": "..."}` with status 400 (the caller's mistake), 404 or 500.
"""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Container, Sequence
from typing import Any, NamedTuple, cast, final

import msgspec
from aiohttp import web

from pillion.local import requester
from pillion.local.kubelet.instance import Streams
from pillion.local.kubelet.kubelet import UnknownContainerError
from pillion.local.server import findings, tables
from pillion.local.server.intake import check, with_last_good
from pillion.local.server.mesh import PATIENCE, Change, ChangeError, Mesh
from pillion.local.server.overlay import reference
from pillion.local.server.selector import SelectorError, parse
from pillion.local.state import hint
from pillion.resources.documents import Document
from pillion.resources.frozen import same
from pillion.resources.meta import Ref
from pillion.value import Diagnostic, Diagnostics, Origin, has_errors
from pillion.xds.request import Refusal

ADMIN_PORT = 15000
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Known(NamedTuple):
    """What was wrong before a change."""

    refusals: Sequence[Refusal]
    told: frozenset[Diagnostic]


@final
class Api:
    """Answers commands about one mesh."""

    def __init__(self, mesh: Mesh, stop: asyncio.Event) -> None:
        self._mesh = mesh
        self._stop = stop

    def application(self) -> web.Application:
        """Give the web application."""
        application = web.Application(client_max_size=64 << 20, middlewares=[_errors])
        application.router.add_get("/status", self.status)
        application.router.add_get("/objects", self.objects)
        application.router.add_get("/logs", self.logs)
        application.router.add_get("/proxy-config", self.proxy_config)
        application.router.add_get("/admin", self.admin)
        application.router.add_post("/apply", self.apply)
        application.router.add_post("/delete", self.delete)
        application.router.add_post("/down", self.down)
        return application

    async def status(self, _: web.Request) -> web.StreamResponse:
        """Say how far the mesh is."""
        mesh = self._mesh
        pods = mesh.pods.running()
        clients = mesh.plane.clients
        return web.json_response(
            {
                "mesh": mesh.layout.path.name,
                "pid": os.getpid(),
                "ready": mesh.is_up,
                "pods": {"ready": sum(map(mesh.pods.is_ready, pods)), "total": len(pods)},
                "proxies": {"connected": len(clients), "settled": sum(client.settled for client in clients)},
                "services": sum(ref.kind == "Service" for ref in mesh.published()),
                "refused": self._refused(),
                "diagnostics": [msgspec.to_builtins(each) for each in (*mesh.diagnostics, *mesh.world_diagnostics)],
            }
        )

    async def objects(self, request: web.Request) -> web.StreamResponse:
        """Show resources of a kind."""
        query = request.query
        try:
            selector = parse(query.get("selector", ""))
        except SelectorError as problem:
            raise web.HTTPBadRequest(text=str(problem)) from None
        answer = tables.objects(
            self._mesh, query.get("kind", ""), query.get("namespace", ""), query.get("name", ""), selector
        )
        names = {(query.get("kind", ""), str(row[0]), str(row[1])) for row in answer.rows}
        told = [each for each in self._told(self._pods_of(names)) if each.severity != "info"] if names else []
        return web.json_response(
            {
                "header": answer.header,
                "rows": answer.rows,
                "items": answer.items,
                "told": [msgspec.to_builtins(each) for each in told],
            }
        )

    async def logs(self, request: web.Request) -> web.StreamResponse:
        """Send what a container wrote."""
        query = request.query
        tail = int(query.get("tail", "-1"))
        pieces = self._mesh.kubelet.logs(
            self._pod(request),
            query.get("container", ""),
            follow=query.get("follow") == "1",
            previous=query.get("previous") == "1",
            tail=None if tail < 0 else tail,
        )
        response = web.StreamResponse()
        async for piece in pieces:
            if not response.prepared:
                await response.prepare(request)
            await response.write(piece)
        if not response.prepared:
            await response.prepare(request)
        return response

    async def proxy_config(self, request: web.Request) -> web.StreamResponse:
        """Send what the pod's Envoy says it is configured with, endpoints included."""
        content = await self._ask_envoy(self._pod(request), "/config_dump?include_eds")
        return web.Response(body=content.encode(), content_type="application/json")

    async def admin(self, request: web.Request) -> web.StreamResponse:
        """Send a page of the admin interface of the pod's Envoy."""
        content = await self._ask_envoy(self._pod(request), request.query.get("path", "/"))
        return web.json_response({"body": content})

    async def apply(self, request: web.Request) -> web.StreamResponse:
        """Lay documents over the files; the wrong ones are refused, the others are in force when this answers."""
        documents, patience = await _ordered(request)
        good: list[Document] = []
        found: list[Diagnostic] = []
        results: list[dict[str, str]] = []
        for each in documents:
            resource, wrong = check(each.content, each.origin)
            ref = reference(each.content)
            found.extend(with_last_good(wrong) if ref in self._mesh.intake.taken else wrong)
            if resource is None and not has_errors(wrong):
                results.append({"resource": str(ref), "action": "ignored"})
            elif resource is not None:
                results.append({"resource": str(ref), "action": self._action(ref, each)})
                good.append(each)
        known = self._known()
        change = await self._mesh.apply(good, patience) if good else None
        return web.json_response(self._outcome(results, found, change, known))

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """Take applied documents away."""
        results: list[dict[str, Any]] = []
        refs: list[Ref] = []
        documents, patience = await _ordered(request)
        for each in documents:
            ref = reference(each.content)
            applied, file = self._mesh.overlay.is_applied(ref), self._mesh.overlay.file_of(ref)
            if applied:
                refs.append(ref)
                action = f"deleted{self._behind(ref, file)}"
            else:
                action = f"comes from {file}: take it out there" if file else "is not there"
            results.append({"resource": str(ref), "action": action, "deleted": applied})
        known = self._known()
        change = await self._mesh.delete(refs, patience) if refs else None
        return web.json_response(self._outcome(results, [], change, known))

    async def down(self, _: web.Request) -> web.StreamResponse:
        """Take the mesh down; this answers before it is gone."""
        self._stop.set()
        return web.json_response({"pid": os.getpid()})

    async def execute(self, request: dict[str, Any], streams: tuple[int, int, int]) -> int:
        """Run a command in a container (for `server.exec`)."""
        key = self._find(str(request["pod"]))
        opened = Streams(stdin=streams[0], stdout=streams[1], stderr=streams[2])
        argv = [str(word) for word in request["argv"]]
        return await self._mesh.kubelet.exec(key, str(request["container"]), argv, opened, bool(request["tty"]))

    def _behind(self, ref: Ref, file: str) -> str:
        """Say what counts when an applied document is gone that hid a file's one."""
        behind = self._mesh.overlay.without([ref]).find(ref)
        if behind is None:
            return ""
        resource, _ = check(behind.content, behind.origin)
        return f"; {file} counts again" if resource is not None else f"; what {file} says is wrong, and does not count"

    def _action(self, ref: Ref, document: Document) -> str:
        before = self._mesh.overlay.find(ref)
        if before is None:
            return "created"
        return "unchanged" if same(before.content, document.content) else "configured"

    def _outcome(
        self,
        results: Sequence[dict[str, Any]],
        found: Sequence[Diagnostic],
        change: Change | None,
        known: Known,
    ) -> dict[str, Any]:
        told = self._mesh.world_diagnostics
        own = {result["resource"] for result in results}
        caused = tuple(each for each in told if each not in known.told or each.where.resource in own)
        return {
            "results": list(results),
            "diagnostics": [msgspec.to_builtins(each) for each in (*found, *told)],
            "errors": sum(each.severity == "error" for each in (*found, *caused)),
            "seconds": change.seconds if change else 0.0,
            "proxies": len(self._mesh.plane.clients),
            "told": change.told if change else 0,
            "waiting": list(change.waiting) if change else [],
            "refused": self._refused(known.refusals),
        }

    def _known(self) -> Known:
        refusals = [refusal for client in self._mesh.plane.clients for refusal in client.refusals.values()]
        return Known(refusals, frozenset(self._mesh.world_diagnostics))

    def _refused(self, known: Sequence[Refusal] = ()) -> dict[str, dict[str, str]]:
        """Say what proxies refused, by pod and type, but for what is known already."""
        old = set(map(id, known))
        found: dict[str, dict[str, str]] = {}
        for client in self._mesh.plane.clients:
            for kind, refusal in client.refusals.items():
                if id(refusal) not in old:
                    found.setdefault(client.peer or client.node_id, {})[kind] = refusal.message
        return found

    def _told(self, pods: Container[str]) -> Diagnostics:
        mesh = self._mesh
        return mesh.files.located(findings.of_pods(mesh.plane, mesh.intake.taken, pods))

    def _pods_of(self, names: Container[tuple[str, ...]]) -> set[str]:
        """Give the pods that are named by kind, namespace and name, or made from what is."""
        return {
            key
            for key, running in self._mesh.pods.running().items()
            if ("Pod", *key.split("/", 1)) in names
            or (running.owner.kind, running.owner.namespace, running.owner.name) in names
        }

    def _pod(self, request: web.Request) -> str:
        return self._find(request.query.get("pod", ""))

    def _find(self, name: str) -> str:
        key = self._mesh.pods.find(name)
        if key is None:
            mesh = self._mesh.layout.path.name
            raise UnknownContainerError(f"there is no pod {name!r}; {hint('get pods', mesh)} lists them")
        return key

    async def _ask_envoy(self, key: str, path: str) -> str:
        running = self._mesh.pods.running()[key]
        if not running.injected:
            raise web.HTTPBadRequest(text=f"pod {key} is not injected: it has no Envoy")
        target = [{"id": "admin", "host": "127.0.0.1", "port": ADMIN_PORT, "path": path}]
        argv = [sys.executable, "-S", "-E", requester.__file__]
        done = await self._mesh.kubelet.exec_captured(key, "istio-proxy", argv, json.dumps(target).encode())
        answer = cast("dict[str, Any]", json.loads(done.stdout or b'{"error": "no answer"}'))
        if answer["error"]:
            raise web.HTTPBadRequest(text=f"Envoy of pod {key} does not answer: {answer['error']}")
        return str(answer["body"])


async def _ordered(request: web.Request) -> tuple[list[Document], float]:
    body = cast("dict[str, Any]", await request.json())
    documents = [
        Document(each["content"], msgspec.convert(each["origin"], Origin))
        for each in cast("list[dict[str, Any]]", body["documents"])
    ]
    return documents, float(body.get("timeout", PATIENCE))


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as problem:
        return web.json_response({"error": problem.text or problem.reason}, status=problem.status)
    except UnknownContainerError as problem:
        return web.json_response({"error": str(problem)}, status=404)
    except ChangeError as problem:
        return web.json_response({"error": str(problem)}, status=500)
    except (KeyError, ValueError, TypeError, msgspec.MsgspecError) as problem:
        return web.json_response({"error": f"the request cannot be read: {problem}"}, status=400)
