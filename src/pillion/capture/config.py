"""What a capture can be asked for: istio-iptables' settings as one value, and what is refused.

Settings come from flags, then environment variables, then defaults; some from the machine (`MachineFacts`). Istio
hands nonsense on to iptables, which fails later or, for an unknown mode, captures as if nothing were wrong; here a
mode, a port, a CIDR or a mark that cannot be meant is an error diagnostic.
"""

import ipaddress
from collections.abc import Mapping
from typing import cast

import msgspec

from pillion.capture import ranges
from pillion.capture.flags import FACTS, FLAGS, VARIABLES_ONLY, Flag
from pillion.value import Diagnostic, Diagnostics, Value, Where

MODES = ("REDIRECT", "TPROXY")
LOOPBACK_CIDR = "127.0.0.1/32"
PROXY_UID = "1337"
MAX_OWNER_GROUPS = 64
"""All included groups become matches of one rule, and iptables does not take many more."""


class Config(Value):
    """The settings of a capture, by istio-iptables' names; lists are comma separated text, as users write them."""

    proxy_port: str = "15001"
    inbound_capture_port: str = "15006"
    inbound_tunnel_port: str = "15008"
    proxy_uid: str = ""
    proxy_gid: str = ""
    inbound_interception_mode: str = ""
    inbound_tproxy_mark: str = "1337"
    inbound_tproxy_route_table: str = "133"
    inbound_ports_include: str = ""
    inbound_ports_exclude: str = ""
    owner_groups_include: str = "*"
    owner_groups_exclude: str = ""
    outbound_ports_include: str = ""
    outbound_ports_exclude: str = ""
    outbound_ip_ranges_include: str = ""
    outbound_ip_ranges_exclude: str = ""
    kube_virt_interfaces: str = ""
    exclude_interfaces: str = ""
    iptables_probe_port: int = 15002
    probe_timeout: str = "5s"
    dry_run: bool = False
    skip_rule_apply: bool = False
    run_validation: bool = False
    redirect_dns: bool = False
    drop_invalid: bool = False
    capture_all_dns: bool = False
    enable_ipv6: bool = False
    dns_servers_v4: tuple[str, ...] = ()
    dns_servers_v6: tuple[str, ...] = ()
    network_namespace: str = ""
    cni_mode: bool = False
    dual_stack: bool = False
    host_ip: str = ""
    host_ipv4_loopback_cidr: str = LOOPBACK_CIDR
    reconcile: bool = False
    cleanup_only: bool = False
    force_apply: bool = False
    native_nftables: bool = False
    force_iptables_binary: str = ""

    @property
    def transparent(self) -> bool:
        """Whether inbound connections keep their addresses on the way to Envoy (TPROXY)."""
        return self.inbound_interception_mode == "TPROXY"

    @property
    def captures_dns(self) -> bool:
        """Whether DNS queries are captured: asked for, and there is somewhere to capture them from."""
        return self.redirect_dns and bool(self.capture_all_dns or self.dns_servers_v4 or self.dns_servers_v6)


class MachineFacts(Value):
    """What the machine says, gathered by `environment`; a pod's namespace in real use."""

    addresses: tuple[str, ...] = ()
    """Addresses of its interfaces, in their order, without loopback and link-local ones."""
    nameservers: tuple[str, ...] = ()
    proxy_uid: str = PROXY_UID
    """The id of the proxy's user (ENVOY_USER, istio-proxy), 1337 if there is no such user."""


def decode(
    given: Mapping[str, object], environment: Mapping[str, str], facts: MachineFacts
) -> tuple[Config, Diagnostics]:
    """Return the settings from flags (`given`, by field), environment variables, defaults and the machine's facts."""
    values: dict[str, object] = {}
    diagnostics: list[Diagnostic] = []
    for flag in (*FLAGS, *VARIABLES_ONLY):
        if flag.field in given:
            values[flag.field] = given[flag.field]
        elif variable := next((name for name in flag.variables if environment.get(name)), None):
            value, found = _from_text(flag, environment[variable], variable)
            values[flag.field] = value
            diagnostics += found
    settings = {name: value for name, value in values.items() if value is not None}
    config = complete(_config(settings), facts)
    return config, (*diagnostics, *check(config))


