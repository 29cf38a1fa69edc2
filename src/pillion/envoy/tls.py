"""Transport sockets: TLS towards a backend, TLS that a proxy terminates. Certificates come by secret discovery."""

from envoy.config.core.v3 import base_pb2, config_source_pb2, grpc_service_pb2, proxy_protocol_pb2
from envoy.extensions.transport_sockets.proxy_protocol.v3 import upstream_proxy_protocol_pb2
from envoy.extensions.transport_sockets.raw_buffer.v3 import raw_buffer_pb2
from envoy.extensions.transport_sockets.tls.v3 import common_pb2, secret_pb2, tls_pb2
from envoy.type.matcher.v3 import string_pb2

from pillion.envoy import names
from pillion.envoy.messages.wellknown import boolean, duration, packed
from pillion.ir.model.tls import ClientTls, ServerTls

TLS_SOCKET = "envoy.transport_sockets.tls"
RAW_SOCKET = "envoy.transport_sockets.raw_buffer"
PROXY_SOCKET = "envoy.transport_sockets.upstream_proxy_protocol"
WORKLOAD_SECRET, ROOT_SECRET = "default", "ROOTCA"  # names, not secrets
_VERSIONS = {
    "": "TLS_AUTO",
    "1.0": "TLSv1_0",
    "1.1": "TLSv1_1",
    "1.2": "TLSv1_2",
    "1.3": "TLSv1_3",
}


def secret(name: str) -> secret_pb2.SdsSecretConfig:
    """Return where a secret is fetched from: the agent beside the proxy."""
    source = config_source_pb2.ApiConfigSource(
        api_type=config_source_pb2.ApiConfigSource.GRPC,
        transport_api_version=config_source_pb2.ApiVersion.V3,
        set_node_on_first_message_only=True,
        grpc_services=[
            grpc_service_pb2.GrpcService(
                envoy_grpc=grpc_service_pb2.GrpcService.EnvoyGrpc(cluster_name=names.SDS_CLUSTER)
            )
        ],
    )
    return secret_pb2.SdsSecretConfig(
        name=name,
        sds_config=config_source_pb2.ConfigSource(
            api_config_source=source,
            initial_fetch_timeout=duration(0),
            resource_api_version=config_source_pb2.ApiVersion.V3,
        ),
    )


def file_secret(certificate: str, key: str) -> str:
    """Name the secret of a certificate in files, as the agent understands it."""
    return f"file-cert:{certificate}~{key}"


def root_secret(path: str) -> str:
    """Name the secret of root certificates in a file."""
    return f"file-root:{path}"


def raw_socket() -> base_pb2.TransportSocket:
    """Return plain text."""
    return base_pb2.TransportSocket(name=RAW_SOCKET, typed_config=packed(raw_buffer_pb2.RawBuffer()))


def _exact(values: tuple[str, ...]) -> list[string_pb2.StringMatcher]:
    return [string_pb2.StringMatcher(exact=value) for value in values]


def client_socket(tls: ClientTls) -> base_pb2.TransportSocket:
    """Return the socket of connections to a backend."""
    common = tls_pb2.CommonTlsContext(
        tls_params=common_parameters(tls.cipher_suites, tls.ecdh_curves, "1.2", "1.3"), alpn_protocols=tls.alpn
    )
    if tls.mode == "mesh":
        common.tls_certificate_sds_secret_configs.append(secret(WORKLOAD_SECRET))
        _validate(common, tls.sans, ROOT_SECRET)
    else:
        _foreign(common, tls)
    context = tls_pb2.UpstreamTlsContext(
        common_tls_context=common, sni=tls.sni or (names.server_name(tls.sni_key) if tls.sni_key else "")
    )
    return base_pb2.TransportSocket(name=TLS_SOCKET, typed_config=packed(context))


