"""Every field of a resource that pillion reads is on the page of its kind."""

import re
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pillion.resources.duration import Duration
from pillion.resources.istio import (
    destination_rule,
    envoy_filter,
    gateway,
    mesh_config,
    proxy_config,
    security,
    service_entry,
    sidecar,
    telemetry,
    virtual_service,
)
from pillion.resources.kinds import KINDS
from pillion.resources.kubernetes import endpoint_slice, service
from pillion.value import Value

PAGES = Path(__file__).parents[2] / "docs" / "resources"
DESCRIBED: dict[str, tuple[type[Value], ...]] = {
    "sidecar.md": (sidecar.SidecarSpec,),
    "virtual-service.md": (virtual_service.VirtualServiceSpec,),
    "destination-rule.md": (destination_rule.DestinationRuleSpec,),
    "service-entry.md": (
        service_entry.ServiceEntrySpec,
        service_entry.ServiceEntryStatus,
        service_entry.WorkloadEntrySpec,
        service_entry.WorkloadGroupSpec,
    ),
    "peer-authentication.md": (security.PeerAuthenticationSpec,),
    "authorization.md": (security.AuthorizationPolicySpec, security.RequestAuthenticationSpec),
    "gateway.md": (gateway.GatewaySpec,),
    "envoy-filter.md": (envoy_filter.EnvoyFilterSpec,),
    "telemetry.md": (telemetry.TelemetrySpec,),
    "proxy-config.md": (proxy_config.ProxyConfigSpec,),
    "kubernetes.md": (service.ServiceSpec, endpoint_slice.Endpoint, endpoint_slice.EndpointPort),
}
ELSEWHERE = frozenset({destination_rule.ConnectionPoolSettings})
"""Described on another page: a link is enough."""


def _fields(kind: Any, seen: set[type]) -> Iterator[str]:
    if not (isinstance(kind, type) and issubclass(kind, Value)):
        for inner in typing.get_args(kind):
            yield from _fields(inner, seen)
    elif kind not in seen:
        seen.add(kind)
        hints = typing.get_type_hints(kind)
        for field in msgspec.structs.fields(kind):
            yield field.encode_name
            yield from _fields(hints[field.name], seen)


def _top(kind: type[Value]) -> Iterator[str]:
    return (field.encode_name for field in msgspec.structs.fields(kind))


def _missing(page: str, names: set[str]) -> list[str]:
    words = {word for code in re.findall(r"`([^`]+)`", (PAGES / page).read_text()) for word in re.findall(r"\w+", code)}
    return sorted(names - words)


@pytest.mark.parametrize("page", DESCRIBED)
def test_every_field_is_described(page: str) -> None:
    elsewhere: set[type] = {Duration, *(() if page == "destination-rule.md" else ELSEWHERE)}
    names = {name for kind in DESCRIBED[page] for name in _fields(kind, elsewhere)}
    assert len(names) > 2
    assert _missing(page, names) == []


def test_every_setting_of_the_mesh_is_described() -> None:
    assert _missing("mesh-config.md", {*_top(mesh_config.MeshConfig), *_top(mesh_config.ProxyConfig)}) == []


def test_every_kind_is_mentioned() -> None:
    every = "".join(page.read_text() for page in PAGES.glob("*.md"))
    assert sorted(kind for _, kind in KINDS if kind not in every) == []


def test_every_page_stands_in_the_list() -> None:
    listed = set(re.findall(r"\]\(([\w-]+\.md)\)", (PAGES / "README.md").read_text()))
    assert {page.name for page in PAGES.glob("*.md")} - {"README.md"} == listed
