"""ServiceEntry, WorkloadEntry, WorkloadGroup."""

from pillion.resources.host import is_wildcard
from pillion.resources.istio.service_entry import (
    HTTPHealthCheckConfig,
    ReadinessProbe,
    ServiceEntry,
    ServiceEntrySpec,
    WorkloadEntry,
    WorkloadEntrySpec,
    WorkloadGroup,
)
from pillion.resources.protocol import Protocol, is_http, is_tcp, is_tls, parse_protocol
from pillion.resources.validation.names import (
    UNIX,
    check_labels,
    fqdn_problem,
    host_problem,
    is_address,
    partial_wildcard_problem,
    subnet_problem,
    unix_path_problem,
)
from pillion.resources.validation.report import Report
from pillion.resources.validation.values import check_natural, check_port, check_port_name, check_protocol
from pillion.resources.validation.workloads import check_export_to, check_labels_selector

USE_WAYPOINT = "istio.io/use-waypoint"
AUTO_ALLOCATION = "networking.istio.io/enable-autoallocate-ip"

_HEADER = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
_DYNAMIC = frozenset({"HTTP", "TLS", "GRPC", "HTTP2"})


def check_service_entry(entry: ServiceEntry, report: Report) -> None:
    """Check a ServiceEntry."""
    spec, inside = entry.spec, report.at("spec")
    check_labels_selector(spec.workload_selector, inside.at("workloadSelector"))
    if spec.workload_selector is not None and spec.endpoints:
        inside.error("oneof-conflict", "only one of workloadSelector and endpoints may be set", "endpoints")
    _check_hosts(spec, inside)
    _check_addresses(spec, inside)
    _check_ports(entry, inside)
    match spec.resolution:
        case "NONE":
            _check_unresolved(spec, inside)
        case "STATIC":
            for index, endpoint in enumerate(spec.endpoints):
                _check_endpoint(endpoint, inside.at("endpoints", index), ports=_port_names(spec), may_be_name=False)
        case "DNS" | "DNS_ROUND_ROBIN":
            _check_dns(spec, inside)
        case "DYNAMIC_DNS":
            _check_dynamic(entry, inside)
    if spec.resolution != "NONE" and len(spec.hosts) > 1:
        protocols: list[Protocol] = [parse_protocol(port.protocol) for port in spec.ports]
        if not all(is_http(protocol) or is_tls(protocol) for protocol in protocols):
            inside.error("protocol-conflict", "several hosts on a port that is neither HTTP nor TLS", "hosts")
    check_export_to(entry.metadata.namespace, spec.export_to, inside.at("exportTo"), may_hide=True)


def check_workload_entry(entry: WorkloadEntry, report: Report) -> None:
    """Check a WorkloadEntry."""
    _check_endpoint(entry.spec, report.at("spec"), ports=None, may_be_name=True)


def check_workload_group(group: WorkloadGroup, report: Report) -> None:
    """Check a WorkloadGroup."""
    spec, inside = group.spec, report.at("spec")
    if spec.template is None:
        inside.error("required", "a WorkloadGroup needs a template", "template")
        return
    if spec.metadata is not None:
        check_labels(spec.metadata.labels, inside.at("metadata", "labels"))
    if spec.probe is not None:
        _check_probe(spec.probe, inside.at("probe"))


def _port_names(spec: ServiceEntrySpec) -> frozenset[str]:
    return frozenset(port.name for port in spec.ports)


def _check_hosts(spec: ServiceEntrySpec, report: Report) -> None:
    if not spec.hosts:
        report.error("required", "a ServiceEntry needs at least one host", "hosts")
    for index, host in enumerate(spec.hosts):
        problem = "a ServiceEntry cannot be every host" if host == "*" else host_problem(host)
        if problem:
            report.error("invalid-host", problem, "hosts", index)
        if host != "*" and spec.resolution != "DYNAMIC_DNS" and (partial := partial_wildcard_problem(host)):
            report.warn("invalid-host", partial, "hosts", index)


def _check_addresses(spec: ServiceEntrySpec, report: Report) -> None:
    for index, address in enumerate(spec.addresses):
        if problem := subnet_problem(address):
            report.error("invalid-address", problem, "addresses", index)
    has_block = any("/" in address for address in spec.addresses)
    if has_block and spec.resolution not in {"NONE", "STATIC"}:
        report.error("oneof-conflict", f"CIDR blocks do not go with resolution {spec.resolution}", "addresses")


def _check_ports(entry: ServiceEntry, report: Report) -> None:
    spec = entry.spec
    needs_address = not spec.addresses and not _is_auto_allocated(entry)
    names: set[str] = set()
    numbers: set[int] = set()
    for index, port in enumerate(spec.ports):
        inside = report.at("ports", index)
        if port.name in names:
            inside.error("duplicate", f"port name {port.name!r} is already there", "name")
        if port.number in numbers:
            inside.error("duplicate", f"port {port.number} is already there", "number")
        names.add(port.name)
        numbers.add(port.number)
        if port.target_port:
            check_port(port.target_port, inside.at("targetPort"))
        if needs_address and port.protocol in {"", "TCP"}:
            inside.warn(
                "missing-address", "without addresses, a TCP port catches all traffic to its number", "protocol"
            )
        check_port_name(port.name, inside.at("name"))
        check_protocol(port.protocol, inside.at("protocol"))
        check_port(port.number, inside.at("number"))


def _is_auto_allocated(entry: ServiceEntry) -> bool:
    """Return whether Istio gives the entry an address of its own, unless its label opts out."""
    return entry.spec.resolution != "NONE" and entry.metadata.labels.get(AUTO_ALLOCATION, "").lower() != "false"


