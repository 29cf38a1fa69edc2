"""What our programs may do."""

import pytest

from pillion.install.names import names_of
from pillion.install.options import Options
from pillion.install.rights import control_plane_rules, home_rules, injector_rules
from pillion.sources.kubernetes.watched import DEFINITIONS, mesh_collections

OPTIONS = Options()
NAMES = names_of(OPTIONS)
WATCHFUL = Options(native_sidecars="auto", platform="openshift")


def test_the_control_plane_may_read_what_it_watches() -> None:
    readable = {
        (group, resource)
        for rule in control_plane_rules(OPTIONS, NAMES)
        if set(rule["verbs"]) == {"get", "list", "watch"} and "resourceNames" not in rule
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    assert readable == {(each.group, each.plural) for each in (*mesh_collections(), DEFINITIONS)}


def test_the_injector_may_read_proxy_configs_and_whether_there_is_such_a_kind() -> None:
    reading = [rule for rule in injector_rules(OPTIONS) if "resourceNames" not in rule]
    assert {(rule["apiGroups"][0], rule["resources"][0], tuple(rule["verbs"])) for rule in reading} == {
        ("networking.istio.io", "proxyconfigs", ("get", "list", "watch")),
        (DEFINITIONS.group, DEFINITIONS.plural, ("get", "list", "watch")),
    }


@pytest.mark.parametrize(
    ("options", "more"),
    [
        (Options(native_sidecars="auto"), {"nodes"}),
        (Options(native_sidecars="true"), set[str]()),
        (Options(platform="openshift"), {"namespaces"}),
        (WATCHFUL, {"nodes", "namespaces"}),
    ],
)
def test_the_injector_may_read_what_it_is_told_to_look_at(options: Options, more: set[str]) -> None:
    added = [rule for rule in injector_rules(options) if rule not in injector_rules(OPTIONS)]
    assert {rule["resources"][0] for rule in added} == more
    assert all(rule["apiGroups"] == [""] and rule["verbs"] == ["get", "list", "watch"] for rule in added)


def test_nothing_is_allowed_by_a_wildcard() -> None:
    for rule in (*control_plane_rules(OPTIONS, NAMES), *home_rules(OPTIONS, NAMES), *injector_rules(WATCHFUL)):
        assert "*" not in {*rule["apiGroups"], *rule["resources"], *rule["verbs"]}
        assert "delete" not in rule["verbs"]


def test_in_the_cluster_only_status_and_named_objects_are_written() -> None:
    for rule in (*control_plane_rules(OPTIONS, NAMES), *injector_rules(WATCHFUL)):
        writes = set(rule["verbs"]) - {"get", "list", "watch"}
        is_status = all(resource.endswith("/status") for resource in rule["resources"])
        # What is created has no name yet that a rule could ask for; a review is only an answer.
        is_creation = rule["verbs"] == ["create"] and rule["resources"] in (["tokenreviews"], ["configmaps"])
        assert not writes or is_status or is_creation or "resourceNames" in rule


def test_what_is_not_wanted_is_not_allowed() -> None:
    little = Options(validation=False, status=False, allocate=False, certificate_secret="theirs")
    rules = (*control_plane_rules(little, NAMES), *home_rules(little, NAMES))
    plurals = {resource for rule in rules for resource in rule["resources"]}
    assert not {each for each in plurals if each.endswith(("/status", "webhookconfigurations"))}
    assert "leases" not in plurals
    writable = {resource for rule in rules if "create" in rule["verbs"] for resource in rule["resources"]}
    assert writable == {"configmaps", "secrets", "tokenreviews"}
    assert not any(NAMES.injector_certificate in rule.get("resourceNames", ()) for rule in rules)


def test_who_gives_addresses_may_write_the_status_of_entries_alone() -> None:
    options = Options(validation=False, status=False, certificate_secret="theirs")
    rules = (*control_plane_rules(options, NAMES), *home_rules(options, NAMES))
    assert [rule["resources"] for rule in rules if rule["verbs"] == ["patch"] and "resourceNames" not in rule] == [
        ["serviceentries/status"]
    ]
    assert [rule["resourceNames"] for rule in rules if rule["resources"] == ["leases"] and "resourceNames" in rule] == [
        ["pillion-ip-autoallocate"]
    ]
