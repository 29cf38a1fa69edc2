"""A parsed template, alone or in a set of templates that call one another.

`parse` compiles a text to closures; `Template.render` runs them on data. A template never changes: `with_text`,
`with_functions` and `with_missing_key` give new ones. What a rendering may cost is bounded by `Limits`. Rendering does
not change its data either: where a template calls a function that changes a map (sprig's `set`), it works on a copy.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from pillion.inject.gotemplate.actions import compile_tree
from pillion.inject.gotemplate.builtins import FUNCTIONS
from pillion.inject.gotemplate.errors import LimitError, TemplateError
from pillion.inject.gotemplate.functions import Function, function_of
from pillion.inject.gotemplate.golang.printing import struct_fields
from pillion.inject.gotemplate.golang.quote import quote
from pillion.inject.gotemplate.golang.values import Slice, StringMap, kind
from pillion.inject.gotemplate.limits import Limits, Meter
from pillion.inject.gotemplate.scope import Body, Frame, MissingKey, Scope
from pillion.inject.gotemplate.syntax.nodes import Tree
from pillion.inject.gotemplate.syntax.parser import parse_trees

Functions = Mapping[str, Callable[..., Any]]


def parse(name: str, text: str, functions: Functions | None = None) -> "Template":
    """Parse a template; raises TemplateError with Go's wording.

    `functions` are there beside Go's own and may replace them: plain callables (checked by their annotations) or
    `Function`s, such as those of `sprig.library`.
    """
    return Template(name, _Set(_known(functions), {}, "default")).with_text(name, text)


def parse_set(texts: Mapping[str, str], functions: Functions | None = None) -> "Template":
    """Parse texts into one set, in order: later definitions replace earlier ones. The first is the template."""
    template: Template | None = None
    for name, text in texts.items():
        template = parse(name, text, functions) if template is None else template.with_text(name, text)
    if template is None:
        raise TemplateError("template: no texts")
    return template


def _known(functions: Functions | None) -> Mapping[str, Function]:
    if not functions:
        return FUNCTIONS
    return {**FUNCTIONS, **{name: function_of(function) for name, function in functions.items()}}


class _Set:
    """The trees of a set, compiled when first needed."""

    def __init__(self, functions: Mapping[str, Function], trees: Mapping[str, Tree], missing_key: MissingKey) -> None:
        self.functions: Mapping[str, Function] = functions
        self.trees: Mapping[str, Tree] = trees
        self.missing_key: MissingKey = missing_key
        self.bodies: dict[str, Body] = {}
        called = {name for tree in trees.values() for name in tree.calls}
        self.mutates: bool = any(functions[name].mutates for name in called)

    def body(self, name: str) -> Body | None:
        found = self.bodies.get(name)
        if found is None and (tree := self.trees.get(name)) is not None:
            found = self.bodies[name] = compile_tree(Scope(tree, self.functions, self.missing_key))
        return found


class Template:
    """A template of a set. Made by `parse`, `parse_set` and `lookup`."""

    __slots__ = ("_set", "name")

    def __init__(self, name: str, templates: _Set) -> None:
        self.name: str = name
        self._set: _Set = templates

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all templates of the set, sorted."""
        return tuple(sorted(self._set.trees))

    def lookup(self, name: str) -> "Template | None":
        """Return another template of the set; None when there is none of that name."""
        return Template(name, self._set) if name in self._set.trees else None

    def with_text(self, name: str, text: str) -> "Template":
        """Return this template in a set that has the templates of another text too; raises TemplateError."""
        added = parse_trees(name, text, self._set.functions)
        trees = dict(self._set.trees)
        for key, tree in added.items():
            if key not in trees or not tree.is_empty():
                trees[key] = tree
        return Template(self.name, _Set(self._set.functions, trees, self._set.missing_key))

    def with_functions(self, functions: Functions) -> "Template":
        """Return this template with other functions behind the same names, or more of them for texts to come."""
        known = {**self._set.functions, **{name: function_of(call) for name, call in functions.items()}}
        return Template(self.name, _Set(known, self._set.trees, self._set.missing_key))

    def with_missing_key(self, missing_key: MissingKey) -> "Template":
        """Return this template with another answer to missing keys, as Go's option `missingkey=...` gives."""
        return Template(self.name, _Set(self._set.functions, self._set.trees, missing_key))

    def render(self, data: Any, limits: Limits | None = None) -> str:
        """Run the template on data and return its output; raises TemplateError with Go's wording."""
        limits = limits or Limits()
        meter = Meter(limits)
        output: list[str] = []

        def write(text: str) -> None:
            meter.room -= len(text)
            if meter.room < 0:
                raise LimitError(f"exceeded maximum output size ({limits.output})")
            output.append(text)

        try:
            self._run(data, write, meter)
        except LimitError as error:
            raise TemplateError(f"template: {self.name}: {error}", template=self.name) from None
        except RecursionError:
            message = f"template: {self.name}: exceeded maximum template depth ({limits.depth})"
            raise TemplateError(message, template=self.name) from None
        return _as_text("".join(output))

    def _run(self, data: Any, write: Callable[[str], None], meter: Meter) -> None:
        body = self._set.body(self.name)
        if body is None:
            text = f"template: {self.name}: {quote(self.name)} is an incomplete or empty template"
            raise TemplateError(text, template=self.name)
        if self._set.mutates:
            data = copied(data)
        variables: list[Any] = [None] * body.slots
        variables[0] = data
        body.run(Frame(write, meter, self._set.body, variables, 0), data)


def copied(data: Any) -> Any:
    """Return data whose maps a template may change, and may not change the original's."""
    match kind(data):
        case "map" if not isinstance(data, StringMap):
            return {key: copied(data[key]) for key in data}
        case "slice" if not isinstance(data, (Slice, bytes)):
            return [copied(element) for element in data]
        case "struct" if isinstance(data, msgspec.Struct):
            return msgspec.structs.replace(data, **{name: copied(getattr(data, name)) for name in struct_fields(data)})
        case "struct" if dataclasses.is_dataclass(data) and not isinstance(data, type):
            return dataclasses.replace(data, **{name: copied(getattr(data, name)) for name in struct_fields(data)})
        case _:
            return data


def _as_text(output: str) -> str:
    """Mend what byte-wise functions cut apart: bytes that are no UTF-8 become U+FFFD."""
    if output.isascii():
        return output
    try:
        output.encode()
    except UnicodeEncodeError:
        data = output.encode("utf-8", "surrogateescape") if _escaped_only(output) else output.encode("utf-8", "replace")
        return data.decode("utf-8", "replace")
    return output


def _escaped_only(output: str) -> bool:
    return all(not 0xD800 <= ord(character) < 0xDC80 and not 0xDD00 <= ord(character) < 0xE000 for character in output)
