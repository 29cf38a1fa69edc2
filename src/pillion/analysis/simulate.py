"""One call through the configuration of one proxy: listener, filter chain, virtual host, route, cluster, or why not.

Mirrors Envoy: what its listener filters read, how it chooses chains and routes, and what it does with bytes that a
chain cannot read. Policies that refuse a call after it was routed are not evaluated here.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from pillion.analysis.call import Call, Error, Profile, Result
from pillion.analysis.faults import with_extras
from pillion.analysis.filter_chains import choose_chain, sniff
from pillion.analysis.listeners import choose_listener
from pillion.analysis.paths import normal_path
from pillion.analysis.routes import choose_route, location_of, request_headers
from pillion.analysis.virtual_hosts import choose_virtual_host, normal_host
from pillion.envoy.view.configuration import Configuration
from pillion.envoy.view.listener import FilterChain, Http, Tcp
from pillion.envoy.view.route import (
    DirectResponse,
    Forward,
    Redirect,
    Route,
    Unforwarded,
    VirtualHost,
    Weight,
)
from pillion.value import FrozenMap, Value


class Question(Value):
    """What is asked, by all parts of the answer."""

    config: Configuration
    call: Call
    profile: Profile
    filters: tuple[str, ...] = ()
    """The names of the HTTP filters that the call meets."""


def simulate(config: Configuration, call: Call, profile: Profile = "envoy") -> Result:
    """Return what becomes of a call."""
    listener = choose_listener(config, call, profile)
    if listener is None:
        return Result(error="no listener matched")
    chain = choose_chain(listener, call, sniff(listener, call, profile))
    if not isinstance(chain, FilterChain):
        return Result(listener=listener.name, error=chain)
    found = Result(listener=listener.name, filter_chain=chain.name, tls=chain.tls)
    problem = _tls_problem(chain, call)
    if problem is not None:
        return replace(found, error=problem)
    match chain.handler:
        case Http():
            if call.protocol == "tcp" or (call.encryption != "plaintext" and chain.tls is None):
                return replace(found, error="protocol error")
            question = Question(config=config, call=call, profile=profile, filters=chain.handler.filters)
            return _http(question, chain.handler, found)
        case Tcp():
            return _ended(config, found, chain.handler.cluster, chain.handler.weighted)
        case None:
            return replace(found, error="no destination", notes=("its filters end in no proxy that is read here",))


def _tls_problem(chain: FilterChain, call: Call) -> Error | None:
    if chain.tls is None:
        return None
    if call.encryption == "plaintext":
        return "invalid TLS"
    workload = chain.tls.certificates[:1] == (call.workload_certificate,) and chain.tls.require_client_certificate
    return "invalid mTLS" if workload != (call.encryption == "mtls") else None


def _http(question: Question, manager: Http, found: Result) -> Result:
    table = manager.inline or question.config.tables.get(manager.route_config)
    if manager.inline is None:
        found = replace(found, route_config=manager.route_config)
    path, verdict = question.call.path, ""
    if question.profile == "envoy":
        question = replace(question, call=replace(question.call, host=normal_host(manager, question.call)))
        path, verdict = normal_path(manager, path)
    if verdict == "reject":
        return replace(found, direct_response=400, notes=("the path holds escaped slashes",))
    if verdict == "redirect":
        return replace(found, redirect=f"307 {path}")
    if table is None:
        note = f"{manager.unread} is not read here" if manager.unread else "the route table is not there"
        return replace(found, error="no virtual host matched", notes=(note,))
    host = choose_virtual_host(table, question.call.host, question.profile)
    if host is None:
        return replace(found, error="no virtual host matched")
    return _on_host(question, host, replace(found, virtual_host=host.name), path)


def _on_host(question: Question, host: VirtualHost, found: Result, path: str) -> Result:
    if _wants_tls(host, question.call, question.profile):
        return replace(found, error="tls required, sending 301")
    chosen = choose_route(host, question.call, path, question.profile)
    if chosen.route is None:
        notes = (*chosen.notes, f"{host.unread} is not read here") if host.unread else chosen.notes
        return replace(found, error="no route matched", notes=notes)
    found = replace(found, route=chosen.route.name, notes=chosen.notes)
    if question.profile == "envoy":
        found = with_extras(chosen.route, question.filters, found)
    return _act(question, chosen.route, found, path)


def _wants_tls(host: VirtualHost, call: Call, profile: Profile) -> bool:
    if call.encryption != "plaintext" or host.require_tls == "NONE":
        return False
    if profile == "istio_test":
        return host.require_tls == "ALL"
    return call.headers.get("x-forwarded-proto") != "https"


def _act(question: Question, route: Route, found: Result, path: str) -> Result:
    match route.action:
        case Forward():
            return _forward(question, route.action, found, path)
        case Redirect():
            return replace(found, redirect=location_of(route.action, route.match, question.call, path))
        case DirectResponse():
            return replace(found, direct_response=route.action.status)
        case Unforwarded():
            return replace(found, error="no destination", notes=(*found.notes, "the route leads to no cluster"))


def _forward(question: Question, action: Forward, found: Result, path: str) -> Result:
    if action.unread:
        return replace(found, error="no destination", notes=(*found.notes, f"{action.unread} is not read here"))
    if action.cluster_header:
        named = request_headers(question.call, path).get(action.cluster_header, "")
        return _ended(question.config, found, named, ())
    return _ended(question.config, found, action.cluster, action.weighted)


def _ended(config: Configuration, found: Result, cluster: str, weighted: Iterable[Weight]) -> Result:
    weights: dict[str, int] = {}
    for each in weighted:
        weights[each.cluster] = weights.get(each.cluster, 0) + each.weight
    if not cluster and not weights:
        return replace(found, error="no destination")
    named = sorted({*weights} | ({cluster} if cluster else set()))
    return replace(
        found,
        cluster=cluster,
        weighted=FrozenMap(weights),
        missing_clusters=tuple(name for name in named if name not in config.clusters),
    )
