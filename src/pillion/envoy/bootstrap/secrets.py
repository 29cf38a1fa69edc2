"""What proves proxy and control plane to each other, as secrets that Envoy reads from files of the agent's.

Envoy reads a file again when another one is moved to its place: a token or a root that changed is taken up without a
restart.
"""

import json

from pillion.envoy.bootstrap.document import TYPE, Json
from pillion.envoy.bootstrap.model import Proof

ROOT = "xds-root"
TOKEN = "xds-token"  # noqa: S105 (a name)
GENERIC = "envoy.http.injected_credentials.generic"


def from_file(name: str, path: str) -> Json:
    """Return an `SdsSecretConfig` for a secret in a file."""
    return {"name": name, "sds_config": {"path_config_source": {"path": path}, "resource_api_version": "V3"}}


def root_file(certificates: str, server: str) -> bytes:
    """Write the file that says whom the proxy believes: PEM certificates, for a server of this name only."""
    name = {"san_type": "DNS", "matcher": {"exact": server}}
    context = {"trusted_ca": {"inline_string": certificates}, "match_typed_subject_alt_names": [name]}
    return _file(ROOT, {"validation_context": context})


def token_file(token: str) -> bytes:
    """Write the file that holds what the proxy shows of itself."""
    return _file(TOKEN, {"generic_secret": {"secret": {"inline_string": f"Bearer {token}"}}})


def transport_socket(proof: Proof) -> Json:
    """Return TLS that believes the root in its file."""
    context = {
        "@type": f"{TYPE}envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        "sni": proof.server,
        "common_tls_context": {
            "alpn_protocols": ["h2"],
            "validation_context_sds_secret_config": from_file(ROOT, proof.root_path),
        },
    }
    return {"name": "envoy.transport_sockets.tls", "typed_config": context}


def http_filters(proof: Proof) -> list[Json]:
    """Return the filters that lay the token beside each request."""
    generic = {
        "@type": f"{TYPE}envoy.extensions.http.injected_credentials.generic.v3.Generic",
        "credential": from_file(TOKEN, proof.token_path),
    }
    injector = {
        "@type": f"{TYPE}envoy.extensions.filters.http.credential_injector.v3.CredentialInjector",
        "overwrite": True,
        "credential": {"name": GENERIC, "typed_config": generic},
    }
    codec = {"@type": f"{TYPE}envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec"}
    return [
        {"name": "envoy.filters.http.credential_injector", "typed_config": injector},
        {"name": "envoy.filters.http.upstream_codec", "typed_config": codec},
    ]


def _file(name: str, content: Json) -> bytes:
    resource = {"@type": f"{TYPE}envoy.extensions.transport_sockets.tls.v3.Secret", "name": name, **content}
    return json.dumps({"resources": [resource]}, separators=(",", ":")).encode()
