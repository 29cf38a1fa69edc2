"""Gateway."""

from pillion.resources.istio.gateway import Gateway, Port, Server
from pillion.resources.protocol import is_http, is_tls, parse_protocol
from pillion.resources.validation.names import (
    UNIX,
    address_problem,
    host_problem,
    is_address,
    is_dns_label,
    partial_wildcard_problem,
    unix_path_problem,
)
from pillion.resources.validation.report import Report
from pillion.resources.validation.tls import check_server_tls
from pillion.resources.validation.values import check_port

SEMANTICS = "internal.istio.io/gateway-semantics"
"""The annotation of a Gateway that was made from one of the Gateway API."""

_PASSES = frozenset({"PASSTHROUGH", "AUTO_PASSTHROUGH"})


def check_gateway(gateway: Gateway, report: Report) -> None:
    """Check a Gateway."""
    is_converted = gateway.metadata.annotations.get(SEMANTICS) == "gateway"
    if not is_dns_label(gateway.metadata.name) and not is_converted:
        report.error("invalid-name", f"name {gateway.metadata.name!r} is not a DNS label", "metadata", "name")
    inside = report.at("spec", "servers")
    if not gateway.spec.servers:
        inside.error("required", "a Gateway needs at least one server")
    names: set[str] = set()
    for index, server in enumerate(gateway.spec.servers):
        part = inside.at(index)
        check_server(server, part, is_converted=is_converted)
        if server.port is None:
            continue
        if server.port.name in names:
            part.error("duplicate", f"port name {server.port.name!r} is already there", "port", "name")
        names.add(server.port.name)
        if server.tls is not None and server.tls.https_redirect and not is_http(parse_protocol(server.port.protocol)):
            part.warn("ignored-field", "only HTTP can be redirected", "tls", "httpsRedirect")


def check_server(server: Server, report: Report, *, is_converted: bool = False) -> None:
    """Check one server; `is_converted` allows what only the Gateway API can say."""
    if not server.hosts:
        report.error("required", "a server needs at least one host", "hosts")
    for index, host in enumerate(server.hosts):
        _check_host(host, report.at("hosts", index), is_converted=is_converted)
    is_port_valid = check_server_port(server.port, server.bind, report.at("port"))
    _check_bind(server, report)
    check_server_tls(server.tls, report.at("tls"))
    if is_port_valid and server.port is not None:
        _check_protocol(server, parse_protocol(server.port.protocol), report)


def check_server_port(port: Port | None, bind: str, report: Report) -> bool:
    """Check a server's port; return whether it is valid."""
    before = len(report.diagnostics)
    if port is None:
        report.error("required", "a server needs a port")
        return False
    if parse_protocol(port.protocol) == "Unsupported":
        known = "HTTP, HTTP2, HTTPS, GRPC, GRPC-WEB, TLS, TCP, MONGO, REDIS, MYSQL"
        report.error("unknown-protocol", f"is {port.protocol!r}, expected one of {known}", "protocol")
    if port.number or not bind.startswith(UNIX):
        check_port(port.number, report.at("number"))
    if port.target_port:
        report.error("ignored-field", "targetPort means nothing in a Gateway", "targetPort")
    if not port.name:
        report.error("required", "a port needs a name", "name")
    return len(report.diagnostics) == before


def _check_bind(server: Server, report: Report) -> None:
    if server.bind.startswith(UNIX):
        if problem := unix_path_problem(server.bind.removeprefix(UNIX)):
            report.error("invalid-address", problem, "bind")
        if server.port is not None and server.port.number:
            report.error("oneof-conflict", "a Unix domain socket has no port number", "port", "number")
    elif server.bind and (problem := address_problem(server.bind)):
        report.error("invalid-address", problem, "bind")


def _check_protocol(server: Server, protocol: str, report: Report) -> None:
    tls, known = server.tls, parse_protocol(protocol)
    if is_tls(known):
        if tls is None:
            report.error("required", f"protocol {protocol} needs tls", "tls")
    elif tls is not None and not is_http(known):
        report.error("protocol-conflict", f"protocol {protocol} has no tls", "tls")
    elif tls is not None and (
        tls.mode not in _PASSES or tls.ca_certificates or tls.private_key or tls.server_certificate
    ):
        report.error("protocol-conflict", f"plain {protocol} takes httpsRedirect at most", "tls", hint="use HTTPS")


def _check_host(host: str, report: Report, *, is_converted: bool) -> None:
    home, slash, name = host.partition("/")
    if not slash:
        _check_name(host, report)
        return
    if not home or not name:
        report.error("invalid-host", "neither namespace nor host may be empty")
    if home not in {"*", "."} and not (home == "~" and is_converted) and not is_dns_label(home):
        report.error("invalid-host", f"namespace {home!r} is not a DNS label")
    _check_name(name, report)


def _check_name(name: str, report: Report) -> None:
    if name != "*" and "." not in name:
        report.error("invalid-host", f"{name!r} is a short name", hint="write the host name in full")
    if (problem := host_problem(name)) and not is_address(name):
        report.error("invalid-host", problem)
    if problem := partial_wildcard_problem(name):
        report.error("invalid-host", problem)
