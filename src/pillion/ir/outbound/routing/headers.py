"""Header operations of a route or of one of its destinations (Istio's `TranslateHeadersOperations`)."""

from pillion.ir.model.route import NO_CHANGES, HeaderChanges, HeaderValue
from pillion.resources.istio.virtual_service import HeaderOperations, Headers
from pillion.value import Labels

_NONE = HeaderOperations()


def is_internal(name: str) -> bool:
    """Return whether a header is not one that may be added or removed: `:authority`, `Host`."""
    return name.startswith(":") or name.lower() == "host"


def is_authority(name: str) -> bool:
    """Return whether setting this header rewrites the host."""
    return name.lower() in {":authority", "host"}


def changes(headers: Headers | None) -> HeaderChanges:
    """Return the headers to write and to remove."""
    if headers is None:
        return NO_CHANGES
    request, response = headers.request or _NONE, headers.response or _NONE
    return HeaderChanges(
        request=_values(request.set, append=False) + _values(request.add, append=True),
        request_remove=tuple(name for name in request.remove if not is_internal(name)),
        response=_values(response.set, append=False) + _values(response.add, append=True),
        response_remove=tuple(name for name in response.remove if not is_internal(name)),
    )


def _values(values: Labels, *, append: bool) -> tuple[HeaderValue, ...]:
    return tuple(
        HeaderValue(name=name, value=value, append=append) for name, value in values.items() if not is_internal(name)
    )


def authority(headers: Headers | None) -> str:
    """Return the host that the request is sent on with, empty where it stays."""
    request = (headers.request if headers else None) or _NONE
    for values in (request.set, request.add):
        found = [value for name, value in values.items() if is_authority(name) and value]
        if found:
            return found[-1]
    return ""


def joined(first: HeaderChanges, second: HeaderChanges) -> HeaderChanges:
    """Apply one set of changes, then another."""
    if second == NO_CHANGES:
        return first
    return HeaderChanges(
        request=first.request + second.request,
        request_remove=first.request_remove + second.request_remove,
        response=first.response + second.response,
        response_remove=first.response_remove + second.response_remove,
    )