def _check_unresolved(spec: ServiceEntrySpec, report: Report) -> None:
    if spec.endpoints:
        report.error("oneof-conflict", "resolution NONE goes where the caller wanted, not to endpoints", "endpoints")
    if spec.workload_selector is not None:
        report.warn(
            "ignored-field", "resolution NONE goes where the caller wanted, not to workloads", "workloadSelector"
        )


def _check_dns(spec: ServiceEntrySpec, report: Report) -> None:
    if not spec.endpoints:
        for index, host in enumerate(spec.hosts):
            if fqdn_problem(host):
                message = f"{host!r} cannot be asked for in DNS, so resolution {spec.resolution} needs endpoints"
                report.error("invalid-host", message, "hosts", index)
                break
    if spec.resolution == "DNS_ROUND_ROBIN" and len(spec.endpoints) > 1:
        report.error("too-many", "resolution DNS_ROUND_ROBIN takes one endpoint", "endpoints")
    names = _port_names(spec)
    for index, endpoint in enumerate(spec.endpoints):
        inside = report.at("endpoints", index)
        if not is_address(endpoint.address) and fqdn_problem(endpoint.address):
            inside.error("invalid-address", f"{endpoint.address!r} is neither host name nor IP address", "address")
        check_labels(endpoint.labels, inside.at("labels"))
        _check_endpoint_ports(endpoint, names, inside)
    has_stream = any(is_tcp(parse_protocol(port.protocol)) for port in spec.ports)
    if spec.addresses and has_stream and len(spec.hosts) > 1:
        report.warn("protocol-conflict", "several hosts share an address and a TCP port", "hosts")


def _check_dynamic(entry: ServiceEntry, report: Report) -> None:
    spec = entry.spec
    for index, host in enumerate(spec.hosts):
        if not is_wildcard(host):
            report.error("invalid-host", f"is {host!r}, resolution DYNAMIC_DNS is for wildcards", "hosts", index)
    for field, values in (("addresses", spec.addresses), ("endpoints", spec.endpoints)):
        if values:
            report.error("oneof-conflict", "resolution DYNAMIC_DNS takes the name that was asked for", field)
    for index, port in enumerate(spec.ports):
        if parse_protocol(port.protocol) not in _DYNAMIC:
            message = "resolution DYNAMIC_DNS reads the name from HTTP, HTTP2, GRPC or TLS"
            report.error("protocol-conflict", message, "ports", index, "protocol")
    waypoint = entry.metadata.labels.get(USE_WAYPOINT, "")
    if spec.location == "MESH_INTERNAL" and waypoint and waypoint.lower() != "none":
        report.error("unsupported", "MESH_INTERNAL with DYNAMIC_DNS does not go through a waypoint", "location")


def _check_endpoint(
    endpoint: WorkloadEntrySpec, report: Report, *, ports: frozenset[str] | None, may_be_name: bool
) -> None:
    """Check an endpoint; `ports` are the names that its service has, `None` when there is no service to ask."""
    address = endpoint.address
    if not address and not endpoint.network:
        report.error("required", "an endpoint needs an address", "address")
        return
    if not address:
        report.warn("missing-address", f"no address, so only the gateway of network {endpoint.network!r} leads there")
    elif address.startswith(UNIX):
        if problem := unix_path_problem(address.removeprefix(UNIX)):
            report.error("invalid-address", problem, "address")
        if endpoint.ports:
            report.error("oneof-conflict", "a Unix domain socket has no ports", "ports")
        if ports is not None and len(ports) != 1:
            report.error("oneof-conflict", "a Unix domain socket serves exactly one port", "address")
    elif not is_address(address) and (not may_be_name or fqdn_problem(address)):
        expected = "host name or IP address" if may_be_name else "IP address"
        report.error("invalid-address", f"is {address!r}, expected an {expected}", "address")
    _check_endpoint_ports(endpoint, ports, report)
    check_labels(endpoint.labels, report.at("labels"))


def _check_endpoint_ports(endpoint: WorkloadEntrySpec, ports: frozenset[str] | None, report: Report) -> None:
    for name, number in endpoint.ports.items():
        inside = report.at("ports", name)
        if ports is not None and name not in ports:
            inside.error("unknown-port", f"the service has no port {name!r}")
        check_port_name(name, inside)
        check_port(number, inside)


def _check_probe(probe: ReadinessProbe, report: Report) -> None:
    check_natural(probe.period_seconds, report, "periodSeconds")
    check_natural(probe.initial_delay_seconds, report, "initialDelaySeconds")
    check_natural(probe.timeout_seconds, report, "timeoutSeconds")
    check_natural(probe.success_threshold, report, "successThreshold")
    check_natural(probe.failure_threshold, report, "failureThreshold")
    if probe.http_get is not None:
        _check_http_probe(probe.http_get, report.at("httpGet"))
    elif probe.tcp_socket is not None:
        check_port(probe.tcp_socket.port, report.at("tcpSocket", "port"))
    elif probe.exec is not None:
        if not probe.exec.command:
            report.error("required", "exec needs a command", "exec", "command")
    else:
        report.error("required", "a probe needs httpGet, tcpSocket or exec")


def _check_http_probe(probe: HTTPHealthCheckConfig, report: Report) -> None:
    check_port(probe.port, report.at("port"))
    if probe.scheme not in {"", "HTTP", "HTTPS"}:
        report.error("unknown-value", f"is {probe.scheme!r}, expected HTTP or HTTPS", "scheme")
    for index, header in enumerate(probe.http_headers):
        if not header.name or not set(header.name) <= _HEADER:
            report.error("invalid-header", f"{header.name!r} is not a header name", "httpHeaders", index, "name")
