"""A type as an OpenAPI schema."""

from typing import Any, ClassVar, Literal

from pillion.install.crd.schema import schema_of
from pillion.resources.duration import Duration
from pillion.resources.frozen import FrozenJson
from pillion.resources.istio.destination_rule import DestinationRule
from pillion.resources.istio.extension import TrafficExtension
from pillion.resources.istio.security import RequestAuthentication
from pillion.resources.istio.service_entry import ServiceEntry
from pillion.resources.meta import Metadata
from pillion.resources.number import Unsigned
from pillion.value import FrozenMap, Value


class Inner(Value, rename="camel"):
    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("first_way", "second_way"),)

    first_way: bool | None = None
    second_way: str | None = None


class Spec(Value, rename="camel"):
    text: str = ""
    port_number: Unsigned = 0
    maybe: int | None = None
    share: float = 0.0
    how: Literal["", "FAST", "SLOW"] = ""
    names: tuple[str, ...] = ()
    inner: Inner | None = None
    more: FrozenMap[Inner] = FrozenMap()
    wait: Duration | None = None
    anything: FrozenJson = None


class Kind(Value, rename="camel"):
    metadata: Metadata = Metadata()
    spec: Spec = Spec()


def _spec(kind: type[Any]) -> dict[str, Any]:
    return schema_of(kind)["properties"]["spec"]["properties"]


def test_types_of_fields() -> None:
    fields = _spec(Kind)
    assert fields["text"] == {"type": "string"}
    assert fields["portNumber"] == {"type": "integer", "minimum": 0, "maximum": 2**32 - 1}
    assert fields["maybe"] == {"type": "integer", "nullable": True}
    assert fields["share"] == {"type": "number"}
    assert fields["how"] == {"type": "string", "enum": ["FAST", "SLOW"]}
    assert fields["names"] == {"type": "array", "items": {"type": "string"}}
    assert fields["anything"] == {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    assert fields["wait"]["type"] == "string"
    assert 'duration("1ms")' in fields["wait"]["x-kubernetes-validations"][0]["rule"]


def test_alternatives_exclude_each_other_and_are_never_null() -> None:
    inner = _spec(Kind)["inner"]
    assert inner["not"] == {"anyOf": [{"required": ["firstWay", "secondWay"]}]}
    assert "nullable" not in inner["properties"]["firstWay"]
    assert _spec(Kind)["more"] == {"type": "object", "additionalProperties": inner}


def test_status_holds_anything_and_metadata_is_the_servers() -> None:
    schema = schema_of(Kind)
    assert set(schema["properties"]) == {"spec", "status"}
    assert schema["properties"]["status"]["x-kubernetes-preserve-unknown-fields"] is True
    assert "required" not in schema


def test_needs_sizes_and_rules_come_with_the_type() -> None:
    assert schema_of(ServiceEntry)["required"] == ["spec"]
    spec = schema_of(ServiceEntry)["properties"]["spec"]
    assert spec["required"] == ["hosts"]
    assert (spec["properties"]["hosts"]["minItems"], spec["properties"]["hosts"]["maxItems"]) == (1, 256)
    assert spec["properties"]["hosts"]["items"]["x-kubernetes-validations"][0]["rule"] == 'self != "*"'
    assert spec["properties"]["addresses"]["items"]["maxLength"] == 64
    assert spec["properties"]["ports"]["x-kubernetes-list-map-keys"] == ["name"]
    assert any("DNS_ROUND_ROBIN" in rule["rule"] for rule in spec["x-kubernetes-validations"])


def test_an_alias_is_a_field_too() -> None:
    rule = _spec(RequestAuthentication)["jwtRules"]["items"]["properties"]
    assert rule["jwks_uri"] == rule["jwksUri"]


def test_ports_that_tell_items_apart_must_be_there() -> None:
    ports = _spec(TrafficExtension)["match"]["items"]["properties"]["ports"]
    assert ports["items"]["required"] == ["number"]
    assert ports["items"]["properties"]["number"]["minimum"] == 1


def test_endless_durations_are_not_judged() -> None:
    pool = _spec(DestinationRule)["trafficPolicy"]["properties"]["connectionPool"]["properties"]["tcp"]["properties"]
    assert "x-kubernetes-validations" in pool["connectTimeout"]
    assert pool["idleTimeout"] == {"type": "string"}
