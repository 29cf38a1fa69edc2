"""The names under which a caller may ask for a service: whole, shortened as DNS search does, by address.

Mirrors `httproute.go` (`generateVirtualHostDomains`, `GenerateAltVirtualHosts`).
"""

from pillion.ir.outbound.addresses import domain_addresses, is_address
from pillion.ir.traits import OutboundTraits
from pillion.mesh.service import Service

NO_PORT = 0
_SVC = ".svc."


def host_port(host: str, port: int) -> str:
    """Write `host:port`, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def bracketed(host: str) -> str:
    """Write a host as it stands in a URL."""
    return f"[{host}]" if ":" in host else host


def _with_port(host: str, port: int) -> list[str]:
    return [bracketed(host)] if port == NO_PORT else [bracketed(host), host_port(host, port)]


def service_domains(
    service: Service, port: int, proxy_domain: str, traits: OutboundTraits
) -> tuple[list[str], list[str]]:
    """Return all names of a service, and those of them that were made by shortening.

    `port` is `NO_PORT` where the proxy ignores the port in `Host`; `proxy_domain` is `NAMESPACE.svc.DOMAIN`.
    """
    names: list[str] = []
    shortened: list[str] = []
    for host in (service.hostname, *(alias.hostname for alias in service.aliases)):
        alternatives = alternative_names(host, port, proxy_domain)
        names += _with_port(host, port) + alternatives
        shortened += alternatives
    if service.headless:
        names += [f"*.{name}" for name in names]
    for address in domain_addresses(service, traits):
        names += _with_port(address, port)
    return names, shortened


def alternative_names(host: str, port: int, proxy_domain: str) -> list[str]:
    """Return the shorter (and the absolute) forms of a host that mean the same within the proxy's domain."""
    names = [] if is_address(host) else [f"{host}."]
    if port != NO_PORT:
        names.append(host_port(f"{host}.", port))
    if _SVC in proxy_domain:
        return names + (_kubernetes(host, port, proxy_domain) if host.endswith(_suffix(proxy_domain)) else [])
    unique, shared = _split(host, proxy_domain)
    if not shared:
        return names
    short = ".".join(unique)
    names += _with_port(short, port)
    if len(unique) == 2:
        names += _with_port(f"{short}.{shared[0]}", port)
    return names


def _suffix(proxy_domain: str) -> str:
    index = proxy_domain.find(_SVC)
    return proxy_domain[index:] if index > 0 else proxy_domain


def _kubernetes(host: str, port: int, proxy_domain: str) -> list[str]:
    end = host.find(_SVC)
    dot = host.find(".")
    if end <= 0 or dot + 1 > end:
        return []
    name, qualified, with_svc = host[:dot], host[:end], f"{host[:end]}.svc"
    if host[dot + 1 : end] == proxy_domain.partition(_SVC)[0]:
        return _with_port(name, port) + _with_port(with_svc, port) + _with_port(qualified, port)
    return _with_port(qualified, port) + _with_port(with_svc, port)


def _split(host: str, proxy_domain: str) -> tuple[list[str], list[str]]:
    """Split a host into what only it has and the suffix that it shares with the proxy's domain."""
    parts, own = host.split("."), proxy_domain.split(".")
    shared = 0
    while shared < min(len(parts), len(own)) and parts[-1 - shared] == own[-1 - shared]:
        shared += 1
    return parts[: len(parts) - shared], parts[len(parts) - shared :]
