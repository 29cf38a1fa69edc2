"""Service: what Kubernetes' API server would refuse, as far as a mesh reads it."""

import re

from pillion.resources.kubernetes.service import HEADLESS, Service, ServicePort
from pillion.resources.validation.names import fqdn_problem, is_address, is_dns_label
from pillion.resources.validation.report import Report
from pillion.resources.validation.values import check_port

_NAME = re.compile(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?")
_PORT_NAME = re.compile(r"(?=.*[a-z])(?!.*--)[a-z0-9](?:[-a-z0-9]{0,13}[a-z0-9])?")


def check_service(service: Service, report: Report) -> None:
    """Check a Service."""
    spec, inside = service.spec, report.at("spec")
    if service.metadata.name and not _NAME.fullmatch(service.metadata.name):
        message = f"name {service.metadata.name!r} is not a lower-case DNS label that begins with a letter"
        report.error("invalid-name", message, "metadata", "name")
    if spec.type == "ExternalName":
        problem = fqdn_problem(spec.external_name)
        if problem:
            inside.error("invalid-host", problem, "externalName")
    elif not spec.ports and spec.cluster_ip != HEADLESS:
        inside.error("required", "a Service needs at least one port, unless it is headless", "ports")
    for field, values in (("clusterIP", (spec.cluster_ip,)), ("clusterIPs", spec.cluster_ips)):
        for value in values:
            if value not in {"", HEADLESS} and not is_address(value):
                inside.error("invalid-address", f"{value!r} is not an IP address", field)
    _check_ports(spec.ports, inside.at("ports"))


def _check_ports(ports: tuple[ServicePort, ...], report: Report) -> None:
    names: set[str] = set()
    numbers: set[tuple[int, str]] = set()
    for index, port in enumerate(ports):
        inside = report.at(index)
        check_port(port.port, inside.at("port"))
        if isinstance(port.target_port, int):
            if port.target_port:
                check_port(port.target_port, inside.at("targetPort"))
        elif not _PORT_NAME.fullmatch(port.target_port):
            inside.error("invalid-name", f"{port.target_port!r} is neither port number nor port name", "targetPort")
        if len(ports) > 1 and not port.name:
            inside.error("required", "with several ports each one needs a name", "name")
        elif port.name and not (is_dns_label(port.name) and port.name.islower()):
            inside.error("invalid-name", f"{port.name!r} is not a lower-case DNS label", "name")
        if port.name and port.name in names:
            inside.error("duplicate", f"port name {port.name!r} is already there")
        if (port.port, port.protocol) in numbers:
            inside.error("duplicate", f"port {port.port} is already there")
        names.add(port.name)
        numbers.add((port.port, port.protocol))
