"""Names and values of HTTP headers, in matches and in what is set, added and removed."""

import re

from pillion.resources.istio.virtual_service import HeaderOperations, Headers
from pillion.resources.validation.report import Report

CLAIM = "@request.auth.claims"
"""What a match on a claim of the caller's token begins with."""

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~A-Za-z0-9]+")
_STRICT = re.compile(r"[-_A-Za-z0-9]+")
_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")
_PSEUDO = frozenset({":method", ":scheme", ":authority", ":path", ":status"})


def is_claim(name: str) -> bool:
    """Return whether a header's name stands for a claim: `@request.auth.claims.x` or `@request.auth.claims[x]`."""
    if not name.lower().startswith(CLAIM):
        return False
    rest = name[len(CLAIM) :]
    return (rest.startswith(".") and len(rest) > 1) or (rest.startswith("[") and rest.endswith("]") and len(rest) > 2)


def is_authority(name: str) -> bool:
    """Return whether a header says which host is meant."""
    return name.lower() in {":authority", "host"}


def check_strict_name(name: str, report: Report) -> None:
    """Refuse a name with anything but letters, digits, `-` and `_`."""
    if not _STRICT.fullmatch(name):
        report.error("invalid-header", f"{name!r} is not a header name")


def check_match_name(name: str, report: Report) -> None:
    """Refuse what is neither header, pseudo-header nor claim."""
    if not (is_claim(name) or name in _PSEUDO or _TOKEN.fullmatch(name)):
        report.error("invalid-header", f"{name!r} is not a header name")


def check_cors_name(name: str, report: Report) -> None:
    """Refuse what is no header, for CORS, where `*` stands for all."""
    if name != "*" and not _TOKEN.fullmatch(name):
        report.error("invalid-header", f"{name!r} is not a header name")


def check_value(value: str, report: Report) -> None:
    """Refuse control characters, and `%` outside of `%COMMAND%` and `%%`."""
    if not _VALUE.fullmatch(value):
        report.error("invalid-header", "a header's value holds no control characters")
    elif problem := _format_problem(value):
        report.error("invalid-header", problem, hint="write %% for a percent sign")


def check_headers(headers: Headers | None, report: Report) -> None:
    """Check what is done to headers of requests and responses."""
    if headers is None:
        return
    if headers.request is not None:
        _check_operations(headers.request, report.at("request"), is_request=True)
    if headers.response is not None:
        _check_operations(headers.response, report.at("response"), is_request=False)


def _check_operations(operations: HeaderOperations, report: Report, *, is_request: bool) -> None:
    for field, values in (("add", operations.add), ("set", operations.set)):
        for name, value in values.items():
            inside = report.at(field, name)
            _check_name(name, inside, may_be_authority=is_request)
            check_value(value, inside)
    for index, name in enumerate(operations.remove):
        _check_name(name, report.at("remove", index), may_be_authority=False)


def _check_name(name: str, report: Report, *, may_be_authority: bool) -> None:
    if not name:
        report.error("invalid-header", "a header needs a name")
    elif (name.startswith(":") or name.lower() == "host") and not (may_be_authority and is_authority(name)):
        report.error("invalid-header", f"header {name!r} cannot be changed")


def _format_problem(value: str) -> str | None:
    """Read a value as Envoy reads a format: text, `%%`, `%NAME%`, `%NAME(arguments)%`, `%NAME(["a", "b"])%`."""
    rest = value
    while "%" in rest:
        rest = rest[rest.index("%") + 1 :]
        if rest.startswith("%"):
            rest = rest[1:]
            continue
        after = _after_command(rest)
        if after is None:
            return f"{value!r} has a % that begins no %COMMAND%"
        rest = after
    return None


_COMMAND = re.compile(
    r"""[^%(]*(?: % | \(\ *(?:
        \[ \ *"(?:\\.|[^\\")])*"\ *(?:,\ *"(?:\\.|[^\\")])*"\ *)*\]\ *\)\ *%
      | [^\[\ ] (?:\\.|[^\\)"])* \)\ *%
    ))""",
    re.VERBOSE | re.DOTALL,
)


def _after_command(text: str) -> str | None:
    match = _COMMAND.match(text)
    return None if match is None else text[match.end() :]
