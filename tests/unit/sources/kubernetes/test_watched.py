"""Where collections are served."""

from pillion.sources.kubernetes.watched import config_map, mesh_collections, secret, webhook_configuration


def test_names_every_place_of_a_collection() -> None:
    places = {each.kind: each.paths for each in mesh_collections()}
    assert places["Service"] == ("/api/v1/services",)
    assert places["EndpointSlice"] == ("/apis/discovery.k8s.io/v1/endpointslices",)
    assert places["Sidecar"] == tuple(
        f"/apis/networking.istio.io/{version}/sidecars" for version in ("v1", "v1beta1", "v1alpha3")
    )


def test_only_what_has_a_definition_may_be_missing() -> None:
    optional = {each.kind for each in mesh_collections() if each.optional}
    assert not optional & {"Namespace", "Service", "Pod", "Node", "EndpointSlice"}
    assert {"Sidecar", "TrafficExtension", "AuthorizationPolicy"} <= optional
    definitions = {each.definition for each in mesh_collections()}
    assert {"serviceentries.networking.istio.io", "telemetries.telemetry.istio.io"} <= definitions


def test_names_one_map() -> None:
    watched = config_map("istio-system", "istio")
    assert watched.paths == ("/api/v1/namespaces/istio-system/configmaps",)
    assert watched.selector == {"fieldSelector": "metadata.name=istio"}


def test_names_the_place_of_one_object() -> None:
    (sidecars,) = (each for each in mesh_collections() if each.kind == "Sidecar")
    path = "/apis/networking.istio.io/v1beta1/namespaces/shop/sidecars/default"
    assert sidecars.path_of(sidecars.versions.index("v1beta1"), "shop", "default") == path
    kept = secret("istio-system", "pillion-ca")
    assert kept.path_of(0, "istio-system", "pillion-ca") == "/api/v1/namespaces/istio-system/secrets/pillion-ca"
    validating = webhook_configuration("ValidatingWebhookConfiguration", "a")
    root = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
    assert (validating.paths, validating.path_of(0, "", "a")) == ((root,), f"{root}/a")
