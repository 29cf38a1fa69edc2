"""Sidecar."""

from pillion.resources.istio.sidecar import (
    IstioEgressListener,
    IstioIngressListener,
    OutboundTrafficPolicy,
    Sidecar,
    SidecarPort,
    SidecarSpec,
)
from pillion.resources.protocol import is_http, is_tls, parse_protocol
from pillion.resources.validation.names import (
    UNIX,
    address_problem,
    fqdn_problem,
    host_problem,
    is_dns_label,
    partial_wildcard_problem,
    unix_path_problem,
)
from pillion.resources.validation.report import Report
from pillion.resources.validation.tls import check_server_tls
from pillion.resources.validation.traffic.pool import check_connection_pool
from pillion.resources.validation.values import check_destination, check_port, check_port_name, check_protocol
from pillion.resources.validation.workloads import check_labels_selector

_LOCAL = frozenset({"", "127.0.0.1", "0.0.0.0", "::1", "::"})  # noqa: S104  # compared with, never bound to


def check_sidecar(sidecar: Sidecar, report: Report) -> None:
    """Check a Sidecar."""
    spec, inside = sidecar.spec, report.at("spec")
    check_labels_selector(spec.workload_selector, inside.at("workloadSelector"))
    if _is_empty(spec):
        inside.error("required", "a Sidecar without egress, ingress, outboundTrafficPolicy and pool says nothing")
        return
    ports: set[int] = set()
    for index, listener in enumerate(spec.ingress):
        _check_ingress(listener, ports, inside.at("ingress", index))
    check_connection_pool(spec.inbound_connection_pool, inside.at("inboundConnectionPool"))
    _check_egress_ports(spec.egress, inside.at("egress"))
    for index, listener in enumerate(spec.egress):
        _check_egress_hosts(listener.hosts, sidecar.metadata.namespace, inside.at("egress", index, "hosts"))
    _check_policy(spec.outbound_traffic_policy, inside.at("outboundTrafficPolicy"))


def _is_empty(spec: SidecarSpec) -> bool:
    return not (spec.egress or spec.ingress or spec.outbound_traffic_policy or spec.inbound_connection_pool)


def _check_ingress(listener: IstioIngressListener, ports: set[int], report: Report) -> None:
    port = listener.port
    if port is None:
        report.error("required", "an ingress listener needs a port", "port")
        return
    _check_port(port, report.at("port"))
    check_port(port.number, report.at("port", "number"))
    if listener.bind and (problem := address_problem(listener.bind)):
        report.error("invalid-address", problem, "bind")
    if port.number in ports:
        report.error("duplicate", f"port {port.number} has a listener already", "port", "number")
    ports.add(port.number)
    if listener.default_endpoint:
        _check_default_endpoint(listener.default_endpoint, report.at("defaultEndpoint"))
    _check_ingress_tls(listener, parse_protocol(port.protocol), report)
    check_connection_pool(listener.connection_pool, report.at("connectionPool"))
    pool = listener.connection_pool
    if pool is not None and pool.http is not None and not is_http(parse_protocol(port.protocol)):
        message = f"the port's protocol {port.protocol or '(none)'} is not HTTP, so only tcp counts"
        report.warn("ignored-field", message, "connectionPool", "http")


def _check_port(port: SidecarPort, report: Report) -> None:
    if port.name:
        check_port_name(port.name, report.at("name"))
    check_protocol(port.protocol, report.at("protocol"))
    if port.target_port:
        report.error("ignored-field", "targetPort means nothing in a Sidecar", "targetPort", hint="use defaultEndpoint")


def _check_default_endpoint(endpoint: str, report: Report) -> None:
    if endpoint.startswith(UNIX):
        if problem := unix_path_problem(endpoint.removeprefix(UNIX)):
            report.error("invalid-address", problem)
        return
    host, colon, port = endpoint.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        colon = ""
    known = "127.0.0.1:PORT, 0.0.0.0:PORT, [::1]:PORT, [::]:PORT or unix://PATH"
    if not colon or host not in _LOCAL:
        report.error("invalid-address", f"is {endpoint!r}, expected {known}")
    elif not (port.isascii() and port.isdigit()):
        report.error("invalid-port", f"is {endpoint!r}, whose port is not a number")
    else:
        check_port(int(port), report)


