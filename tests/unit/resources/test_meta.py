from pillion.resources.istio.sidecar import Sidecar
from pillion.resources.kubernetes.cluster import Namespace
from pillion.resources.meta import Metadata, Ref, ref_of


def test_a_reference_reads_as_people_say_it() -> None:
    assert str(ref_of(Sidecar(metadata=Metadata(name="default", namespace="prod-us1")))) == "Sidecar prod-us1/default"
    assert str(ref_of(Namespace(metadata=Metadata(name="shop")))) == "Namespace shop"


def test_references_sort_by_kind_namespace_name() -> None:
    assert Ref(kind="A", namespace="b", name="c") < Ref(kind="A", namespace="c", name="a")
