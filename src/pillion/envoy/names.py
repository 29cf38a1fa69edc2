"""Istio's name strings: dashboards, runbooks and EnvoyFilters of users know things by them. Made nowhere else."""

from pillion.ir.model.key import BackendKey, ListenerKey, TableKey
from pillion.ir.model.table import VirtualHost

BLACK_HOLE = "BlackHoleCluster"
PASSTHROUGH = "PassthroughCluster"
INBOUND_PASSTHROUGH = "InboundPassthroughCluster"
ALLOW_ANY_DYNAMIC_DNS = "AllowAnyDynamicDNSCluster"
VIRTUAL_INBOUND, VIRTUAL_OUTBOUND = "virtualInbound", "virtualOutbound"
SDS_CLUSTER = "sds-grpc"
_FIXED = {
    "passthrough": PASSTHROUGH,
    "inbound-passthrough": INBOUND_PASSTHROUGH,
    "black-hole": BLACK_HOLE,
    "dynamic-dns": ALLOW_ANY_DYNAMIC_DNS,
}


def cluster(key: BackendKey) -> str:
    """`outbound|80|v1|reviews.default.svc.cluster.local`, `inbound|8080||`, or one of the few fixed names."""
    match key.kind:
        case "outbound" | "inbound":
            return f"{key.kind}|{key.port}|{key.subset}|{key.host}"
        case "named":
            return key.host
        case "passthrough" | "inbound-passthrough" | "black-hole" | "dynamic-dns":
            return _FIXED[key.kind]


def server_name(key: BackendKey) -> str:
    """`outbound_.80_.v1_.reviews.default.svc.cluster.local`: the SNI of the mesh's own TLS."""
    return f"{key.kind}_.{key.port}_.{key.subset}_.{key.host}"


def listener(key: ListenerKey) -> str:
    """`0.0.0.0_9080`, `virtualInbound`, `virtualOutbound`."""
    match key.kind:
        case "virtual-inbound":
            return VIRTUAL_INBOUND
        case "virtual-outbound":
            return VIRTUAL_OUTBOUND
        case "bound" | "http-proxy":
            return f"{key.address}_{key.port}"


def route_table(key: TableKey) -> str:
    """`9080`, `reviews.default.svc.cluster.local:9080`, `unix:///path`, `http_proxy`."""
    if key.socket:
        return key.socket
    return f"{key.host}:{key.port}" if key.host else str(key.port)


def virtual_host(host: VirtualHost) -> str:
    """`reviews.default.svc.cluster.local:9080`, `allow_any`, `block_all`, `inbound|http|8080`."""
    if not host.port:
        return host.name
    return f"[{host.name}]:{host.port}" if ":" in host.name else f"{host.name}:{host.port}"


def statistics(name: str) -> str:
    """Return a name as a prefix of statistics: the `;` ends it, whatever the name holds."""
    return f"{name};"