def decode_json(document: Mapping[str, object]) -> tuple[Config, Diagnostics]:
    """Return the settings of a JSON object with Istio's tags (`PROXY_PORT`, `DNS_SERVERS_V4`, ...)."""
    by_tag = {flag.tag: flag for flag in (*FLAGS, *VARIABLES_ONLY, *FACTS)}
    values: dict[str, object] = {}
    diagnostics: list[Diagnostic] = []
    for tag, value in document.items():
        if tag in {"DNS_SERVERS_V4", "DNS_SERVERS_V6"}:
            servers = cast(list[object], value) if isinstance(value, list) else []
            values[tag.lower()] = tuple(str(server) for server in servers)
        elif tag not in by_tag:
            diagnostics.append(_error("unknown-setting", f"unknown setting {tag}", tag, severity="warning"))
        else:
            decoded, found = _from_json(by_tag[tag], value)
            if not found:
                values[by_tag[tag].field] = decoded
            diagnostics += found
    config = _config(values)
    return config, (*diagnostics, *check(config))


def complete(config: Config, facts: MachineFacts) -> Config:
    """Fill in what the machine answers: the proxy's ids, IPv6 or not, the name servers.

    IPv6 is captured when the pod's first address is an IPv6 one; with `dual_stack`, when any is.
    """
    uid = config.proxy_uid or facts.proxy_uid
    addresses = facts.addresses if config.dual_stack else facts.addresses[:1]
    servers = facts.nameservers if config.redirect_dns and not config.capture_all_dns else ()
    return msgspec.structs.replace(
        config,
        proxy_uid=uid,
        proxy_gid=config.proxy_gid or uid,
        host_ip=facts.addresses[0] if facts.addresses else "",
        enable_ipv6=any(":" in address for address in addresses),
        dns_servers_v4=tuple(server for server in servers if ":" not in server),
        dns_servers_v6=tuple(server for server in servers if ":" in server),
    )


def check(config: Config) -> Diagnostics:
    """Refuse what cannot be meant, one diagnostic per mistake."""
    return (
        *_check_mode(config),
        *_check_ports(config),
        *_check_ranges(config),
        *_check_owners(config),
        *_check_numbers(config),
        *_check_dns(config),
    )


