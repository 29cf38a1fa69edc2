"""Write type stubs for the Envoy API: `xds-protos` ships none, but its descriptors are there at run time.

Usage: python tools/stubs.py DIRECTORY
"""

import importlib
import pkgutil
import sys
import tempfile
from pathlib import Path

from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import FileDescriptor
from grpc_tools import protoc

MODULES = [
    "envoy.config.bootstrap.v3.bootstrap_pb2",
    "envoy.config.accesslog.v3.accesslog_pb2",
    "envoy.service.discovery.v3.discovery_pb2",
    "envoy.extensions.access_loggers.file.v3.file_pb2",
    "envoy.extensions.access_loggers.filters.cel.v3.cel_pb2",
    "envoy.extensions.access_loggers.grpc.v3.als_pb2",
    "envoy.extensions.access_loggers.open_telemetry.v3.logs_service_pb2",
    "envoy.extensions.clusters.dynamic_forward_proxy.v3.cluster_pb2",
    "envoy.extensions.common.dynamic_forward_proxy.v3.dns_cache_pb2",
    "envoy.extensions.filters.http.cors.v3.cors_pb2",
    "envoy.extensions.filters.http.dynamic_forward_proxy.v3.dynamic_forward_proxy_pb2",
    "envoy.extensions.filters.http.ext_authz.v3.ext_authz_pb2",
    "envoy.extensions.filters.http.fault.v3.fault_pb2",
    "envoy.extensions.filters.http.grpc_stats.v3.config_pb2",
    "envoy.extensions.filters.http.grpc_web.v3.grpc_web_pb2",
    "envoy.extensions.filters.http.jwt_authn.v3.config_pb2",
    "envoy.extensions.filters.http.rbac.v3.rbac_pb2",
    "envoy.extensions.filters.http.router.v3.router_pb2",
    "envoy.extensions.filters.listener.http_inspector.v3.http_inspector_pb2",
    "envoy.extensions.filters.listener.original_dst.v3.original_dst_pb2",
    "envoy.extensions.filters.listener.original_src.v3.original_src_pb2",
    "envoy.extensions.filters.listener.proxy_protocol.v3.proxy_protocol_pb2",
    "envoy.extensions.filters.listener.tls_inspector.v3.tls_inspector_pb2",
    "envoy.extensions.filters.network.http_connection_manager.v3.http_connection_manager_pb2",
    "envoy.extensions.filters.network.rbac.v3.rbac_pb2",
    "envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.sni_dynamic_forward_proxy_pb2",
    "envoy.extensions.filters.network.tcp_proxy.v3.tcp_proxy_pb2",
    "envoy.extensions.filters.network.mongo_proxy.v3.mongo_proxy_pb2",
    "envoy.extensions.formatter.req_without_query.v3.req_without_query_pb2",
    "envoy.extensions.http.header_formatters.preserve_case.v3.preserve_case_pb2",
    "envoy.extensions.network.dns_resolver.cares.v3.cares_dns_resolver_pb2",
    "envoy.extensions.path.match.uri_template.v3.uri_template_match_pb2",
    "envoy.extensions.request_id.uuid.v3.uuid_pb2",
    "envoy.extensions.retry.host.previous_hosts.v3.previous_hosts_pb2",
    "envoy.extensions.retry.priority.previous_priorities.v3.previous_priorities_config_pb2",
    "envoy.extensions.transport_sockets.proxy_protocol.v3.upstream_proxy_protocol_pb2",
    "envoy.extensions.transport_sockets.raw_buffer.v3.raw_buffer_pb2",
    "envoy.extensions.transport_sockets.tls.v3.tls_pb2",
    "envoy.extensions.upstreams.http.v3.http_protocol_options_pb2",
    "udpa.type.v1.typed_struct_pb2",
]
NAMESPACES = ["envoy.config", "envoy.type"]


def stubs(target: Path) -> None:
    """Generate the stubs of every file that the modules reach."""
    files: dict[str, bytes] = {}

    def visit(descriptor: FileDescriptor) -> None:
        if descriptor.name in files:
            return
        files[descriptor.name] = descriptor.serialized_pb
        for dependency in descriptor.dependencies:
            visit(dependency)

    for name in MODULES:
        visit(importlib.import_module(name).DESCRIPTOR)
    for name in NAMESPACES:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if module.name.endswith("_pb2"):
                visit(importlib.import_module(module.name).DESCRIPTOR)
    whole = descriptor_pb2.FileDescriptorSet()
    for raw in files.values():
        whole.file.append(descriptor_pb2.FileDescriptorProto.FromString(raw))
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(suffix=".binpb") as descriptors:
        descriptors.write(whole.SerializeToString())
        descriptors.flush()
        wanted = [name for name in files if not name.startswith("google/protobuf/")]
        status = protoc.main(["protoc", f"--descriptor_set_in={descriptors.name}", f"--pyi_out={target}", *wanted])
    if status:
        sys.exit(status)
    print(f"{len(wanted)} stubs in {target}")


if __name__ == "__main__":
    stubs(Path(sys.argv[1]))
