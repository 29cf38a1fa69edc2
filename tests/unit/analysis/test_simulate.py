from typing import Any

import pytest

from pillion.analysis.call import Call, Error, Result
from pillion.analysis.filter_chains import HTTP_INSPECTOR, TLS_INSPECTOR
from pillion.analysis.simulate import simulate
from pillion.envoy.view.configuration import Cluster, Configuration
from pillion.envoy.view.listener import ChainMatch, FilterChain, Http, Listener, ListenerFilter, Tcp, Tls
from pillion.envoy.view.route import (
    Action,
    DirectResponse,
    Forward,
    PathMatch,
    Redirect,
    Route,
    RouteMatch,
    RouteTable,
    Unforwarded,
    VirtualHost,
    Weight,
)
from pillion.value import FrozenMap

ROOT = RouteMatch(path=PathMatch(how="prefix", text="/"))
TABLE = RouteTable(
    name="80",
    virtual_hosts=(
        VirtualHost(name="safe", domains=("safe",), require_tls="ALL"),
        VirtualHost(name="empty", domains=("empty",)),
        VirtualHost(
            name="shop", domains=("shop",), routes=(Route(name="all", match=ROOT, action=Forward(cluster="c")),)
        ),
    ),
)
WORKLOAD = Tls(certificates=("default",), require_client_certificate=True)


def _config(chain: FilterChain, table: RouteTable = TABLE) -> Configuration:
    listener = Listener(
        name="virtualOutbound",
        addresses=(("0.0.0.0", 15001),),
        filters=(ListenerFilter(name=TLS_INSPECTOR), ListenerFilter(name=HTTP_INSPECTOR)),
        chains=(chain,),
    )
    return Configuration(
        listeners=(listener,), tables=FrozenMap({"80": table}), clusters=FrozenMap({"c": Cluster(name="c")})
    )


def _call(**more: Any) -> Call:
    return Call(**({"address": "10.0.0.1", "port": 80, "host": "shop"} | more))


FETCHED = FilterChain(name="f", handler=Http(route_config="80"))


def test_a_request_comes_to_a_cluster() -> None:
    assert simulate(_config(FETCHED), _call()) == Result(
        listener="virtualOutbound",
        filter_chain="f",
        route_config="80",
        virtual_host="shop",
        route="all",
        cluster="c",
    )


def test_inline_routes_have_no_table_to_name() -> None:
    found = simulate(_config(FilterChain(handler=Http(inline=TABLE))), _call())
    assert (found.route_config, found.cluster) == ("", "c")


@pytest.mark.parametrize(
    ("chain", "call", "error"),
    [
        (FETCHED, _call(host="other"), "no virtual host matched"),
        (FETCHED, _call(host="safe"), "tls required, sending 301"),
        (FETCHED, _call(host="empty"), "no route matched"),
        (FETCHED, _call(protocol="tcp"), "protocol error"),
        (FETCHED, _call(encryption="tls"), "protocol error"),
        (FilterChain(handler=Http(route_config="absent")), _call(), "no virtual host matched"),
        (FilterChain(match=ChainMatch(port=81)), _call(), "no filter chains matched"),
        (FilterChain(), _call(), "no destination"),
        (FilterChain(handler=Tcp()), _call(), "no destination"),
        (FilterChain(handler=Tcp(cluster="c"), tls=WORKLOAD), _call(), "invalid TLS"),
        (FilterChain(handler=Tcp(cluster="c"), tls=WORKLOAD), _call(encryption="tls"), "invalid mTLS"),
        (
            FilterChain(handler=Tcp(cluster="c"), tls=Tls(certificates=("mine",))),
            _call(encryption="mtls"),
            "invalid mTLS",
        ),
        (FilterChain(handler=Tcp(cluster="c"), tls=WORKLOAD), _call(encryption="mtls"), None),
        (FilterChain(handler=Tcp(cluster="c"), tls=Tls(certificates=("mine",))), _call(encryption="tls"), None),
        (FilterChain(handler=Tcp(cluster="c")), _call(encryption="tls"), None),
    ],
)
def test_why_a_call_ends(chain: FilterChain, call: Call, error: Error | None) -> None:
    found = simulate(_config(chain), call)
    assert found.error == error
    assert (found.cluster == "c") == (error is None)


def test_no_listener() -> None:
    assert simulate(Configuration(), _call()) == Result(error="no listener matched")


@pytest.mark.parametrize(
    ("action", "result"),
    [
        (DirectResponse(status=418), {"direct_response": 418}),
        (Redirect(host="other"), {"redirect": "301 http://other/"}),
        (
            Forward(weighted=(Weight(cluster="c", weight=1), Weight(cluster="d", weight=3))),
            {"weighted": FrozenMap({"c": 1, "d": 3}), "missing_clusters": ("d",)},
        ),
        (Forward(cluster_header="x-where"), {"cluster": "c"}),
        (Forward(cluster_header="x-other"), {"error": "no destination"}),
        (Forward(unread="plugin"), {"error": "no destination"}),
        (Unforwarded(), {"error": "no destination"}),
    ],
)
def test_what_routes_do(action: Action, result: dict[str, Any]) -> None:
    host = VirtualHost(name="v", domains=("*",), routes=(Route(match=ROOT, action=action),))
    found = simulate(
        _config(FETCHED, RouteTable(name="80", virtual_hosts=(host,))), _call(headers=FrozenMap({"x-where": "c"}))
    )
    assert {name: getattr(found, name) for name in result} == result


def test_a_manager_may_answer_before_it_looks_for_a_route() -> None:
    def answer(action: Any) -> Result:
        chain = FilterChain(handler=Http(route_config="80", escaped_slashes=action))
        return simulate(_config(chain), _call(path="/a%2Fb"))

    assert answer("REJECT_REQUEST").direct_response == 400
    assert answer("UNESCAPE_AND_REDIRECT").redirect == "307 /a/b"
    assert answer("KEEP_UNCHANGED").cluster == "c"
