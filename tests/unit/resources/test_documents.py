from pillion.resources.documents import read
from pillion.value import Origin


def test_several_documents_and_empty_ones() -> None:
    documents, diagnostics = read("# head\na: 1\n---\n# only a comment\n---\nb: 2\n", "x.yaml")
    assert diagnostics == ()
    assert documents == (
        ({"a": 1}, Origin(file="x.yaml", document=0)),
        ({"b": 2}, Origin(file="x.yaml", document=2)),
    )


def test_nothing_is_no_document() -> None:
    assert read("") == ((), ())
    assert read("# nothing\n---\n") == ((), ())


def test_a_broken_document_does_not_hide_its_neighbours() -> None:
    documents, diagnostics = read("a: 1\n---\nb: [\n---\nc: 3\n", "x.yaml")
    assert [document.content for document in documents] == [{"a": 1}, {"c": 3}]
    assert [document.origin.document for document in documents] == [0, 2]
    (diagnostic,) = diagnostics
    assert (diagnostic.code, diagnostic.severity) == ("yaml-syntax", "error")
    assert diagnostic.where.origin == Origin(file="x.yaml", document=1)
    assert diagnostic.where.line == 4


def test_lists_are_unpacked() -> None:
    documents, _ = read("apiVersion: v1\nkind: List\nitems:\n- kind: A\n- kind: B\n")
    assert documents == (({"kind": "A"}, Origin(item=0)), ({"kind": "B"}, Origin(item=1)))


def test_items_of_a_typed_list_have_its_kind() -> None:
    documents, _ = read('{"apiVersion": "v1", "kind": "PodList", "items": [{"metadata": {"name": "x"}}, null]}')
    assert documents == (({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}}, Origin(item=0)),)


def test_a_document_that_is_no_map_is_told() -> None:
    documents, diagnostics = read("- a\n")
    assert documents == ()
    assert [diagnostic.code for diagnostic in diagnostics] == ["not-a-resource"]
    assert diagnostics[0].message == "is a list, expected a map with apiVersion and kind"
    assert read("hello\n").diagnostics[0].message == "is a single value, expected a map with apiVersion and kind"


def test_json_and_what_only_looks_like_it() -> None:
    assert read('{"a": 1}').documents == (({"a": 1}, Origin()),)
    assert read("{a: 1}").documents == (({"a": 1}, Origin()),)
    assert read("{a: 1").diagnostics[0].code == "yaml-syntax"


def test_a_missing_separator_is_guessed() -> None:
    _, diagnostics = read("kind: A\nx: 1\nkind: B\n")
    assert [(d.code, d.where.line, d.hint) for d in diagnostics] == [
        ("duplicate-key", 3, "is a --- missing before it?")
    ]


def test_aliases_of_all_documents_of_a_file_have_one_budget() -> None:
    bomb = "a: &a [" + ", ".join("x" * 1000) + "]\nb: &b [" + ", ".join(["*a"] * 400) + "]\nc: *b\n"
    plain = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"
    found = read("---\n".join([bomb] * 4 + [plain]), "bombs.yaml")
    assert [each.where.origin.document for each in found.diagnostics if each.where.origin] == [1, 2, 3]
    assert {each.message for each in found.diagnostics} == {"document contains excessive aliasing"}
    assert found.documents[-1].content["kind"] == "Namespace"
