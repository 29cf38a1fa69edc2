"""What the containers that injection adds ask of a node, added up."""

from collections.abc import Iterable
from decimal import Decimal

from pillion.inject.pod.containers import listed
from pillion.inject.schema.quantity import canonical
from pillion.inject.schema.types import Json, section
from pillion.value import FrozenMap, Value

_SUFFIXES = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}


class Totals(Value):
    """Requests and limits by resource, as quantities."""

    requests: FrozenMap[str] = FrozenMap()
    limits: FrozenMap[str] = FrozenMap()


def added(before: Json, after: Json) -> Totals:
    """Return what a pod runs with beyond what it had; init containers that end are not counted, they run alone."""
    return Totals(requests=_difference(before, after, "requests"), limits=_difference(before, after, "limits"))


def _difference(before: Json, after: Json, part: str) -> FrozenMap[str]:
    had, has = _sum(_running(before), part), _sum(_running(after), part)
    change = {name: amount - had.get(name, Decimal(0)) for name, amount in has.items()}
    return FrozenMap({name: written(amount, name) for name, amount in change.items() if amount})


def _running(pod: Json) -> Iterable[Json]:
    yield from listed(pod, "containers")
    yield from (each for each in listed(pod, "initContainers") if each.get("restartPolicy") == "Always")


def _sum(containers: Iterable[Json], part: str) -> dict[str, Decimal]:
    total: dict[str, Decimal] = {}
    for container in containers:
        for name, text in section(container, "resources", part).items():
            total[name] = total.get(name, Decimal(0)) + amount_of(str(text))
    return total


def amount_of(text: str) -> Decimal:
    """Return a quantity as a number; 0 for a text that is none."""
    found = canonical(text)
    if found is None:
        return Decimal(0)
    for suffix, power in _BINARY.items():
        if found.endswith(suffix):
            return Decimal(found.removesuffix(suffix)) * 1024**power
    exponent = _SUFFIXES.get(found[-1:])
    return Decimal(found) if exponent is None else Decimal(found[:-1]).scaleb(exponent)


def written(amount: Decimal, name: str) -> str:
    """Write a number as a quantity; memory in powers of two where that is exact."""
    if name == "memory" and amount % 1024 == 0:
        return canonical(f"{int(amount) // 1024}Ki") or "0"
    return canonical(f"{amount.normalize():f}") or "0"
