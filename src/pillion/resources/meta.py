"""What every resource has: metadata, and a reference that names it."""

from typing import Annotated, Protocol, TypeAlias

from pillion.value import NO_LABELS, Labels, Value

Timestamp: TypeAlias = Annotated[str, "timestamp"]
"""RFC 3339 text in UTC to the second, so that older texts sort first."""


class Ref(Value, order=True):
    """The name of a resource in the world."""

    kind: str
    namespace: str
    """Empty for resources of the cluster."""
    name: str

    def __str__(self) -> str:
        """`Sidecar prod-us1/default`, or `Namespace prod-us1`."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


class OwnerReference(Value, rename="camel"):
    """The resource that another one belongs to."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool = False


class Metadata(Value, rename="camel"):
    """A resource's `metadata`."""

    name: str = ""
    namespace: str = ""
    labels: Labels = NO_LABELS
    annotations: Labels = NO_LABELS
    creation_timestamp: Timestamp = ""
    """Empty when it was never created in a cluster."""
    deletion_timestamp: Timestamp = ""
    generation: int = 0
    resource_version: str = ""
    uid: str = ""
    generate_name: str = ""
    owner_references: tuple[OwnerReference, ...] = ()


class HasMetadata(Protocol):
    """Any resource."""

    @property
    def metadata(self) -> Metadata:
        """Return the resource's metadata."""
        ...


def ref_of(resource: HasMetadata) -> Ref:
    """Name a resource; its class is its kind."""
    metadata = resource.metadata
    return Ref(kind=type(resource).__name__, namespace=metadata.namespace, name=metadata.name)
