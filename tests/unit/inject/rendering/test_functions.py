"""Istio's template functions, by rendering with them."""

import json
from typing import Any

import pytest

from pillion.inject.gotemplate.template import parse
from pillion.inject.rendering.functions import (
    FUNCTIONS,
    append_multus_network,
    go_duration,
    indent,
    omit_nil,
    otel_attributes,
    ports_of,
)
from pillion.inject.schema.message import MessageReader
from pillion.inject.schema.types import table
from pillion.inject.schema.view import message_view, pod_views

KUBERNETES, MESH = table("kubernetes"), table("mesh")
POD = {
    "metadata": {"name": "p", "annotations": {"a": "1", "empty": ""}},
    "spec": {
        "containers": [
            {"name": "app", "ports": [{"containerPort": 80}, {"containerPort": 53, "protocol": "UDP"}]},
            {"name": "istio-proxy", "ports": [{"containerPort": 15090, "name": "x<y"}]},
        ]
    },
}


def render(text: str) -> str:
    metadata, spec = pod_views(KUBERNETES, POD)
    config = MessageReader(MESH).message(
        {"drainDuration": "90s", "statusPort": 15099, "binaryPath": "/usr/local/bin/envoy"}, "ProxyConfig"
    )
    data: dict[str, Any] = {
        "ObjectMeta": metadata,
        "Spec": spec,
        "ProxyConfig": message_view(MESH, config, "ProxyConfig"),
    }
    data |= {"Nil": None, "Values": {"b": [1, None], "a": {"x": "y"}}}
    return parse("t", "{{ " + text + " }}", FUNCTIONS).render(data)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('annotation .ObjectMeta "a" 5', "1"),
        ('annotation .ObjectMeta "empty" 5', ""),
        ('annotation .ObjectMeta "b" 5', "5"),
        ('annotation .ObjectMeta "b" .ProxyConfig.InterceptionMode', "REDIRECT"),
        ('annotation .ObjectMeta "b" .Nil', "&lt;nil&gt;".replace("&lt;", "<").replace("&gt;", ">")),
        ('isset .ObjectMeta.Annotations "empty"', "true"),
        ('isset .ObjectMeta.Annotations "b"', "false"),
        ('excludeInboundPort 15020 "80"', "80,15020"),
        ('excludeInboundPort "15020" "80, 15020 "', "80,15020,15020"),
        ('excludeInboundPort "80" "80"', "80"),
        ('excludeInboundPort 0 "80"', "80"),
        ('excludeInboundPort 15020 ""', "15020"),
        ("includeInboundPorts .Spec.Containers", "80,15090"),
        ("applicationPorts .Spec.Containers", "80"),
        ('kubevirtInterfaces "eth0"', "eth0"),
        ('valueOrDefault "" "x"', "x"),
        ("valueOrDefault .Nil 1", "1"),
        ("valueOrDefault 0 1", "0"),
        ("toJSON .ObjectMeta.Annotations", '{"a":"1","empty":""}'),
        ("toJSON .ObjectMeta.Labels", "{}"),
        ('(fromJSON "{\\"k\\": [1]}").k', "[1]"),
        ('fromJSON "nonsense"', "{}"),
        ("structToJSON (index (index .Spec.Containers 1).Ports 0)", '{"name":"x\\u003cy","containerPort":15090}'),
        ("structToJSON .Nil", "{}"),
        ("structToJSON .Values", '{"a":{"x":"y"},"b":[1,null]}'),
        ("protoToJSON .ProxyConfig", '{"drainDuration":"90s","statusPort":15099}'),
        ("toYaml .Values", 'a:\n  x: "y"\nb:\n- 1\n- null\n'),
        ('indent 2 "a\\nb"', "a\n  b"),
        ('directory "/etc/certs/ca.pem"', "/etc/certs/"),
        ('directory "ca.pem"', ""),
        ('contains "b" "abc"', "true"),
        ('toLower "ReplicaSet"', "replicaset"),
        ('env "HOME" "nobody"', "nobody"),
        ('omit .ObjectMeta.Annotations "a"', "map[empty:]"),
        ('strdict "a" "1" "b"', "map[a:1 b:]"),
        ('toJsonMap (strdict "b" "1") (strdict "a" "2" "b" "3")', '{"a":"2","b":"3"}'),
        ('mergeMaps (strdict "a" "1") (strdict "a" "2")', "map[a:2]"),
        ("formatDuration .ProxyConfig.DrainDuration", "1m30s"),
    ],
)
def test_functions_in_templates(text: str, wanted: str) -> None:
    assert render(text) == wanted


@pytest.mark.parametrize(
    ("nanoseconds", "wanted"),
    [
        (0, "0s"),
        (1, "1ns"),
        (1500, "1.5µs"),
        (2 * 10**6, "2ms"),
        (45 * 10**9, "45s"),
        (3600 * 10**9, "1h0m0s"),
        (-(10**9), "-1s"),
    ],
)
def test_durations_are_printed_as_go_prints_them(nanoseconds: int, wanted: str) -> None:
    assert go_duration(nanoseconds) == wanted


@pytest.mark.parametrize(
    ("existing", "wanted"),
    [
        ("", "default/istio-cni"),
        ("a", "a, default/istio-cni"),
        ("a, default/istio-cni", "a, default/istio-cni"),
        ('[{"name": "a"}]', '[{"name": "a"}, {"name": "istio-cni", "namespace": "default"}]'),
        ('[{"name": "istio-cni", "namespace": "default"}]', '[{"name": "istio-cni", "namespace": "default"}]'),
        ("[nonsense]", "[nonsense]"),
    ],
)
def test_multus_networks(existing: str, wanted: str) -> None:
    assert append_multus_network(existing, "default/istio-cni") == wanted


def test_nulls_go_with_what_they_leave_empty() -> None:
    assert omit_nil({"a": None, "b": {"c": None}, "d": [None, 1], "e": {}}) == {"d": [1], "e": {}}
    assert omit_nil({"a": None}) is None
    whole = {"a": [1, {}]}
    assert omit_nil(whole) is whole


def test_resource_attributes_follow_the_images_tag() -> None:
    config = {"extensionProviders": [{"opentelemetry": {"serviceAttributeEnrichment": "OTEL_SEMANTIC_CONVENTIONS"}}]}
    pods = [{"name": "app", "image": "host:5000/app:1.2@sha256:ab"}]
    wanted = "service.namespace=shop,service.version=1.2@sha256:ab,service.instance.id=shop.$(POD_NAME).app"
    assert otel_attributes(config, {}, {}, "shop", pods) == wanted
    assert otel_attributes({}, {}, {}, "shop", pods) == ""


def test_only_tcp_ports_count() -> None:
    assert ports_of(json.loads('{"ports": [{"containerPort": 1, "protocol": "SCTP"}, {"containerPort": 2}]}')) == ["2"]
    assert indent(1, "a") == "a"
