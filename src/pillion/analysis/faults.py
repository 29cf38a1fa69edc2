"""What happens to requests of a route on purpose: answers that are injected, delays, copies to others."""

from collections.abc import Iterator

from msgspec.structs import replace

from pillion.analysis.call import Result
from pillion.envoy.view.route import Fault, Forward, Route


def with_extras(route: Route, filters: tuple[str, ...], found: Result) -> Result:
    """Add faults and mirrors of a route to what becomes of a request there; a fault needs its filter in the chain."""
    notes = list(found.notes)
    fault = route.fault
    if fault is not None and fault.filter in filters:
        notes.extend(_faults(fault))
        if fault.aborted >= 1.0 and not fault.unread:
            found = replace(found, abort=fault.abort)
    if isinstance(route.action, Forward):
        for mirror in route.action.mirrors:
            where = mirror.cluster or "a cluster that a header names"
            notes.append(f"a copy of {_percent(mirror.fraction)} of the requests goes to {where}")
    return replace(found, notes=tuple(notes)) if len(notes) > len(found.notes) else found


def _faults(fault: Fault) -> Iterator[str]:
    only = f", if {' and '.join(fault.unread)} say so, which is not judged here" if fault.unread else ""
    if fault.delay and fault.delayed:
        yield f"a fault holds {_percent(fault.delayed)} of the requests back for {fault.delay}{only}"
    if fault.abort and fault.aborted and (only or fault.aborted < 1.0):
        yield f"a fault answers {_percent(fault.aborted)} of the requests with {fault.abort}{only}"


def _percent(share: float) -> str:
    return f"{100 * share:g} %"
