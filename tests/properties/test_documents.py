"""Whatever a user's file holds, reading it ends in resources and diagnostics, never in an exception."""

from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from pillion.resources.admission.admit import admit
from pillion.resources.decode import decode, decode_mesh_config
from pillion.resources.documents import read
from pillion.resources.duration import Duration
from pillion.resources.kinds import KINDS
from pillion.resources.lines import locate
from pillion.resources.validation.validate import validate
from pillion.resources.yaml.dump import dump
from pillion.resources.yaml.load import load
from pillion.value import FrozenMap, Origin, has_errors

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ["1e3", "y", "0o17", "-", "", "a: b", "a\nb\n", " lead", "trail ", "# no", "2026-01-01", "12:30", "<<", "{{ .x }}"]
)
NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4))

SIDECAR = """\
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata:
  name: default
  namespace: prod-us1
spec:
  workloadSelector:
    labels: {app: ratings}
  egress:
  - port: {number: 9080, protocol: HTTP, name: egresshttp}
    hosts: ["prod-us1/*", "./*"]
  - hosts: [istio-system/*]
  ingress:
  - port: {number: 9080, protocol: HTTP, name: somename}
    defaultEndpoint: unix:///var/run/someuds.sock
---
apiVersion: v1
kind: Service
metadata: {name: ratings, namespace: prod-us1}
spec:
  ports: [{port: 80, targetPort: http}]
"""


def numbers(value: Any) -> Any:
    """JSON has one kind of number."""
    if isinstance(value, dict):
        return {key: numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [numbers(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


@given(JSON)
def test_what_is_written_is_read_back(value: Any) -> None:
    content, diagnostics = load(dump(value))
    assert numbers(content) == numbers(value)
    assert diagnostics == ()


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    documents, diagnostics = read(text)
    for document in documents:
        decode(*document)
    for diagnostic in diagnostics:
        assert locate(diagnostic, text).message


@given(st.sampled_from(sorted(KINDS)), JSON, JSON)
def test_any_document_can_be_decoded(name: tuple[str, str], metadata: Any, spec: Any) -> None:
    group, kind = name
    version = KINDS[name][1][0]
    document = {"apiVersion": f"{group}/{version}".lstrip("/"), "kind": kind, "metadata": metadata, "spec": spec}
    resource, diagnostics = decode(document)
    assert (resource is None) == has_errors(diagnostics)
    admit(document)
    if resource is not None:
        validate(resource)


def shaped(annotation: Any) -> st.SearchStrategy[Any]:
    """Make JSON of the shape of a type, with the values that users get wrong."""
    bare = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    origin, arguments = get_origin(bare), get_args(bare)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        return st.lists(shaped(arguments[0]), max_size=2)
    if origin is FrozenMap:
        return st.dictionaries(TEXTS, shaped(arguments[0]), max_size=2)
    if type(None) in arguments:
        return shaped(arguments[0])
    if isinstance(bare, type) and issubclass(bare, msgspec.Struct) and bare is not Duration:
        hints = get_type_hints(bare, include_extras=True)
        names = dict(zip(bare.__struct_encode_fields__, bare.__struct_fields__, strict=True))
        return st.fixed_dictionaries({}, optional={spelt: shaped(hints[name]) for spelt, name in names.items()})
    return WORDS if bare is str else SHAPES.get(bare, JSON)


WORDS = TEXTS | st.sampled_from(
    [
        "a.com",
        "*",
        "*.a.com",
        "./*",
        "~/*",
        "HTTP",
        "TLS",
        "unix:///a",
        "1.2.3.4",
        "10.0.0.0/8",
        "80",
        "/{*}",
        "(a)+",
        "a*",
    ]
)
SHAPES: dict[Any, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.sampled_from([0, 1, 80, 65536, 200]),
    float: st.sampled_from([0.0, 0.5, 50.0, 101.0]),
    Duration: st.sampled_from(["0s", "1s", "1us", "1h30m"]),
}


@given(st.data(), st.sampled_from(sorted(KINDS)))
def test_any_resource_can_be_judged(data: st.DataObject, name: tuple[str, str]) -> None:
    cls, versions = KINDS[name]
    hints = get_type_hints(cls, include_extras=True)
    spec = data.draw(shaped(hints["spec"])) if "spec" in hints else {}
    version = f"{name[0]}/{versions[0]}".lstrip("/")
    document = {"apiVersion": version, "kind": name[1], "metadata": {"name": "x"}, "spec": spec}
    resource, diagnostics = decode(document)
    assert (resource is None) == has_errors(diagnostics)
    admit(document)
    if resource is not None:
        validate(resource)


@given(st.dictionaries(TEXTS, JSON))
def test_any_mesh_config_can_be_decoded(document: dict[str, Any]) -> None:
    decode_mesh_config(document)


@given(st.data())
def test_a_mutated_file_gives_resources_or_says_why(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(SIDECAR)))
    end = data.draw(st.integers(start, min(len(SIDECAR), start + 12)))
    text = (
        SIDECAR[:start]
        + data.draw(st.sampled_from(["", "\n", "  ", ":", "- ", "{", "'", "xyz", "8", "null"]))
        + SIDECAR[end:]
    )
    documents, diagnostics = read(text, "sidecar.yaml")
    assert documents or diagnostics or not text.strip()
    for document in documents:
        resource, found = decode(*document)
        assert resource is not None or found
        for diagnostic in found:
            located = locate(diagnostic, text)
            assert located.where.line is not None
            assert located.where.origin == Origin(file="sidecar.yaml", document=document.origin.document)