def _check_ingress_tls(listener: IstioIngressListener, protocol: str, report: Report) -> None:
    tls, inside = listener.tls, report.at("tls")
    if tls is None:
        return
    unsupported = {
        "subjectAltNames": tls.subject_alt_names,
        "httpsRedirect": tls.https_redirect,
        "credentialName": tls.credential_name,
        "credentialNames": tls.credential_names,
        "tlsCertificates": tls.tls_certificates,
    }
    for field in (name for name, value in unsupported.items() if value):
        inside.error("unsupported", f"{field} is for gateways only", field)
    if tls.mode in {"ISTIO_MUTUAL", "AUTO_PASSTHROUGH"}:
        inside.error("unsupported", f"{tls.mode} is for gateways only", "mode")
    if not is_tls(parse_protocol(protocol)):
        report.error("protocol-conflict", "tls is for ports with protocol HTTPS or TLS", "port", "protocol")
    check_server_tls(tls, inside)


def _check_egress_ports(egress: tuple[IstioEgressListener, ...], report: Report) -> None:
    ports: set[int] = set()
    sockets: set[str] = set()
    for index, listener in enumerate(egress):
        port, inside = listener.port, report.at(index)
        if port is None:
            if index != len(egress) - 1:
                inside.error("order", "the listener without port catches the rest, so it must be the last")
            continue
        _check_port(port, inside.at("port"))
        _check_egress_bind(listener, port, inside)
        key, seen = (port.number, ports) if port.number else (listener.bind, sockets)
        if key in seen:
            inside.error("duplicate", f"{key} has a listener already", "port", "number")
        ports.add(port.number)
        sockets.add(listener.bind if not port.number else "")


def _check_egress_bind(listener: IstioEgressListener, port: SidecarPort, report: Report) -> None:
    if port.number:
        check_port(port.number, report.at("port", "number"))
        if listener.bind and (problem := address_problem(listener.bind)):
            report.error("invalid-address", problem, "bind")
        return
    if not listener.bind.startswith(UNIX):
        report.error("invalid-address", "a port without number needs a bind to unix://PATH", "bind")
    elif problem := unix_path_problem(listener.bind.removeprefix(UNIX)):
        report.error("invalid-address", problem, "bind")
    if listener.capture_mode == "IPTABLES":
        report.error("oneof-conflict", "what goes to a Unix domain socket cannot be captured", "captureMode")


def _check_egress_hosts(hosts: tuple[str, ...], namespace: str, report: Report) -> None:
    if not hosts:
        report.error("required", "an egress listener needs at least one host")
    seen: dict[str, set[str]] = {}
    for index, host in enumerate(hosts):
        home, slash, name = host.partition("/")
        if slash and not home.startswith("~"):
            names = seen.setdefault(namespace if home == "." else home, set())
            if names and (name == "*" or name in names or "*" in names):
                report.warn("duplicate", f"{host} is covered by another host", index)
            names.add(name)
        _check_egress_host(host, report.at(index))
    if "*" in seen.get("*", ()) and len(seen) != 1:
        report.warn("duplicate", "*/* is everything, so the other hosts add nothing")


def _check_egress_host(host: str, report: Report) -> None:
    home, slash, name = host.partition("/")
    if not slash:
        report.error("invalid-host", f"is {host!r}, expected NAMESPACE/HOST such as ./{host} or */{host}")
        return
    if not home or not name:
        report.error("invalid-host", "neither namespace nor host may be empty")
    scope = home.removeprefix("~")
    if scope not in {"", "*", "."} and not is_dns_label(scope):
        report.error("invalid-host", f"namespace {home!r} is not a DNS label")
    if name != "*" and "." not in name:
        report.error("invalid-host", f"{name!r} is a short name", hint="write the host name in full")
    for problem in (host_problem(name), partial_wildcard_problem(name)):
        if problem:
            report.error("invalid-host", problem)


def _check_policy(policy: OutboundTrafficPolicy | None, report: Report) -> None:
    if policy is None or policy.egress_proxy is None:
        return
    if policy.mode != "ALLOW_ANY":
        report.error("oneof-conflict", "egressProxy goes with mode ALLOW_ANY only", "egressProxy")
        return
    inside = report.at("egressProxy")
    if problem := fqdn_problem(policy.egress_proxy.host):
        inside.error("invalid-host", problem, "host")
    if policy.egress_proxy.port is None:
        inside.error("required", "egressProxy needs a port", "port")
    else:
        check_destination(policy.egress_proxy, inside)
