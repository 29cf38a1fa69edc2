from pillion.local.server.overlay import Overlay, reference
from pillion.resources.documents import Document
from pillion.resources.meta import Ref
from pillion.value import Origin


def document(name: str, file: str, value: str = "", kind: str = "ConfigMap") -> Document:
    content = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, "data": {"key": value}}
    return Document(content, Origin(file=file))


REF = Ref(kind="ConfigMap", namespace="default", name="a")


def test_what_was_applied_hides_the_file_until_it_is_deleted() -> None:
    overlay = Overlay().with_files([document("a", "mesh.yaml", "file"), document("b", "mesh.yaml")])
    covered = overlay.with_applied([document("a", "apply#1", "applied")])
    assert [(ref.name, held.place) for ref, held in covered.held()] == [("a", "applied"), ("b", "file")]
    found = covered.find(REF)
    assert found is not None
    assert found.content["data"]["key"] == "applied"
    assert covered.file_of(REF) == "mesh.yaml"
    assert [held.place for _, held in covered.without([REF]).held()] == ["file", "file"]


def test_an_edit_of_the_file_leaves_what_was_applied() -> None:
    overlay = Overlay().with_applied([document("a", "apply#1")]).with_files([document("a", "mesh.yaml", "new")])
    assert overlay.is_applied(REF)
    assert overlay.with_files([]).find(REF) is not None


def test_resources_of_the_cluster_have_no_namespace() -> None:
    assert reference({"kind": "Namespace", "metadata": {"name": "x", "namespace": "y"}}).namespace == ""
    assert reference({"kind": "Pod", "metadata": {"name": "x"}}).namespace == "default"
    assert reference({"kind": "Pod", "metadata": None}) == Ref(kind="Pod", namespace="default", name="")
