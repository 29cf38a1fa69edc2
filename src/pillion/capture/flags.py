"""The names of istio-iptables' settings: flag, shorthand, environment variables, JSON tag.

An environment variable counts when its flag is not given; of several variables the first that is set.
"""

from typing import Literal

from pillion.value import Value


class Flag(Value):
    """One setting and the names that it goes by."""

    field: str
    """The field of `config.Config`, and with dashes the flag."""
    name: str
    short: str = ""
    kind: Literal["text", "bool", "int", "duration"] = "text"
    variables: tuple[str, ...] = ()
    """Environment variables, first wins."""
    tag: str = ""
    """The JSON tag, as in Istio's CNI configuration and its logs."""
    help: str = ""


def _flag(field: str, name: str, short: str, tag: str, help_text: str) -> Flag:
    return Flag(field=field, name=name, short=short, variables=(_variable(name),), tag=tag, help=help_text)


def _switch(field: str, name: str, tag: str, help_text: str, *more: str) -> Flag:
    return Flag(field=field, name=name, kind="bool", variables=(_variable(name), *more), tag=tag, help=help_text)


def _variable(name: str) -> str:
    return name.replace("-", "_").upper()


FLAGS: tuple[Flag, ...] = (
    Flag(
        field="proxy_port",
        name="envoy-port",
        short="p",
        tag="PROXY_PORT",
        help="port of Envoy to which outbound connections go",
    ),
    _flag(
        "inbound_capture_port",
        "inbound-capture-port",
        "z",
        "INBOUND_CAPTURE_PORT",
        "port of Envoy to which inbound connections go",
    ),
    _flag(
        "inbound_tunnel_port",
        "inbound-tunnel-port",
        "e",
        "INBOUND_TUNNEL_PORT",
        "port of Envoy's tunnel, reached as it is",
    ),
    _flag("proxy_uid", "proxy-uid", "u", "PROXY_UID", "user ids whose connections are not captured: the proxy's own"),
    _flag("proxy_gid", "proxy-gid", "g", "PROXY_GID", "group ids whose connections are not captured (as --proxy-uid)"),
    _flag(
        "inbound_interception_mode",
        "istio-inbound-interception-mode",
        "m",
        "INBOUND_INTERCEPTION_MODE",
        "REDIRECT or TPROXY",
    ),
    _flag(
        "inbound_ports_include",
        "istio-inbound-ports",
        "b",
        "INBOUND_PORTS_INCLUDE",
        "inbound ports to capture, * for all, empty for none",
    ),
    _flag(
        "inbound_ports_exclude",
        "istio-local-exclude-ports",
        "d",
        "INBOUND_PORTS_EXCLUDE",
        "inbound ports to leave alone where all are captured",
    ),
    _flag(
        "exclude_interfaces",
        "istio-exclude-interfaces",
        "c",
        "EXCLUDE_INTERFACES",
        "interfaces whose traffic is left alone",
    ),
    _flag(
        "outbound_ip_ranges_include",
        "istio-service-cidr",
        "i",
        "OUTBOUND_IPRANGES_INCLUDE",
        "destinations to capture, * for all, empty for none",
    ),
    _flag(
        "outbound_ip_ranges_exclude",
        "istio-service-exclude-cidr",
        "x",
        "OUTBOUND_IPRANGES_EXCLUDE",
        "destinations to leave alone",
    ),
    _flag(
        "outbound_ports_include",
        "istio-outbound-ports",
        "q",
        "OUTBOUND_PORTS_INCLUDE",
        "outbound ports to capture wherever they lead",
    ),
    _flag(
        "outbound_ports_exclude",
        "istio-local-outbound-ports-exclude",
        "o",
        "OUTBOUND_PORTS_EXCLUDE",
        "outbound ports to leave alone",
    ),
    _flag(
        "kube_virt_interfaces",
        "kube-virt-interfaces",
        "k",
        "KUBE_VIRT_INTERFACES",
        "interfaces of virtual machines: what comes in there is outbound",
    ),
    _flag(
        "inbound_tproxy_mark",
        "istio-inbound-tproxy-mark",
        "t",
        "INBOUND_TPROXY_MARK",
        "mark of connections under TPROXY",
    ),
    _flag(
        "inbound_tproxy_route_table",
        "istio-inbound-tproxy-route-table",
        "r",
        "INBOUND_TPROXY_ROUTE_TABLE",
        "route table of connections under TPROXY",
    ),
    Flag(
        field="dry_run",
        name="dry-run",
        short="n",
        kind="bool",
        variables=("DRY_RUN",),
        tag="DRY_RUN",
        help="print the rules and change nothing",
    ),
    Flag(
        field="iptables_probe_port",
        name="iptables-probe-port",
        kind="int",
        variables=("IPTABLES_PROBE_PORT",),
        tag="IPTABLES_PROBE_PORT",
        help="port on which --run-validation listens",
    ),
    Flag(
        field="probe_timeout",
        name="probe-timeout",
        kind="duration",
        variables=("PROBE_TIMEOUT",),
        tag="PROBE_TIMEOUT",
        help="how long --run-validation waits",
    ),
    _switch("skip_rule_apply", "skip-rule-apply", "SKIP_RULE_APPLY", "put no rules in (for --run-validation alone)"),
    _switch("run_validation", "run-validation", "RUN_VALIDATION", "prove with a connection that rules are at work"),
    _switch(
        "redirect_dns",
        "redirect-dns",
        "REDIRECT_DNS",
        "capture DNS queries for the agent",
        "ISTIO_META_DNS_CAPTURE",
    ),
    _switch("drop_invalid", "drop-invalid", "DROP_INVALID", "drop packets of no known connection", "INVALID_DROP"),
    _switch("dual_stack", "dual-stack", "DUAL_STACK", "capture IPv4 and IPv6", "ISTIO_DUAL_STACK"),
    _switch(
        "capture_all_dns", "capture-all-dns", "CAPTURE_ALL_DNS", "capture all of port 53, whatever resolv.conf says"
    ),
    _flag("network_namespace", "network-namespace", "", "NETWORK_NAMESPACE", "path of the network namespace to enter"),
    _switch("cni_mode", "cni-mode", "CNI_MODE", "run for a CNI plugin, on the node's file system"),
    _switch("reconcile", "reconcile", "RECONCILE", "replace rules of an earlier, different capture"),
    _switch("cleanup_only", "cleanup-only", "CLEANUP_ONLY", "take the rules out instead of putting them in"),
    _switch("force_apply", "force-apply", "FORCE_APPLY", "put rules in even if they seem to be in place"),
    _switch("native_nftables", "native-nftables", "NATIVE_NFTABLES", "use nft instead of iptables"),
    _flag("force_iptables_binary", "force-iptables-binary", "", "FORCE_IPTABLES_BINARY", "legacy or nft"),
)

VARIABLES_ONLY: tuple[Flag, ...] = (
    Flag(
        field="owner_groups_include",
        name="",
        variables=("ISTIO_OUTBOUND_OWNER_GROUPS",),
        tag="OUTBOUND_OWNER_GROUPS_INCLUDE",
    ),
    Flag(
        field="owner_groups_exclude",
        name="",
        variables=("ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE",),
        tag="OUTBOUND_OWNER_GROUPS_EXCLUDE",
    ),
    Flag(
        field="host_ipv4_loopback_cidr",
        name="",
        variables=("ISTIO_OUTBOUND_IPV4_LOOPBACK_CIDR",),
        tag="HOST_IPV4_LOOPBACK_CIDR",
    ),
)
"""Settings that have an environment variable and no flag."""

FACTS: tuple[Flag, ...] = (
    Flag(field="enable_ipv6", name="", kind="bool", tag="ENABLE_INBOUND_IPV6"),
    Flag(field="host_ip", name="", tag="HOST_IP"),
)
"""Settings that the machine answers; the JSON form has them, and `DNS_SERVERS_V4`, `DNS_SERVERS_V6`."""
