"""Number tokens to number nodes: one literal may be an integer, unsigned, a float and complex at once."""

import re

from pillion.inject.gotemplate.golang.numbers import parse_float, parse_integer
from pillion.inject.gotemplate.golang.quote import quote, unquote_character
from pillion.inject.gotemplate.syntax import nodes
from pillion.inject.gotemplate.syntax.lexer import Token

_COMPLEX = re.compile(r"([+-]?.+?)([+-][^+-]*(?:[eEpP][+-]?[^+-]+)?)i\Z")
_FRACTIONAL = frozenset(".eEpP")


class NumberError(Exception):
    """The literal is no number."""


def number(token: Token) -> nodes.Number:
    """Read a number or character token."""
    if token.kind == "character":
        return _character(token)
    text = token.text
    if token.kind == "complex":
        return _complex(token)
    if text.endswith("i"):
        imaginary = parse_float(text[:-1])
        if imaginary is not None:
            return _simplified(nodes.Number(token.at, text, imaginary=complex(0, imaginary)))
    return _real(token)


def _character(token: Token) -> nodes.Number:
    rune, tail = unquote_character(token.text)
    if rune is None:
        raise NumberError("invalid syntax")
    if tail != "'":
        raise NumberError(f"malformed character constant: {token.text}")
    return nodes.Number(token.at, token.text, rune, rune, float(rune))


def _complex(token: Token) -> nodes.Number:
    match = _COMPLEX.match(token.text)
    parts = [parse_float(part) for part in match.groups()] if match else [None]
    if len(parts) != 2 or parts[0] is None or parts[1] is None:
        raise NumberError("syntax error scanning complex number")
    return _simplified(nodes.Number(token.at, token.text, imaginary=complex(parts[0], parts[1])))


def _simplified(node: nodes.Number) -> nodes.Number:
    value = node.imaginary or 0j
    if value.imag == 0:
        node.floating = value.real
        if value.real.is_integer():
            whole = int(value.real)
            node.integer = whole if -(1 << 63) <= whole < 1 << 63 else None
            node.unsigned = whole if 0 <= whole < 1 << 64 else None
    return node


def _real(token: Token) -> nodes.Number:
    node = nodes.Number(token.at, token.text)
    whole = parse_integer(token.text)
    if whole is not None:
        node.integer = whole if -(1 << 63) <= whole < 1 << 63 else None
        signed = token.text[0] in "+-"
        node.unsigned = whole if 0 <= whole < 1 << 64 and (not signed or whole == 0) else None
        if node.integer is not None or node.unsigned is not None:
            node.floating = float(whole)
            return node
    value = parse_float(token.text)
    if value is None:
        raise NumberError(f"illegal number syntax: {quote(token.text)}")
    if not _FRACTIONAL.intersection(token.text):
        raise NumberError(f"integer overflow: {quote(token.text)}")
    node.floating = value
    if value.is_integer():
        node.integer = int(value) if -(1 << 63) <= value < 1 << 63 else None
        node.unsigned = int(value) if 0 <= value < 1 << 64 else None
    return node
