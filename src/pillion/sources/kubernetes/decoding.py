"""Bytes of the API server to values: only the fields that a mesh looks at are ever made.

Kubernetes' own kinds are decoded straight into their types; an object that this fails on (servers write `null` for
empty lists) is read the slow way, as Istio's kinds always are, with every mistake told. What changes without meaning
anything to a mesh (versions, heartbeats, times) is left out, so that an equal object is an equal value.
"""

import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, cast, final

import msgspec
from msgspec.structs import replace

from pillion.resources.decode import decode
from pillion.resources.kinds import KINDS, OF_THE_CLUSTER, is_istio_group
from pillion.resources.kubernetes.cluster import Node, NodeStatus
from pillion.resources.kubernetes.pod import Condition, Container, Pod, PodStatus
from pillion.resources.meta import HasMetadata, Metadata
from pillion.sources.kubernetes.client import Status
from pillion.sources.kubernetes.reflector import Bookmark, Changed, Deleted, Event, Failed, Item
from pillion.sources.kubernetes.watched import Watched
from pillion.value import NO_LABELS, FrozenMap, Labels, Value

UNREAD = ("kubectl.kubernetes.io/last-applied-configuration", "inject.pillion.dev/reversal")
"""Annotations that are big and mean nothing to a mesh: what an object was before."""
DEEPEST = 12_000
"""Levels that are read: more than an API server takes (10,000)."""
ACCEPTED = "Accepted"
"""The condition of an object whose content was judged."""
READY = {status: Condition(type="Ready", status=status) for status in ("True", "False", "Unknown")}


class ListMetadata(Value, rename="camel"):
    """Where a list stands."""

    resource_version: str = ""
    continue_token: str = msgspec.field(default="", name="continue")


class Page(msgspec.Struct):
    """A page of a list; its objects are not looked at yet."""

    metadata: ListMetadata = ListMetadata()
    items: list[msgspec.Raw] | None = None


class Line(msgspec.Struct):
    """A line of a watch."""

    type: str
    object: msgspec.Raw


class Head(msgspec.Struct):
    """As much of an object as names it."""

    metadata: Metadata = Metadata()


_page = msgspec.json.Decoder(Page)
_line = msgspec.json.Decoder(Line)
_status = msgspec.json.Decoder(Status)


class BrokenError(Exception):
    """The server sent what is none of its objects."""


@final
class ItemDecoder:
    """Reads the objects of one collection."""

    def __init__(self, watched: Watched) -> None:
        known = KINDS.get((watched.group, watched.kind))
        self._cls: Any = known[0] if known is not None else Head
        self._of_the_cluster = self._cls is Head or self._cls in OF_THE_CLUSTER
        self._fast = not is_istio_group(watched.group)
        self._decoder = msgspec.json.Decoder(self._cls if self._fast else Head, dec_hook=_labels)
        self._head = msgspec.json.Decoder(Head, dec_hook=_labels)
        self._kind = watched.kind
        self._versions = [f"{watched.group}/{version}" if watched.group else version for version in watched.versions]

    def page(self, content: bytes, served: int) -> tuple[list[Item], str, str]:
        """Read a page: the objects, the list's version, the token of the next page. Raises `BrokenError`."""
        try:
            page, items = self._page(content, served)
        except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
            raise BrokenError(f"the list cannot be read: {problem}") from problem
        return items, page.metadata.resource_version, page.metadata.continue_token

    def _page(self, content: bytes, served: int) -> tuple[Page, list[Item]]:
        try:
            page = _page.decode(content)
            return page, [self.item(raw, served) for raw in page.items or ()]
        except RecursionError:
            # Somebody wrote one object that nests deeply: the others are read all the same.
            with _deeply():
                page = _page.decode(content)
                return page, [self.item(raw, served) for raw in page.items or ()]

    def event(self, line: bytes | memoryview, served: int) -> Event:
        """Read a line of a watch. Raises `BrokenError`."""
        try:
            try:
                return self._event(line, served)
            except RecursionError:
                with _deeply():
                    return self._event(line, served)
        except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
            raise BrokenError(f"the watch sent what cannot be read: {problem}") from problem

    def _event(self, line: bytes | memoryview, served: int) -> Event:
        found = _line.decode(line)
        match found.type:
            case "ADDED" | "MODIFIED":
                return Changed(self.item(found.object, served))
            case "DELETED":
                head = self._head.decode(found.object).metadata
                return Deleted((head.namespace, head.name), head.resource_version)
            case "BOOKMARK":
                return Bookmark(self._head.decode(found.object).metadata.resource_version)
            case _:
                status = _status.decode(found.object)
                return Failed(status.code, status.message)

    def item(self, raw: msgspec.Raw, served: int) -> Item:
        """Read an object."""
        if self._fast:
            try:
                resource = cast(HasMetadata, self._decoder.decode(raw))
            except msgspec.ValidationError:
                return self._slowly(raw, served)
            metadata = resource.metadata
            return Item((metadata.namespace, metadata.name), metadata.resource_version, trimmed(resource))
        return self._slowly(raw, served)

    def _slowly(self, raw: msgspec.Raw, served: int) -> Item:
        metadata = self._head.decode(raw).metadata
        document = msgspec.json.decode(raw)
        # Objects in a list do not say what they are.
        document["apiVersion"], document["kind"] = self._versions[served], self._kind
        resource, diagnostics = decode(document)
        home = "" if self._of_the_cluster else metadata.namespace
        return Item(
            (home, metadata.name),
            metadata.resource_version,
            trimmed(resource) if resource is not None else None,
            diagnostics,
            is_marked(document),
        )


