"""Names and addresses: DNS labels, host names, label keys, IP addresses.

Each `..._problem` says what is wrong, or `None`.
Mirrors Istio's `pkg/config/labels` and the host checks of `pkg/config/validation/agent`.
"""

import ipaddress
import re

from pillion.resources.validation.report import Report
from pillion.value import Labels

LONGEST_LABEL = 63
UNIX = "unix://"
"""What the address of a Unix domain socket begins with."""

_LABEL = r"[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?"
_DNS_LABEL = re.compile(_LABEL)
_WILDCARD_LABEL = re.compile(rf"(?:\*|(?:\*|\*-)?{_LABEL})")
_QUALIFIED = r"(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_KEY = re.compile(rf"({_LABEL}(?:\.{_LABEL})*/)?({_QUALIFIED})")
_VALUE = re.compile(rf"(?:{_QUALIFIED})?")
_URL = re.compile(r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?(?P<rest>(?:[^\x00-\x1f\x7f%]|%[0-9A-Fa-f]{2})+)")
_AUTHORITY = re.compile(r"(?:[^@]*@)?(?:[^\s<>\"\[\]:]*|\[[^\]]*\])(?::[0-9]*)?")
_NUMBER = re.compile(r"[-+]?[0-9]+")


def is_dns_label(text: str) -> bool:
    """Return whether a text is one label of a DNS name."""
    return len(text) <= LONGEST_LABEL and _DNS_LABEL.fullmatch(text) is not None


def fqdn_problem(host: str) -> str | None:
    """Check a host name without wildcard."""
    return _length_problem(host) or _labels_problem(host)


def host_problem(host: str) -> str | None:
    """Check a host name whose first label may be, or begin with, a `*`."""
    problem = _length_problem(host)
    if problem:
        return problem
    first, dot, rest = host.partition(".")
    if len(first) > LONGEST_LABEL or not _WILDCARD_LABEL.fullmatch(first):
        return f"host name {host!r} has the label {first!r}, which is not valid"
    return _labels_problem(rest) if dot else None


def partial_wildcard_problem(host: str) -> str | None:
    """Refuse a `*` that does not stand for a whole label: `*-foo.com`."""
    if "*" in host and len(host) != 1 and not host.startswith("*."):
        return f"host name {host!r} has a partial wildcard, only * and *.domain are known"
    return None


def is_address(text: str) -> bool:
    """Return whether a text is an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def address_problem(text: str) -> str | None:
    """Check an IP address."""
    return None if is_address(text) else f"{text!r} is not an IP address"


def subnet_problem(text: str) -> str | None:
    """Check an IP address or a CIDR block."""
    if text.count("/") != 1:
        return address_problem(text)
    address, _, bits = text.partition("/")
    well_formed = bits.isascii() and bits.isdigit() and str(int(bits)) == bits and "%" not in address
    if well_formed and is_address(address) and int(bits) <= ipaddress.ip_address(address).max_prefixlen:
        return None
    return f"{text!r} is not a CIDR block"


def unix_path_problem(path: str) -> str | None:
    """Check the path of a Unix domain socket, without `unix://`; `@name` is an abstract one."""
    if not path:
        return "the path of a Unix domain socket must not be empty"
    if path.startswith("@"):
        return None
    if not path.startswith("/") or path.endswith("/"):
        return f"{path!r} is not the absolute path of a file"
    return None


def url_scheme(text: str) -> str | None:
    """Return the scheme of a URL as Go parses a request's URL, empty for a bare path; `None` for what is no URL."""
    match = _URL.fullmatch(text)
    if match is None or (not match["scheme"] and not match["rest"].startswith("/")):
        return None
    host = match["rest"][2:].partition("/")[0] if match["scheme"] and match["rest"].startswith("//") else ""
    return (match["scheme"] or "").lower() if _AUTHORITY.fullmatch(host) else None


def check_labels(labels: Labels, report: Report) -> None:
    """Check keys and values of labels."""
    for key, value in labels.items():
        match = _KEY.fullmatch(key)
        if match is None or len(match[1] or "") > 254 or len(match[2]) > LONGEST_LABEL:
            report.error("invalid-label", f"label key {key!r} is not valid", key)
        if not _VALUE.fullmatch(value):
            report.error("invalid-label", f"label value {value!r} is not valid", key)


def _length_problem(host: str) -> str | None:
    if not host:
        return "host name must not be empty"
    return "host name is longer than 255 letters" if len(host.encode()) > 255 else None


def _labels_problem(host: str) -> str | None:
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return f"host name {host!r} ends in a number"
    if labels[-1] == "" and len(labels) > 1:
        labels.pop()  # a name may end in a dot: `istio.io.`
    elif labels == [""]:
        return None
    for label in labels:
        if not is_dns_label(label):
            return f"host name {host!r} has the label {label!r}, which is not valid"
    return None
