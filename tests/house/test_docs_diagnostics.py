"""Every diagnostic that pillion can tell is documented, and nothing is documented that it cannot tell."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "pillion"
PAGE = ROOT / "docs" / "diagnostics.md"
ISLANDS = {"gotemplate"}
"""Rooms that tell no diagnostics: their codes are other people's."""
CODE = re.compile(r"[a-z]+(?:-[a-z]+)+|[a-z]{4,}")


def _modules() -> list[ast.Module]:
    paths = (path for path in sorted(SOURCE.rglob("*.py")) if not ISLANDS & set(path.parts))
    return [ast.parse(path.read_text(), str(path)) for path in paths]


def _tellers(modules: list[ast.Module]) -> dict[str, set[int]]:
    """Give the functions that take a code, by name, with the places where they take it; a class by its own name."""
    found: dict[str, set[int]] = {}
    for owner in (node for module in modules for node in ast.walk(module)):
        for function in ast.iter_child_nodes(owner):
            if not isinstance(function, ast.FunctionDef):
                continue
            names = [each.arg for each in function.args.args if each.arg != "self"]
            texts = [each for each in function.args.args if each.annotation and ast.unparse(each.annotation) == "str"]
            if "code" in {each.arg for each in texts}:
                is_class = function.name == "__init__" and isinstance(owner, ast.ClassDef)
                found.setdefault(owner.name if is_class else function.name, set()).add(names.index("code"))
    return found


def _texts(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=orelse):
            yield from _texts(body)
            yield from _texts(orelse)
        case _:
            pass


def _unpacks_code(node: ast.AST) -> bool:
    match node:
        case ast.Assign(targets=[ast.Tuple(elts=[ast.Name(id="code"), ast.Name()])]):
            return True
        case _:
            return False


def _unasked(modules: list[ast.Module]) -> Iterator[ast.expr]:
    """Give what a code is when the caller says none, and the codes that functions return beside a message."""
    for module in modules:
        nodes = list(ast.walk(module))
        unpacks = any(_unpacks_code(node) for node in nodes)
        for node in nodes:
            if isinstance(node, ast.FunctionDef):
                names = [each.arg for each in node.args.args][-len(node.args.defaults) :]
                yield from (each for name, each in zip(names, node.args.defaults, strict=False) if name == "code")
            elif unpacks and isinstance(node, ast.Tuple) and len(node.elts) == 2:
                yield node.elts[0]


@cache
def _told() -> frozenset[str]:
    modules = _modules()
    tellers = _tellers(modules)
    found = {text for each in _unasked(modules) for text in _texts(each) if CODE.fullmatch(text)}
    for node in (node for module in modules for node in ast.walk(module)):
        if not isinstance(node, ast.Call):
            continue
        places = tellers.get(
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", ""), set()
        )
        given = [word.value for word in node.keywords if word.arg == "code"]
        given += [node.args[place] for place in places if place < len(node.args)]
        found.update(text for each in given for text in _texts(each) if CODE.fullmatch(text))
    return frozenset(found)


def _documented() -> set[str]:
    rows = re.findall(r"^\| (`[^|]+) \|", PAGE.read_text(), re.MULTILINE)
    return {code for row in rows for code in re.findall(r"`([a-z-]+)`", row)}


def test_every_code_is_documented() -> None:
    told = _told()
    assert {
        "unknown-field",
        "sidecar-shadowed",
        "no-containers",
        "bad-template",
        "required",
        "yaml-syntax",
        "address-taken",
    } <= told
    assert sorted(told - _documented()) == []


def test_nothing_is_documented_that_is_never_told() -> None:
    assert sorted(_documented() - _told()) == []


def test_every_code_says_what_to_do() -> None:
    rows = [row for row in PAGE.read_text().splitlines() if row.startswith("| `")]
    assert [row for row in rows if row.count("|") != 4 or not row.rsplit("|", 2)[1].strip()] == []
