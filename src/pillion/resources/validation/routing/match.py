"""What a request or connection must be like."""

from typing import final

from pillion.resources.host import Cover
from pillion.resources.istio.virtual_service import (
    HTTPMatchRequest,
    L4MatchAttributes,
    TLSMatchAttributes,
    VirtualServiceSpec,
)
from pillion.resources.validation.names import (
    check_labels,
    fqdn_problem,
    host_problem,
    is_address,
    is_dns_label,
    subnet_problem,
)
from pillion.resources.validation.report import Report
from pillion.resources.validation.routing.headers import check_match_name
from pillion.resources.validation.values import check_expression_match, check_port, check_string_match

MESH = "mesh"
"""The word among `gateways` that stands for all sidecars."""
MOST_NAMED = 5
"""Hosts that one finding names: there may be a finding for each of many SNI hosts."""
_GENERATED = "outbound_"


@final
class Hosts:
    """The hosts of a VirtualService, against which each of its SNI hosts is held."""

    __slots__ = ("_cover", "is_bound", "text")

    def __init__(self, spec: VirtualServiceSpec) -> None:
        self._cover = Cover(spec.hosts)
        self.is_bound = is_for_gateways_only(spec)
        """No sidecar uses the rules."""
        more = len(spec.hosts) - MOST_NAMED
        self.text = ", ".join(spec.hosts[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")

    def __contains__(self, host: str) -> bool:
        """Return whether one of them covers an SNI host."""
        return host in self._cover


def is_for_gateways_only(spec: VirtualServiceSpec) -> bool:
    """Return whether no sidecar uses the rules."""
    return bool(spec.gateways) and MESH not in spec.gateways


def check_http_match(match: HTTPMatchRequest, report: Report) -> None:
    """Check what an HTTP request must be like."""
    for name, value in match.headers.items():
        check_match_name(name, report.at("headers", name))
        check_string_match(value, report.at("headers", name))
    for name, value in match.without_headers.items():
        check_match_name(name, report.at("withoutHeaders", name))
        if value.regex != "*":  # no expression: it means that the header is there
            check_string_match(value, report.at("withoutHeaders", name))
    check_expression_match(match.uri, report.at("uri"))
    check_string_match(match.scheme, report.at("scheme"))
    check_string_match(match.method, report.at("method"))
    check_string_match(match.authority, report.at("authority"))
    for name, value in match.query_params.items():
        check_string_match(value, report.at("queryParams", name))
    if match.port:
        check_port(match.port, report.at("port"))
    check_labels(match.source_labels, report.at("sourceLabels"))
    check_gateways(match.gateways, report.at("gateways").quiet())
    if match.source_namespace and not is_dns_label(match.source_namespace):
        report.error("invalid-name", f"{match.source_namespace!r} is not a DNS label", "sourceNamespace")


def check_tls_match(match: TLSMatchAttributes, hosts: Hosts, report: Report) -> None:
    """Check what a TLS connection must be like."""
    if not match.sni_hosts:
        report.error("required", "a TLS match needs at least one SNI host", "sniHosts")
    for index, host in enumerate(match.sni_hosts):
        _check_sni(host, hosts, report.at("sniHosts", index))
    _check_l4(match, report)
    check_gateways(match.gateways, report.at("gateways"))


def check_tcp_match(match: L4MatchAttributes, report: Report) -> None:
    """Check what a TCP connection must be like."""
    _check_l4(match, report)
    check_gateways(match.gateways, report.at("gateways").quiet())


def check_gateways(names: tuple[str, ...], report: Report, *, is_converted: bool = False) -> None:
    """Check the names of gateways; `is_converted` allows what only the Gateway API can say."""
    for index, name in enumerate(names):
        home, slash, short = name.partition("/")
        if not slash:
            # Istio stops at the first name without namespace.
            _check_bare_gateway(name, report.at(index))
            return
        if not home or not short:
            report.error("invalid-name", "neither namespace nor name of a gateway may be empty", index)
        if not is_dns_label(home):
            report.error("invalid-name", f"namespace {home!r} is not a DNS label", index)
        if not is_dns_label(short) and not is_converted:
            report.error("invalid-name", f"gateway {short!r} is not a DNS label", index)


def virtual_host_problem(host: str, *, is_sni: bool) -> str | None:
    """Check a host at a gateway, where Istio's generated SNI names (`outbound_.80_._.host`) are hosts too."""
    if not (is_sni and host.startswith(_GENERATED)):
        return host_problem(host)
    parts = host.split("_")
    is_whole = len(parts) >= 4 and any(c.isdigit() for c in parts[1]) and any(c.isalpha() for c in parts[3])
    return None if is_whole else f"{host!r} is not of the form outbound_.PORT_.SUBSET_.HOST"


def _check_bare_gateway(name: str, report: Report) -> None:
    if "." in name:
        short, home, *_ = name.split(".")
        report.warn("deprecated", f"{name!r} is the old way to name a gateway", hint=f"write {home}/{short}")
    if problem := fqdn_problem(name):
        report.error("invalid-name", problem)


def _check_sni(host: str, hosts: Hosts, report: Report) -> None:
    problem = virtual_host_problem(host, is_sni=True) if hosts.is_bound else host_problem(host)
    if problem and is_address(host):
        report.warn("invalid-host", f"SNI knows no IP addresses, so hardly a client sends {host}")
    elif problem:
        report.error("invalid-host", problem)
    elif host not in hosts:
        report.error("invalid-host", f"SNI host {host!r} is not among the hosts: {hosts.text}")


def _check_l4(match: TLSMatchAttributes | L4MatchAttributes, report: Report) -> None:
    for index, subnet in enumerate(match.destination_subnets):
        if problem := subnet_problem(subnet):
            report.error("invalid-address", problem, "destinationSubnets", index)
    if match.port:
        check_port(match.port, report.at("port"))
    check_labels(match.source_labels, report.at("sourceLabels"))
