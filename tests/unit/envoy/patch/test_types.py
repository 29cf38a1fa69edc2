"""Messages by their names, imported when they are asked for."""

import pytest
from envoy.extensions.filters.http.lua.v3 import lua_pb2
from google.protobuf import any_pb2

from pillion.envoy.messages.wellknown import packed
from pillion.envoy.patch.types import PATCHED, message_type, unpacked


@pytest.mark.parametrize(
    "name",
    [
        "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
        "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
        "google.protobuf.Struct",
        "udpa.type.v1.TypedStruct",
        "xds.type.v3.TypedStruct",
    ],
)
def test_envoys_messages_are_found(name: str) -> None:
    found = message_type(name)
    assert found is not None
    assert found.DESCRIPTOR.full_name == name


@pytest.mark.parametrize(
    "name",
    [
        "acme.Unknown",
        "envoy.extensions.filters.http.lua.v3.Nothing",
        "envoy.extensions.nowhere.v3.Nothing",
        "envoy.api.v2.Cluster",
        "envoy.config.filter.network.ext_authz.v2.ExtAuthz",
        "antigravity.Import",
        "os.path",
        "",
    ],
)
def test_others_are_not(name: str) -> None:
    assert message_type(name) is None


def test_an_any_is_opened() -> None:
    assert unpacked(packed(lua_pb2.Lua(inline_code="x"))) == lua_pb2.Lua(inline_code="x")
    assert unpacked(any_pb2.Any(type_url="type.googleapis.com/acme.Unknown")) is None
    broken = any_pb2.Any(type_url="type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua", value=b"\xff")
    assert unpacked(broken) is None


def test_everything_that_can_be_patched_has_a_message() -> None:
    assert set(PATCHED) >= {"CLUSTER", "LISTENER", "HTTP_ROUTE", "EXTENSION_CONFIG"}
