"""Documents in force to resources in force."""

from typing import Any

import pytest

from pillion.local.server.intake import NOTHING, check, take_in
from pillion.local.server.overlay import Overlay
from pillion.resources.documents import read
from pillion.resources.meta import Ref
from pillion.value import FrozenMap, Origin

SIDECAR = "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: one, namespace: shop}\nspec:\n"
REF = Ref(kind="Sidecar", namespace="shop", name="one")


def overlay(text: str) -> Overlay:
    return Overlay().with_files(read(text, "a.yaml").documents)


def test_what_became_wrong_stays_as_it_was() -> None:
    good = take_in(overlay(SIDECAR + "  egress: [{hosts: ['./*']}]\n").held(), NOTHING, FrozenMap())
    assert good.diagnostics == ()
    bad = take_in(overlay(SIDECAR + "  egress: [{hosts: ['nonsense']}]\n").held(), good, FrozenMap())
    assert bad.taken[REF] is good.taken[REF]
    (told,) = bad.diagnostics
    assert told.severity == "error"
    assert told.message.endswith("; the last good version stays in force")
    never = take_in(overlay(SIDECAR + "  egress: [{hosts: ['nonsense']}]\n").held(), NOTHING, FrozenMap())
    assert never.taken == {}
    assert "stays in force" not in never.diagnostics[0].message


def test_what_was_deleted_does_not_stay_because_the_file_that_counts_again_is_wrong() -> None:
    wrong = overlay(SIDECAR + "  egress: [{hosts: ['nonsense']}]\n")
    applied = wrong.with_applied(read(SIDECAR + "  egress: [{hosts: ['./*']}]\n", "b.yaml").documents)
    before = take_in(applied.held(), NOTHING, FrozenMap())
    assert REF in before.taken
    after = take_in(applied.without([REF]).held(), before, FrozenMap())
    assert REF not in after.taken
    assert [each.code for each in after.diagnostics] == ["invalid-host"]


PATCH = (
    "apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata: {name: one, namespace: shop}\nspec:\n"
    "  configPatches:\n  - applyTo: CLUSTER\n    patch: {operation: MERGE, value: {respect_dns_ttl: %s}}\n"
)


@pytest.mark.parametrize(("one", "other"), [("1", "true"), ("0", "false"), ("true", "1")])
def test_a_number_in_the_place_of_a_boolean_is_a_change(one: str, other: str) -> None:
    ref = Ref(kind="EnvoyFilter", namespace="shop", name="one")
    first = take_in(overlay(PATCH % one).held(), NOTHING, FrozenMap())
    second = take_in(overlay(PATCH % other).held(), first, FrozenMap())
    assert second.taken[ref].resource != first.taken[ref].resource
    again = take_in(overlay(PATCH % other).held(), second, FrozenMap())
    assert again.taken[ref].resource is second.taken[ref].resource


def test_a_warning_is_told_as_long_as_its_document_is_in_force() -> None:
    text = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {sellector: {}, ports: [{port: 80}]}\n"
    once = take_in(overlay(text).held(), NOTHING, FrozenMap())
    again = take_in(overlay(text).held(), once, FrozenMap())
    assert [each.code for each in once.diagnostics] == ["unknown-field"]
    assert again.diagnostics == once.diagnostics


def test_each_document_without_a_name_has_its_own_mistake() -> None:
    text = "kind: Service\napiVersion: v1\n---\nfoo: 1\n---\nfoo: 2\n"
    found = take_in(overlay(text).held(), NOTHING, FrozenMap())
    assert {each.where.origin.document for each in found.diagnostics if each.where.origin} == {0, 1, 2}


def test_a_workload_without_containers_is_refused() -> None:
    content: dict[str, Any] = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {}}
    resource, found = check(content, Origin(file="a.yaml"))
    assert resource is None
    assert any(each.code == "no-containers" and each.where.origin == Origin(file="a.yaml") for each in found)


def test_a_name_must_be_said() -> None:
    content = {"apiVersion": "v1", "kind": "Service", "metadata": {"generateName": "web-"}, "spec": {"ports": []}}
    resource, found = check(content, Origin())
    assert resource is None
    assert "missing-name" in [each.code for each in found]
