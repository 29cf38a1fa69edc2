from typing import Any

import pytest

from pillion.analysis.call import Call
from pillion.analysis.filter_chains import HTTP_INSPECTOR, TLS_INSPECTOR, Sniffed, choose_chain, sniff
from pillion.envoy.view.listener import (
    Always,
    ChainMatch,
    Every,
    FilterChain,
    Listener,
    ListenerFilter,
    Not,
    PortRange,
    Some,
)

BOTH = (ListenerFilter(name=TLS_INSPECTOR), ListenerFilter(name=HTTP_INSPECTOR))


def _listener(
    *matches: tuple[str, ChainMatch], default: str = "", filters: tuple[ListenerFilter, ...] = BOTH
) -> Listener:
    return Listener(
        name="l",
        filters=filters,
        chains=tuple(FilterChain(name=name, match=match) for name, match in matches),
        default_chain=FilterChain(name=default) if default else None,
    )


def _call(**more: Any) -> Call:
    return Call(**({"address": "10.1.2.3", "port": 443} | more))


def _chosen(listener: Listener, call: Call) -> str:
    found = choose_chain(listener, call, sniff(listener, call, "envoy"))
    return found.name if isinstance(found, FilterChain) else found


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (_call(), Sniffed(transport="raw_buffer", server_name="", protocols=("http/1.1",))),
        (_call(protocol="http2"), Sniffed(transport="raw_buffer", server_name="", protocols=("h2c",))),
        (_call(protocol="tcp"), Sniffed(transport="raw_buffer", server_name="", protocols=())),
        (
            _call(encryption="tls", host="A.example"),
            Sniffed(transport="tls", server_name="a.example", protocols=("http/1.1",)),
        ),
        (
            _call(encryption="mtls", protocol="tcp", host="a.example", sni="b.example"),
            Sniffed(transport="tls", server_name="b.example", protocols=("istio",)),
        ),
        (_call(encryption="mtls", alpn=("x", "y")), Sniffed(transport="tls", server_name="", protocols=("x", "y"))),
    ],
)
def test_what_inspectors_read(call: Call, expected: Sniffed) -> None:
    assert sniff(_listener(), call, "envoy") == expected


def test_without_inspectors_everything_is_bytes() -> None:
    bare = _listener(filters=())
    unread = Sniffed(transport="raw_buffer", server_name="", protocols=())
    assert sniff(bare, _call(), "envoy") == unread
    assert sniff(bare, _call(encryption="tls", sni="a.example"), "envoy") == unread


def test_the_last_filter_of_a_name_counts() -> None:
    twice = _listener(filters=(*BOTH, ListenerFilter(name=HTTP_INSPECTOR, disabled=Always())))
    assert sniff(twice, _call(), "envoy").protocols == ()


@pytest.mark.parametrize(
    ("predicate", "disabled"),
    [
        (PortRange(start=443, end=444), True),
        (PortRange(start=400, end=443), False),
        (Not(rule=PortRange(start=443, end=444)), False),
        (Some(rules=(PortRange(start=1, end=2), PortRange(start=443, end=444))), True),
        (Some(rules=()), False),
        (Every(rules=(Always(), PortRange(start=1, end=2))), False),
    ],
)
def test_a_filter_may_be_disabled_for_ports(predicate: Any, disabled: bool) -> None:
    listener = _listener(filters=(ListenerFilter(name=HTTP_INSPECTOR, disabled=predicate),))
    assert (sniff(listener, _call(), "envoy").protocols == ()) == disabled


def test_a_chain_of_the_port_shuts_out_the_others_even_if_it_does_not_fit() -> None:
    listener = _listener(
        ("port", ChainMatch(port=443, transport="tls")), ("any", ChainMatch(transport="raw_buffer")), default="default"
    )
    assert _chosen(listener, _call(encryption="tls")) == "port"
    assert _chosen(listener, _call()) == "default"
    assert _chosen(listener, _call(port=80)) == "any"


def test_the_longest_network_wins() -> None:
    listener = _listener(
        ("wide", ChainMatch(prefixes=("10.0.0.0/8",))),
        ("narrow", ChainMatch(prefixes=("fd00::/8", "10.1.2.0/24"))),
        ("all", ChainMatch(prefixes=("0.0.0.0/0",))),
    )
    assert [_chosen(listener, _call(address=each)) for each in ("10.1.2.3", "10.9.9.9", "192.0.2.1", "fd00::1")] == [
        "narrow",
        "wide",
        "all",
        "narrow",
    ]


def test_the_most_exact_server_name_wins() -> None:
    listener = _listener(
        ("exact", ChainMatch(server_names=("a.b.example",))),
        ("long", ChainMatch(server_names=("*.b.example",))),
        ("short", ChainMatch(server_names=("*.example",))),
        ("none", ChainMatch()),
    )
    names = ("a.b.example", "x.b.example", "b.example", "x.y.example", "example")
    chosen = [_chosen(listener, _call(encryption="tls", sni=name)) for name in names]
    assert chosen == ["exact", "long", "short", "short", "none"]


def test_the_clients_first_protocol_wins() -> None:
    listener = _listener(
        ("h2", ChainMatch(application_protocols=("h2",))), ("h1", ChainMatch(application_protocols=("http/1.1",)))
    )
    assert _chosen(listener, _call(encryption="tls", alpn=("http/1.1", "h2"))) == "h1"
    assert _chosen(listener, _call(encryption="tls", alpn=("x", "h2", "http/1.1"))) == "h2"
    assert _chosen(listener, _call(encryption="tls", alpn=())) == "no filter chains matched"


def test_the_source_counts_last() -> None:
    listener = _listener(
        ("near", ChainMatch(source_type="SAME_IP_OR_LOOPBACK")),
        ("far", ChainMatch(source_type="EXTERNAL", source_prefixes=("192.0.2.0/24",))),
        ("port", ChainMatch(source_type="EXTERNAL", source_ports=(7,))),
    )
    assert _chosen(listener, _call(source="127.0.0.1")) == "near"
    assert _chosen(listener, _call(source="192.0.2.1", source_port=7)) == "far"
    assert _chosen(listener, _call(source="198.51.100.1", source_port=7)) == "port"


def test_two_chains_that_fit_alike_are_an_error() -> None:
    assert _chosen(_listener(("a", ChainMatch()), ("b", ChainMatch())), _call()) == "multiple filter chains matched"
