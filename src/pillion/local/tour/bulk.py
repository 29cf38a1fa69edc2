"""Services without endpoints, by the hundred: what a large mesh has, and every proxy without a Sidecar is told of."""

from collections.abc import Iterator

COUNT = 500
NAMESPACES = 10


def manifests(count: int = COUNT) -> str:
    """Give the YAML of that many services, spread over namespaces `bulk-0` and so on."""
    return "---\n".join(_documents(count))


def _documents(count: int) -> Iterator[str]:
    for number in range(NAMESPACES):
        yield f"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: bulk-{number}\n"
    for number in range(count):
        yield (
            "apiVersion: v1\nkind: Service\nmetadata:\n"
            f"  name: service-{number}\n  namespace: bulk-{number % NAMESPACES}\n"
            f"spec:\n  selector:\n    app: service-{number}\n"
            f"  ports:\n  - name: http\n    port: {8000 + number % 4}\n"
        )
