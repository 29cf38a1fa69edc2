"""Small messages that all others are made of: durations, wrapped numbers, `Any`."""

from collections.abc import Mapping
from typing import Any

from envoy.config.core.v3 import address_pb2, base_pb2, config_source_pb2, extension_pb2
from google.protobuf import any_pb2, duration_pb2, struct_pb2, wrappers_pb2
from google.protobuf.message import Message
from udpa.type.v1 import typed_struct_pb2

_BILLION = 10**9
UNIX = "unix://"


def duration(nanoseconds: int) -> duration_pb2.Duration:
    """Return a length of time."""
    return duration_pb2.Duration(seconds=nanoseconds // _BILLION, nanos=nanoseconds % _BILLION)


def optional_duration(nanoseconds: int | None) -> duration_pb2.Duration | None:
    """Return a length of time, `None` for none."""
    return None if nanoseconds is None else duration(nanoseconds)


def uint32(number: int) -> wrappers_pb2.UInt32Value:
    """Return a number that may be absent."""
    return wrappers_pb2.UInt32Value(value=number)


def optional_uint32(number: int | None) -> wrappers_pb2.UInt32Value | None:
    """Return a number, `None` for none."""
    return None if number is None else uint32(number)


def uint64(number: int) -> wrappers_pb2.UInt64Value:
    """Return a number that may be absent."""
    return wrappers_pb2.UInt64Value(value=number)


def boolean(value: bool) -> wrappers_pb2.BoolValue:  # it wraps one
    """Return a truth value that may be absent."""
    return wrappers_pb2.BoolValue(value=value)


def packed(message: Message) -> any_pb2.Any:
    """Return a message with its type, in deterministic bytes."""
    return any_pb2.Any(
        type_url=f"type.googleapis.com/{message.DESCRIPTOR.full_name}",
        value=message.SerializeToString(deterministic=True),
    )


def struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """Return a JSON object."""
    made = struct_pb2.Struct()
    made.update(values)
    return made


def typed_struct(type_url: str, values: Mapping[str, Any]) -> any_pb2.Any:
    """Return a configuration whose type the proxy knows and we do not."""
    return packed(typed_struct_pb2.TypedStruct(type_url=f"type.googleapis.com/{type_url}", value=struct(values)))


def ads() -> config_source_pb2.ConfigSource:
    """Return the source of everything that comes from the control plane; it may take as long as it takes."""
    return config_source_pb2.ConfigSource(
        ads=config_source_pb2.AggregatedConfigSource(),
        initial_fetch_timeout=duration(0),
        resource_api_version=config_source_pb2.ApiVersion.V3,
    )


def address(host: str, port: int) -> address_pb2.Address:
    """Return a socket address, or a pipe for `unix:///path`."""
    if host.startswith(UNIX):
        return address_pb2.Address(pipe=address_pb2.Pipe(path=host.removeprefix(UNIX)))
    return address_pb2.Address(socket_address=address_pb2.SocketAddress(address=host, port_value=port))


def extension(name: str, message: Message) -> extension_pb2.TypedExtensionConfig:
    """Return a named extension with its configuration."""
    return extension_pb2.TypedExtensionConfig(name=name, typed_config=packed(message))


def metadata(namespace: str, values: Mapping[str, Any]) -> base_pb2.Metadata:
    """Return metadata of one namespace."""
    return base_pb2.Metadata(filter_metadata={namespace: struct(values)})
