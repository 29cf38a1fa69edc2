"""A traffic policy, whole and per port."""

from pillion.resources.istio.destination_rule import PortTrafficPolicy, TrafficPolicy, TunnelSettings
from pillion.resources.validation.names import fqdn_problem, is_address
from pillion.resources.validation.report import Report
from pillion.resources.validation.tls import check_client_tls
from pillion.resources.validation.traffic.load_balancer import check_load_balancer
from pillion.resources.validation.traffic.pool import check_connection_pool, check_outlier_detection
from pillion.resources.validation.values import check_port

_EMPTY = TrafficPolicy()


def check_traffic_policy(namespace: str, policy: TrafficPolicy | None, report: Report) -> None:
    """Check a policy of a resource in `namespace`."""
    if policy is None:
        return
    if policy == _EMPTY:
        report.error("required", "a traffic policy without fields says nothing")
        return
    if policy.tunnel is not None and policy.proxy_protocol is not None:
        report.error("oneof-conflict", "only one of tunnel and proxyProtocol may be set", "tunnel")
        return
    _check_common(namespace, policy, report)
    for index, port in enumerate(policy.port_level_settings):
        _check_port(namespace, port, report.at("portLevelSettings", index).quiet())
    if policy.tunnel is not None:
        _check_tunnel(policy.tunnel, report.at("tunnel"))


def _check_port(namespace: str, policy: PortTrafficPolicy, report: Report) -> None:
    if policy.port is None:
        report.error("required", "a port's policy needs its port", "port")
    if policy == PortTrafficPolicy(port=policy.port):
        report.error("required", "a port's policy without fields says nothing")
    _check_common(namespace, policy, report)


def _check_common(namespace: str, policy: TrafficPolicy | PortTrafficPolicy, report: Report) -> None:
    check_outlier_detection(policy.outlier_detection, report.at("outlierDetection"))
    check_connection_pool(policy.connection_pool, report.at("connectionPool"))
    check_load_balancer(policy.load_balancer, policy.outlier_detection, report.at("loadBalancer"))
    check_client_tls(namespace, policy.tls, report.at("tls"))


def _check_tunnel(tunnel: TunnelSettings, report: Report) -> None:
    if tunnel.protocol not in {"", "CONNECT", "POST"}:
        report.error("unknown-value", f"is {tunnel.protocol!r}, expected CONNECT or POST", "protocol")
    if fqdn_problem(tunnel.target_host) and not is_address(tunnel.target_host):
        report.error("invalid-host", f"{tunnel.target_host!r} is neither host name nor IP address", "targetHost")
    check_port(tunnel.target_port, report.at("targetPort"))