def seconds(duration: str) -> float:
    """Return the seconds of `probe_timeout`: with ns, us, ms, s or m; a bare number is seconds; 5 if it is neither."""
    for unit, factor in (("ns", 1e-9), ("us", 1e-6), ("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("", 1.0)):
        number = duration.removesuffix(unit)
        if duration.endswith(unit) and number.replace(".", "", 1).isdecimal():
            return float(number) * factor
    return 5.0


def _config(values: Mapping[str, object]) -> Config:
    return msgspec.convert(dict(values), Config)


def _from_text(flag: Flag, text: str, name: str) -> tuple[object, Diagnostics]:
    match flag.kind:
        case "bool":
            lowered = text.lower()
            if lowered in {"1", "t", "true"}:
                return True, ()
            if lowered in {"0", "f", "false"}:
                return False, ()
            return None, (_error("invalid-boolean", f"{text!r} is neither true nor false", name),)
        case "int":
            if text.isdecimal():
                return int(text), ()
            return None, (_error("invalid-number", f"{text!r} is not a number", name),)
        case "text" | "duration":
            return text, ()


def _from_json(flag: Flag, value: object) -> tuple[object, Diagnostics]:
    if flag.kind == "duration" and isinstance(value, int):
        return f"{value}ns", ()
    wanted: type = {"bool": bool, "int": int}.get(flag.kind, str)
    if isinstance(value, wanted):
        return value, ()
    return None, (_error("invalid-type", f"{value!r} is not a {wanted.__name__}", flag.tag),)


def _check_mode(config: Config) -> Diagnostics:
    mode = config.inbound_interception_mode
    if not mode or mode in MODES:
        return ()
    hint = "to capture nothing, run no capture at all" if mode == "NONE" else f"use {' or '.join(MODES)}"
    return (
        _error("invalid-mode", f"unknown interception mode {mode!r}", "istio-inbound-interception-mode", hint=hint),
    )


def _check_ports(config: Config) -> Diagnostics:
    found: list[Diagnostic] = []
    for flag in FLAGS:
        value = getattr(config, flag.field)
        if flag.field in {"proxy_port", "inbound_capture_port", "inbound_tunnel_port"}:
            found += _check_port(value, flag.name)
        elif flag.field == "inbound_ports_include" and value == ranges.WILDCARD:
            continue
        elif "_ports_" in flag.field:
            for port in ranges.split(value):
                found += _check_port(port, flag.name)
    return tuple(found)


def _check_port(port: str, name: str) -> Diagnostics:
    if port.isascii() and port.isdecimal() and 1 <= int(port) <= 65535:
        return ()
    hint = "list the ports one by one" if "-" in port or ":" in port else "a port is a number from 1 to 65535"
    return (_error("invalid-port", f"{port!r} is not a port", name, hint=hint),)


def _check_ranges(config: Config) -> Diagnostics:
    found: list[Diagnostic] = []
    include, exclude = config.outbound_ip_ranges_include, config.outbound_ip_ranges_exclude
    if exclude == ranges.WILDCARD:
        message = "every destination is excluded"
        found.append(_error("invalid-cidr", message, "istio-service-exclude-cidr", hint="include none instead: -i ''"))
    elif exclude:
        found += _check_cidrs(exclude, "istio-service-exclude-cidr")
    if include != ranges.WILDCARD:
        found += _check_cidrs(include, "istio-service-cidr")
    found += _check_loopback(config.host_ipv4_loopback_cidr)
    return tuple(found)


def _check_cidrs(text: str, name: str) -> Diagnostics:
    return tuple(
        _error("invalid-cidr", f"{item!r} is not a CIDR", name, hint="write an address, a slash and a prefix length")
        for item in ranges.split(text)
        if not _is_cidr(item)
    )


def _is_cidr(text: str) -> bool:
    address, slash, bits = text.partition("/")
    if not slash or not bits.isdecimal():
        return False
    try:
        ipaddress.ip_interface(f"{address}/{bits}")
    except ValueError:
        return False
    return True


def _check_loopback(cidr: str) -> Diagnostics:
    name = "ISTIO_OUTBOUND_IPV4_LOOPBACK_CIDR"
    if not _is_cidr(cidr):
        return (_error("invalid-cidr", f"{cidr!r} is not a CIDR", name),)
    interface = ipaddress.ip_interface(cidr)
    if interface.version != 4 or not interface.ip.is_loopback or interface.network.prefixlen < 8:
        return (_error("invalid-cidr", f"{cidr!r} is no part of 127.0.0.0/8", name),)
    return ()


def _check_owners(config: Config) -> Diagnostics:
    found: list[Diagnostic] = []
    for field, name in (("proxy_uid", "proxy-uid"), ("proxy_gid", "proxy-gid")):
        found += (
            _error("invalid-id", f"{owner!r} is not a numeric id", name)
            for owner in ranges.split(getattr(config, field))
            if not owner.isdecimal()
        )
    groups = ranges.owner_groups(config.owner_groups_include, config.owner_groups_exclude)
    if not groups.excepted and len(groups.groups) > MAX_OWNER_GROUPS:
        message = f"{len(groups.groups)} owner groups are more than {MAX_OWNER_GROUPS}"
        found.append(_error("too-many-groups", message, "ISTIO_OUTBOUND_OWNER_GROUPS"))
    return tuple(found)


def _check_numbers(config: Config) -> Diagnostics:
    found: list[Diagnostic] = []
    for value, name in (
        (config.inbound_tproxy_mark, "istio-inbound-tproxy-mark"),
        (config.inbound_tproxy_route_table, "istio-inbound-tproxy-route-table"),
    ):
        if not (value.isdecimal() and 0 < int(value) < 2**32):
            found.append(_error("invalid-number", f"{value!r} is not a number from 1 to {2**32 - 1}", name))
    if config.force_iptables_binary not in {"", "legacy", "nft"}:
        message = f"unknown iptables {config.force_iptables_binary!r}"
        found.append(_error("invalid-binary", message, "force-iptables-binary", hint="use legacy or nft"))
    return tuple(found)


def _check_dns(config: Config) -> Diagnostics:
    if config.redirect_dns and not config.captures_dns:
        message = "DNS is not captured: no name server is known"
        return (_error("no-nameserver", message, "redirect-dns", severity="warning", hint="try --capture-all-dns"),)
    return ()


def _error(code: str, message: str, name: str, *, hint: str = "", severity: str = "error") -> Diagnostic:
    where = Where(resource=f"--{name}" if name.islower() else name)
    level = "warning" if severity == "warning" else "error"
    return Diagnostic(code=code, severity=level, message=message, where=where, hint=hint)
