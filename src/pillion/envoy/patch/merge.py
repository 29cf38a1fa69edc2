"""Merging messages as Istio does: protobuf's merge, but that a duration is replaced as a whole.

Scalars that are set replace, messages are merged field by field, lists are appended (or replaced, when asked), entries
of maps are replaced.
"""

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from pillion.envoy.messages.wellknown import packed
from pillion.envoy.patch.types import unpacked

DURATION = "google.protobuf.Duration"


def merge(target: Message, source: Message, *, replace_lists: bool = False) -> None:
    """Merge one message into another of the same type."""
    for field, value in source.ListFields():
        if field.is_repeated:
            _merge_repeated(target, source, field, replace_lists)
        elif field.message_type is None:
            setattr(target, field.name, value)
        elif field.message_type.full_name == DURATION:
            getattr(target, field.name).CopyFrom(value)
        else:
            inner = getattr(target, field.name)
            inner.SetInParent()
            merge(inner, value, replace_lists=replace_lists)


def _merge_repeated(target: Message, source: Message, field: FieldDescriptor, replace_lists: bool) -> None:
    old, new = getattr(target, field.name), getattr(source, field.name)
    if field.message_type is None or not field.message_type.GetOptions().map_entry:
        if replace_lists:
            del old[:]
        old.extend(new)
    elif field.message_type.fields_by_name["value"].message_type is None:
        old.update(new)
    else:
        for key in new:
            old[key].CopyFrom(new[key])


def merged_any(target: AnyMessage, source: AnyMessage) -> AnyMessage | None:
    """Merge what two `Any`s hold; None when they cannot be: another type, or one that nobody knows."""
    old, new = unpacked(target), unpacked(source)
    if old is None or new is None or old.DESCRIPTOR is not new.DESCRIPTOR:
        return None
    merge(old, new)
    return packed(old)
