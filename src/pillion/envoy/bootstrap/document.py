"""The small parts of a bootstrap document."""

from collections.abc import Mapping

from pillion.envoy.bootstrap.model import HostPort, Pipe, Target

Json = Mapping[str, object]

TYPE = "type.googleapis.com/"


def given(name: str, value: object) -> dict[str, object]:
    """Return the field if its value is not empty."""
    return {name: value} if value else {}


def address(target: Target, *, protocol: bool = False) -> Json:
    """Return an `Address` message."""
    match target:
        case Pipe(path=path):
            return {"pipe": {"path": path}}
        case HostPort(host=host, port=port):
            kind = {"protocol": "TCP"} if protocol else {}
            return {"socket_address": {**kind, "address": host, "port_value": port}}


def secret(name: str) -> Json:
    """Return an `SdsSecretConfig` for a secret that the agent serves."""
    source = {
        "api_type": "GRPC",
        "grpc_services": [{"envoy_grpc": {"cluster_name": "sds-grpc"}}],
        "set_node_on_first_message_only": True,
        "transport_api_version": "V3",
    }
    return {"name": name, "sds_config": {"api_config_source": source, "resource_api_version": "V3"}}
