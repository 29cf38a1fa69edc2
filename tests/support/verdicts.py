"""What validation says of a resource, short enough to compare."""

from typing import Any

import yaml

from pillion.resources.decode import decode
from pillion.resources.kinds import KINDS
from pillion.resources.validation.validate import validate


def verdicts(kind: str, spec: str, **metadata: Any) -> list[str]:
    """Return `error|warning code field` for each finding about a resource in namespace `shop`; `spec` is YAML."""
    (group, version) = next((group, versions[0]) for (group, name), (_, versions) in KINDS.items() if name == kind)
    named = {"name": "x", "namespace": "shop", **metadata}
    version = f"{group}/{version}".lstrip("/")
    document = {"apiVersion": version, "kind": kind, "metadata": named, "spec": yaml.safe_load(spec)}
    resource, found = decode(document)
    assert resource is not None, found
    return [f"{one.severity} {one.code} {one.where.field}" for one in (*found, *validate(resource))]
