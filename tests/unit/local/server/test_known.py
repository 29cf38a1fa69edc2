"""What an API server says of names and fields."""

import pytest

from pillion.local.server.known import check_fields, check_name
from pillion.resources.meta import Ref
from pillion.value import Origin

WEB = Ref(kind="Service", namespace="shop", name="web")


@pytest.mark.parametrize("name", ["web", "a-b.c", "x" * 253, "7"])
def test_a_name_that_kubernetes_takes(name: str) -> None:
    assert check_name(Ref(kind="Service", namespace="shop", name=name), Origin()) == ()


@pytest.mark.parametrize("name", ["Web", "a b", "-a", "a-", "a..b", "x" * 254, "a/b"])
def test_a_name_that_it_refuses(name: str) -> None:
    (told,) = check_name(Ref(kind="Service", namespace="shop", name=name), Origin())
    assert (told.code, told.severity) == ("invalid-name", "error")
    assert len(told.message) < 150


def test_a_field_that_a_service_does_not_have_is_a_warning_with_the_field_that_was_meant() -> None:
    content = {"kind": "Service", "Spec": {}, "spec": {"sellector": {}, "ports": [{"port": 80}, {"targetport": 1}]}}
    told = check_fields(content, WEB, Origin())
    assert [(each.where.field, each.severity, each.hint) for each in told] == [
        ("Spec", "warning", "did you mean spec?"),
        ("spec.sellector", "warning", "did you mean selector?"),
        ("spec.ports[1].targetport", "warning", "did you mean targetPort?"),
    ]


@pytest.mark.parametrize("spec", [None, 5, {"ports": 7}, {"ports": [None]}])
def test_a_shape_that_is_no_services_is_for_others_to_tell(spec: object) -> None:
    assert check_fields({"kind": "Service", "spec": spec}, WEB, Origin()) == ()
