"""Names that the mesh makes: hosts of Kubernetes Services, gateways as `namespace/name`."""

from ipaddress import ip_address


def service_hostname(name: str, namespace: str, domain: str) -> str:
    """Give the host of a Kubernetes Service: `NAME.NAMESPACE.svc.DOMAIN`."""
    return f"{name}.{namespace}.svc.{domain}"


def resolve_gateway(gateway: str, namespace: str) -> str:
    """Name a gateway `namespace/name`; the legacy `name.namespace.svc...` is understood too."""
    if "/" in gateway:
        before, _, after = gateway.partition("/")
        return f"{namespace}/{after}" if before == "." else gateway
    name, dot, rest = gateway.partition(".")
    if not dot:
        return f"{namespace}/{gateway}"
    return f"{rest.split('.', 1)[0]}/{name}"


def is_ip(text: str) -> bool:
    """Return whether a text is an IPv4 or IPv6 address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
