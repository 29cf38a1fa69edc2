"""What is told beside the whole mesh."""

from pillion.local.server.findings import of_namespaces
from pillion.resources.meta import Ref


def ref(kind: str, namespace: str, name: str = "x") -> Ref:
    return Ref(kind=kind, namespace=namespace, name=name)


def test_a_rule_in_a_namespace_that_nobody_lives_in_is_told_with_the_one_that_was_meant() -> None:
    world = [ref("Deployment", "front"), ref("Sidecar", "front"), ref("Sidecar", "frnt"), ref("Telemetry", "nowhere")]
    slip, other = of_namespaces(world, "istio-system")
    assert (slip.code, slip.severity, str(slip.where)) == (
        "unknown-namespace",
        "warning",
        "Sidecar frnt/x: metadata.namespace",
    )
    assert slip.hint == "did you mean front?"
    assert (other.where.resource, other.hint) == ("Telemetry nowhere/x", "correct its name")


def test_a_namespace_is_known_when_it_is_written_down_lived_in_or_the_root() -> None:
    world = [
        ref("Namespace", "", "empty"),
        ref("Sidecar", "empty"),
        ref("Pod", "lived-in"),
        ref("EnvoyFilter", "lived-in"),
        ref("PeerAuthentication", "istio-system"),
    ]
    assert of_namespaces(world, "istio-system") == ()


def test_what_counts_for_others_may_be_anywhere() -> None:
    world = [ref("VirtualService", "routes"), ref("DestinationRule", "routes"), ref("ServiceEntry", "routes")]
    assert of_namespaces(world, "istio-system") == ()
