"""Kubernetes quantities (`100m`, `1.5Gi`, `12e6`) in their canonical form, as `k8s.io/apimachinery` writes them."""

import re
from decimal import ROUND_UP, Decimal

_WHOLE = re.compile(r"([+-]?)(\d+\.?\d*|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_DECIMAL_SUFFIX = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_BINARY_SUFFIX = {power: suffix for suffix, power in _BINARY.items()} | {0: ""}
_NANO = Decimal("1e-9")
_LONGEST = 64
"""No real quantity is longer; a longer text is refused before its exponent is computed."""


def canonical(text: str) -> str | None:
    """Return the canonical form of a quantity, or `None` when it is none.

    No precision is lost above a nano; the largest suffix that leaves an integer is taken (`2000m` is `2`).
    """
    match = _WHOLE.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        return None
    sign, number, suffix = match.group(1), match.group(2), match.group(3) or ""
    if len(suffix) > 1 and suffix[0] in "eE" and abs(int(suffix[1:])) > _LONGEST:
        return None
    amount = Decimal(number)
    if suffix in _BINARY:
        amount *= 1024 ** _BINARY[suffix]
    else:
        amount = amount.scaleb(_DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:]))
    amount = amount.quantize(_NANO, rounding=ROUND_UP) if abs(amount) < 10**15 else amount
    if not amount:
        return "0"
    signed = -amount if sign == "-" else amount
    if suffix in _BINARY and abs(signed) >= 1024 and signed == signed.to_integral_value():
        return _binary(int(signed))
    return _decimal(signed, exponent_form=suffix[:1] in {"e", "E"} and suffix != "E")


def _binary(amount: int) -> str:
    power = 0
    while amount % 1024 == 0 and power < 6:
        amount //= 1024
        power += 1
    return f"{amount}{_BINARY_SUFFIX[power]}"


def _decimal(amount: Decimal, *, exponent_form: bool) -> str:
    sign, digits, exponent = amount.normalize().as_tuple()
    mantissa = int("".join(map(str, digits)))
    power = int(exponent)
    mantissa *= 10 ** (power % 3)
    power -= power % 3
    if not exponent_form and power > 18:
        mantissa *= 10 ** (power - 18)
        power = 18
    suffix = (f"e{power}" if power else "") if exponent_form else _DECIMAL_SUFFIX[power]
    return f"{'-' if sign else ''}{mantissa}{suffix}"