def common_parameters(
    ciphers: tuple[str, ...], curves: tuple[str, ...], minimum: str, maximum: str
) -> common_pb2.TlsParameters:
    """Return versions and ciphers."""
    return common_pb2.TlsParameters(
        tls_minimum_protocol_version=_VERSIONS[minimum],
        tls_maximum_protocol_version=_VERSIONS[maximum],
        cipher_suites=ciphers,
        ecdh_curves=curves,
    )


def _validate(common: tls_pb2.CommonTlsContext, sans: tuple[str, ...], root: str, crl: str = "") -> None:
    default = common_pb2.CertificateValidationContext(match_subject_alt_names=_exact(sans))
    if crl:
        default.crl.filename = crl
    common.combined_validation_context.CopyFrom(
        tls_pb2.CommonTlsContext.CombinedCertificateValidationContext(
            default_validation_context=default, validation_context_sds_secret_config=secret(root)
        )
    )


def _foreign(common: tls_pb2.CommonTlsContext, tls: ClientTls) -> None:
    if tls.credential:
        name = tls.credential
        if tls.mode == "mutual":
            common.tls_certificate_sds_secret_configs.append(secret(f"kubernetes://{name}"))
        if tls.skip_verify:
            common.validation_context.CopyFrom(common_pb2.CertificateValidationContext())
        else:
            _validate(common, tls.sans, f"kubernetes://{name}-cacert", tls.crl)
        return
    if tls.mode == "mutual":
        common.tls_certificate_sds_secret_configs.append(secret(file_secret(tls.certificate, tls.key)))
    if tls.ca:
        _validate(common, tls.sans, root_secret(tls.ca), tls.crl)
    else:
        common.validation_context.CopyFrom(common_pb2.CertificateValidationContext())


def with_proxy_protocol(socket: base_pb2.TransportSocket, version: str) -> base_pb2.TransportSocket:
    """Return a socket that tells the server about the caller first."""
    wrapped = upstream_proxy_protocol_pb2.ProxyProtocolUpstreamTransport(
        transport_socket=socket, config=proxy_protocol_pb2.ProxyProtocolConfig(version=version)
    )
    return base_pb2.TransportSocket(name=PROXY_SOCKET, typed_config=packed(wrapped))


def server_socket(tls: ServerTls) -> base_pb2.TransportSocket:
    """Return the socket of connections that a proxy terminates TLS of."""
    common = tls_pb2.CommonTlsContext(
        tls_params=common_parameters(tls.cipher_suites, tls.ecdh_curves, tls.minimum, tls.maximum),
        alpn_protocols=tls.alpn,
    )
    needs_client = tls.mode in {"mesh", "mutual"}
    if tls.mode == "mesh":
        common.tls_certificate_sds_secret_configs.append(secret(WORKLOAD_SECRET))
        default = common_pb2.CertificateValidationContext(match_subject_alt_names=_trusted(tls))
        common.combined_validation_context.CopyFrom(
            tls_pb2.CommonTlsContext.CombinedCertificateValidationContext(
                default_validation_context=default, validation_context_sds_secret_config=secret(ROOT_SECRET)
            )
        )
    else:
        name = f"kubernetes://{tls.credential}" if tls.credential else file_secret(tls.certificate, tls.key)
        common.tls_certificate_sds_secret_configs.append(secret(name))
        if tls.mode != "simple":
            root = f"kubernetes://{tls.credential}-cacert" if tls.credential else root_secret(tls.ca)
            _validate(common, tls.sans, root, tls.crl)
    context = tls_pb2.DownstreamTlsContext(common_tls_context=common, require_client_certificate=boolean(needs_client))
    return base_pb2.TransportSocket(name=TLS_SOCKET, typed_config=packed(context))


def _trusted(tls: ServerTls) -> list[string_pb2.StringMatcher]:
    if tls.sans:
        return _exact(tls.sans)
    return [string_pb2.StringMatcher(prefix=f"spiffe://{domain}/") for domain in tls.trust_domains]
