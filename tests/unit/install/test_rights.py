"""What our programs may do."""

from pillion.install.names import names_of
from pillion.install.options import Options
from pillion.install.rights import control_plane_rules, home_rules, injector_rules
from pillion.sources.kubernetes.watched import DEFINITIONS, mesh_collections

NAMES = names_of(Options())


def test_the_control_plane_may_read_what_it_watches() -> None:
    readable = {
        (group, resource)
        for rule in control_plane_rules(NAMES)
        if set(rule["verbs"]) == {"get", "list", "watch"}
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    assert readable == {(each.group, each.plural) for each in (*mesh_collections(), DEFINITIONS)}


def test_the_injector_may_read_proxy_configs_and_whether_there_is_such_a_kind() -> None:
    reading = [rule for rule in injector_rules(NAMES) if "resourceNames" not in rule]
    assert {(rule["apiGroups"][0], rule["resources"][0], tuple(rule["verbs"])) for rule in reading} == {
        ("networking.istio.io", "proxyconfigs", ("get", "list", "watch")),
        (DEFINITIONS.group, DEFINITIONS.plural, ("get", "list", "watch")),
    }


def test_nothing_is_allowed_by_a_wildcard() -> None:
    for rule in (*control_plane_rules(NAMES), *home_rules(NAMES), *injector_rules(NAMES)):
        assert "*" not in {*rule["apiGroups"], *rule["resources"], *rule["verbs"]}
        assert "delete" not in rule["verbs"]


def test_in_the_cluster_only_status_and_named_objects_are_written() -> None:
    for rule in (*control_plane_rules(NAMES), *injector_rules(NAMES)):
        writes = set(rule["verbs"]) - {"get", "list", "watch"}
        is_status = all(resource.endswith("/status") for resource in rule["resources"])
        # What is created has no name yet that a rule could ask for; a review is only an answer.
        is_creation = rule["verbs"] == ["create"] and rule["resources"] in (["tokenreviews"], ["configmaps"])
        assert not writes or is_status or is_creation or "resourceNames" in rule
