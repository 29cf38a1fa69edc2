"""A patch's JSON against its message: unknown fields, unknown types, Go's durations."""

from typing import Any

import pytest
from envoy.config.cluster.v3 import cluster_pb2

from pillion.envoy.patch.document import Fitting

Cluster: Any = cluster_pb2.Cluster.DESCRIPTOR


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("500ms", "0.500000000s"),
        ("1h30m", "5400.000000000s"),
        ("1.5s", "1.500000000s"),
        ("-2s", "-2.000000000s"),
        ("10us", "0.000010000s"),
        ("soon", "soon"),
        ("", ""),
    ],
)
def test_durations_are_put_in_seconds(written: str, read: str) -> None:
    assert Fitting().fitted({"connect_timeout": written}, Cluster, ()) == {"connect_timeout": read}


def test_a_text_that_is_no_duration_stays() -> None:
    assert Fitting().fitted({"name": "500ms"}, Cluster, ()) == {"name": "500ms"}


def test_unknown_fields_are_left_out_and_noted_with_their_place() -> None:
    fitting = Fitting()
    document = {
        "name": "a",
        "nothing": 1,
        "loadAssignment": {"endpoints": [{"lbEndpoints": [{"endpoint": {"hostname": "h", "colour": "red"}}]}]},
    }
    fitted = fitting.fitted(document, Cluster, ("value",))
    assert fitted["loadAssignment"]["endpoints"][0]["lbEndpoints"][0]["endpoint"] == {"hostname": "h"}
    assert "nothing" not in fitted
    inner = ("loadAssignment", "endpoints", 0, "lbEndpoints", 0, "endpoint", "colour")
    assert fitting.unknown_fields == [("value", "nothing"), ("value", *inner)]


def test_unknown_types_are_noted() -> None:
    fitting = Fitting()
    url = "type.googleapis.com/acme.Unknown"
    fitting.fitted({"transport_socket": {"typed_config": {"@type": url, "a": 1}}}, Cluster, ())
    assert fitting.unknown_types == [(("transport_socket", "typed_config", "@type"), url)]


def test_what_an_any_holds_is_fitted_too() -> None:
    fitting = Fitting()
    name = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    inner = {"common_http_protocol_options": {"idle_timeout": "1m", "odd": 1}}
    options = {name: {"@type": f"type.googleapis.com/{name}", **inner}}
    fitted = fitting.fitted({"typed_extension_protocol_options": options}, Cluster, ())
    found = fitted["typed_extension_protocol_options"][name]["common_http_protocol_options"]
    assert found == {"idle_timeout": "60.000000000s"}
    assert [path[-1] for path in fitting.unknown_fields] == ["odd"]


def test_free_json_stays_as_it_is() -> None:
    fitting = Fitting()
    document = {"metadata": {"filter_metadata": {"a": {"@type": "acme.Unknown", "wait": "500ms"}}}}
    assert fitting.fitted(document, Cluster, ()) == document
    assert not fitting.unknown_types
    assert not fitting.unknown_fields


def test_what_is_no_object_is_left_to_the_reader() -> None:
    assert Fitting().fitted({"connect_timeout": ["no"]}, Cluster, ()) == {"connect_timeout": ["no"]}
    assert Fitting().fitted({"load_assignment": "text"}, Cluster, ()) == {"load_assignment": "text"}
