import msgspec

from pillion.ir.policy.connection import counts_attempts, forwards_host, inbound_settings, outbound_settings
from pillion.ir.traits import InboundTraits, OutboundTraits
from pillion.resources.decode import decode_proxy_config
from pillion.resources.istio.mesh_config import ProxyPathNormalization
from support.scopes import CONFIG


def test_istios_defaults() -> None:
    assert outbound_settings(CONFIG, OutboundTraits(), ()).server_name == ""
    inbound = inbound_settings(CONFIG, InboundTraits(), (), "GRPC")
    assert (inbound.server_name, inbound.forward_cert, inbound.http2) == ("istio-envoy", "APPEND_FORWARD", True)
    assert inbound.cert_details is not None
    assert inbound.cert_details.uri
    assert not inbound.cert_details.cert
    assert counts_attempts(CONFIG, OutboundTraits())
    assert not forwards_host(CONFIG, OutboundTraits())


def test_a_workloads_own_proxy_config_counts() -> None:
    own, _ = decode_proxy_config(
        {
            "proxyHeaders": {
                "server": {"disabled": True},
                "requestId": {"disabled": True},
                "attemptCount": {"disabled": True},
                "xForwardedHost": {"enabled": True},
                "forwardedClientCert": "SANITIZE",
                "setCurrentClientCertDetails": {"cert": True, "dns": False},
                "preserveHttp1HeaderCase": True,
            },
            "connectionSettings": {"httpIdleTimeout": "5s", "httpMergeSlashes": True, "httpMaxConcurrentStreams": 7},
        }
    )
    inbound = inbound_settings(CONFIG, InboundTraits(proxy_config=own), (), "HTTP")
    assert inbound.pass_server
    assert inbound.generate_request_id is False
    assert inbound.forward_cert == "SANITIZE"
    assert inbound.cert_details is not None
    assert (inbound.cert_details.cert, inbound.cert_details.dns) == (True, False)
    assert (inbound.idle_timeout, inbound.merge_slashes, inbound.max_concurrent_streams) == (5 * 10**9, True, 7)
    traits = OutboundTraits(proxy_config=own)
    assert not counts_attempts(CONFIG, traits)
    assert forwards_host(CONFIG, traits)


def test_paths_are_normalised_as_the_mesh_says() -> None:
    decoding = msgspec.structs.replace(
        CONFIG, path_normalization=ProxyPathNormalization(normalization="DECODE_AND_MERGE_SLASHES")
    )
    found = outbound_settings(decoding, OutboundTraits(), ())
    assert (found.normalize_path, found.merge_slashes, found.escaped_slashes) == (True, True, "UNESCAPE_AND_FORWARD")
    none = msgspec.structs.replace(CONFIG, path_normalization=ProxyPathNormalization(normalization="NONE"))
    assert not outbound_settings(none, OutboundTraits(), ()).normalize_path
