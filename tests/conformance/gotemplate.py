"""Templates and what Go printed for them, or the error that it gave: output and message must be equal."""

import dataclasses
import json
import pathlib
from typing import Any, ClassVar

from conformance.outcome import Outcome, tally
from pillion.inject.gotemplate.errors import FunctionError, TemplateError
from pillion.inject.gotemplate.functions import Function
from pillion.inject.gotemplate.golang.durations import Duration
from pillion.inject.gotemplate.golang.json import decode, encode
from pillion.inject.gotemplate.golang.values import Pointer, Slice, StringMap, Uint8
from pillion.inject.gotemplate.limits import Meter
from pillion.inject.gotemplate.sprig.library import FUNCTIONS
from pillion.inject.gotemplate.template import parse
from pillion.resources.yaml.dump import dump


@dataclasses.dataclass(frozen=True)
class Inner:
    """The struct behind pointers and values of the cases."""

    A: int
    M: StringMap
    P: Pointer
    go_type: ClassVar[str] = "main.Inner"
    go_pointer_methods: ClassVar[frozenset[str]] = frozenset(("GetA",))

    def String(self) -> str:  # noqa: N802 - Go's name
        return f"Inner({self.A})"

    def Add(self, first: int, second: int) -> int:  # noqa: N802 - Go's name
        return self.A + first + second

    def GetA(self) -> int:  # noqa: N802 - Go's name
        return self.A

    def Fail(self) -> str:  # noqa: N802 - Go's name
        raise FunctionError("boom")


@dataclasses.dataclass(frozen=True)
class Top:
    """The dot of the cases marked `struct`; the file describes it in words."""

    S: str
    I: int  # noqa: E741 - Go's name
    U8: Uint8
    F: float
    B: bool
    L: Slice
    N: Slice
    M: StringMap
    NilM: StringMap
    MA: dict[str, Any]
    X: None
    P: Pointer
    NP: Pointer
    V: Inner
    Arr: Slice
    BS: bytes
    Fn: Function
    D: Duration
    go_type: ClassVar[str] = "main.Top"


def struct_data() -> Top:
    nil = Pointer(None, "main.Inner")
    inner = Inner(A=7, M=StringMap({"q": "r"}), P=Pointer(Inner(8, StringMap(nil=True), nil), "main.Inner"))
    return Top(
        S="héllo",
        I=42,
        U8=Uint8(200),
        F=3.5,
        B=True,
        L=Slice("string", ["a", "b", "c"]),
        N=Slice("int", [3, 1, 2]),
        M=StringMap({"k": "v", "z": "", "a.b/c": "dotted"}),
        NilM=StringMap(nil=True),
        MA={"i": 1, "f": 1.5, "m": {"x": "y"}, "n": None, "l": [1, "2"]},
        X=None,
        P=Pointer(inner, "main.Inner"),
        NP=nil,
        V=Inner(9, StringMap(nil=True), nil),
        Arr=Slice("int", [1, 2, 3], array=True),
        BS=b"bytes",
        Fn=Function(lambda number: number * 2, "func(int) int"),
        D=Duration(5 * 10**9),
    )


def to_yaml(meter: Meter, value: Any) -> str:
    """Helm's function, as `sigs.k8s.io/yaml` does it: by way of JSON."""
    return dump(decode(encode(meter, value)))


LIBRARY = {**FUNCTIONS, "toYaml": Function(to_yaml, "func(interface {}) string", metered=True)}


def answer(case: dict[str, Any], data: Any) -> dict[str, str]:
    try:
        template = parse("t", case["template"], LIBRARY)
        if "option" in case:
            template = template.with_missing_key(case["option"].removeprefix("missingkey="))
        return {"output": template.render(data)}
    except TemplateError as error:
        return {"error": str(error)}


def run(data: pathlib.Path) -> dict[str, Outcome]:
    suite = json.loads((data / "gotemplate" / "cases.json").read_text())
    results: list[tuple[str, bool]] = []
    for case in suite["cases"]:
        dot = struct_data() if case.get("data") == "struct" else suite["data"]
        wanted = {key: case[key] for key in ("output", "error") if key in case}
        results.append((case["id"], answer(case, dot) == wanted))
    return {"gotemplate": tally(results)}