@contextmanager
def _deeply() -> Generator[None]:
    """Let what nests deeply be read; what it means is not looked at that deep."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(max(usual, DEEPEST))
    try:
        yield
    finally:
        sys.setrecursionlimit(usual)


def is_marked(document: Mapping[str, Any]) -> bool:
    """Return whether an object's status says that it cannot be read, or could not."""
    status = document.get("status")
    conditions = cast("Mapping[str, Any]", status).get("conditions") if isinstance(status, Mapping) else None
    return isinstance(conditions, list) and any(
        isinstance(each, Mapping) and cast("Mapping[str, Any]", each).get("type") == ACCEPTED
        for each in cast("list[Any]", conditions)
    )


def _labels(_: Any, value: Any) -> Any:
    labels = cast("dict[str, str]", value)
    if not labels:
        return NO_LABELS
    for name in UNREAD:
        labels.pop(name, None)
    # Most of them say the same in thousands of objects.
    return FrozenMap({sys.intern(key): sys.intern(text) for key, text in labels.items()})


def trimmed(resource: HasMetadata) -> HasMetadata:
    """Leave out what changes, or is big, and means nothing to a mesh."""
    metadata = _metadata(resource.metadata)
    if isinstance(resource, Pod):
        return _pod(resource, metadata)
    if isinstance(resource, Node):
        kept = NodeStatus(addresses=resource.status.addresses, node_info=resource.status.node_info)
        return Node(metadata=metadata, status=kept)
    return cast(HasMetadata, replace(cast(Any, resource), metadata=metadata))


def _metadata(metadata: Metadata) -> Metadata:
    return Metadata(
        name=metadata.name,
        namespace=sys.intern(metadata.namespace),
        labels=metadata.labels,
        annotations=_read(metadata.annotations),
        creation_timestamp=metadata.creation_timestamp,
        deletion_timestamp=metadata.deletion_timestamp,
        generation=metadata.generation,
    )


def _read(annotations: Labels) -> Labels:
    if annotations.keys().isdisjoint(UNREAD):
        return annotations
    return FrozenMap({key: text for key, text in annotations.items() if key not in UNREAD})


def _pod(pod: Pod, metadata: Metadata) -> Pod:
    spec, status = pod.spec, pod.status
    ready = next((each.status for each in status.conditions if each.type == "Ready"), "")
    return Pod(
        metadata=metadata,
        spec=replace(
            spec,
            containers=_listening(spec.containers),
            init_containers=_listening(spec.init_containers),
            service_account_name=sys.intern(spec.service_account_name),
            node_name=sys.intern(spec.node_name),
        ),
        status=PodStatus(
            phase=status.phase,
            pod_ip=status.pod_ip,
            pod_ips=status.pod_ips,
            host_ip=status.host_ip,
            conditions=(READY[ready],) if ready in READY else (),
        ),
    )


def _listening(containers: tuple[Container, ...]) -> tuple[Container, ...]:
    """Keep the containers that say where they listen, and of these just that."""
    return tuple(Container(name=each.name, ports=each.ports) for each in containers if each.ports)
