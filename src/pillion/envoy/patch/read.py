"""From a patch as JSON to one that can be applied, or to what is wrong with it.

Fields that Envoy's message does not have are left out and told, as in Istio, where a patch may be written for another
version; a value that is none of its field's leaves the whole patch out.
"""

from typing import Any, cast

import msgspec
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import DecodeError, Message

from pillion.envoy.patch.document import Fitting
from pillion.envoy.patch.model import Match, Patch
from pillion.envoy.patch.types import PATCHED
from pillion.ir.model.proxy import EnvoyPatch
from pillion.value import Diagnostic, Diagnostics, Path, Value, Where

_INSERTS = frozenset({"INSERT_BEFORE", "INSERT_AFTER", "INSERT_FIRST"})
_IN_ORDER = frozenset({"HTTP_FILTER", "NETWORK_FILTER", "HTTP_ROUTE", "LISTENER_FILTER"})
"""What stands in an order that counts; elsewhere an insertion is an addition."""
_VALUE: Path = ("patch", "value")


class _Change(Value, rename="camel"):
    operation: str = "INVALID"
    value: Any = None


class _Body(Value, rename="camel"):
    match: Match | None = None
    patch: _Change | None = None


def read(patch: EnvoyPatch) -> tuple[Patch | None, Diagnostics]:
    """Read a patch; None when it cannot be applied to anything."""
    try:
        return _read(patch)
    except RecursionError:
        return None, (_told(patch, "bad-patch", "nests too deeply", _VALUE),)


def _read(patch: EnvoyPatch) -> tuple[Patch | None, Diagnostics]:
    body = msgspec.json.decode(patch.body, type=_Body)
    change = body.patch
    kind = PATCHED.get(patch.apply_to)
    if change is None or kind is None:
        return None, (_told(patch, "bad-patch", f"applyTo {patch.apply_to} is nothing that can be patched", ()),)
    operation = change.operation
    if operation in _INSERTS and patch.apply_to not in _IN_ORDER:
        operation = "ADD"
    found: Diagnostics = ()
    value: bytes | None = None
    if operation != "REMOVE":
        message, found = _message(patch, kind, change.value)
        if message is None:
            return None, found
        value = message.SerializeToString(deterministic=True)
    ready = Patch(
        where=_where(patch, ()),
        context=patch.context,
        apply_to=patch.apply_to,
        operation=operation,
        match=body.match or Match(),
        value=value,
    )
    return ready, found


def _message(patch: EnvoyPatch, kind: type[Message], value: object) -> tuple[Message | None, Diagnostics]:
    """Read a value as a message of Envoy."""
    if not isinstance(value, dict):
        return None, (_told(patch, "bad-patch", f"{patch.apply_to} is patched with an object", _VALUE),)
    fitting = Fitting()
    document = fitting.fitted(cast("dict[str, Any]", value), cast(Descriptor, kind.DESCRIPTOR), _VALUE)
    if fitting.unknown_types:
        return None, tuple(_unknown_type(patch, path, name) for path, name in fitting.unknown_types)
    try:
        message = json_format.ParseDict(document, kind(), ignore_unknown_fields=True)
        # What nests deeply can be written, and not be read again.
        kind.FromString(message.SerializeToString())
    except DecodeError:
        return None, (_told(patch, "bad-patch", "nests too deeply", _VALUE),)
    except (json_format.ParseError, TypeError, ValueError) as fault:
        return None, (_told(patch, "bad-patch", _sentence(str(fault)), _VALUE),)
    except AttributeError:
        # protobuf takes it for granted that it is one
        return None, (_told(patch, "bad-patch", "an @type in it is no text", _VALUE),)
    return message, tuple(_unknown_field(patch, path) for path in fitting.unknown_fields)


def _unknown_type(patch: EnvoyPatch, path: Path, name: str) -> Diagnostic:
    other = "; Envoy has given up its v2 API" if ".v2" in name else ""
    return _told(patch, "unknown-type", f"no message of Envoy is called {name}{other}", path)


def _unknown_field(patch: EnvoyPatch, path: Path) -> Diagnostic:
    return Diagnostic(
        code="unknown-patch-field",
        severity="warning",
        message="Envoy has no such field here; it is left out of the patch",
        where=_where(patch, path),
    )


def _sentence(reason: str) -> str:
    return " ".join(reason.split()).rstrip(".")


def _told(patch: EnvoyPatch, code: str, message: str, path: Path) -> Diagnostic:
    where, hint = _where(patch, path), "the patch is left out"
    return Diagnostic(code=code, severity="error", message=message, where=where, hint=hint)


def _where(patch: EnvoyPatch, path: Path) -> Where:
    return Where(resource=patch.origin, path=("spec", "configPatches", patch.index, *path))
