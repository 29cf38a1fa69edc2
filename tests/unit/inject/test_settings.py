"""Settings: three texts, read once, every mistake with the name of the setting."""

import json

import pytest

from pillion.inject.policy import Policy
from pillion.inject.settings import Settings, compiled, default_settings, from_config_maps, to_config_maps


def test_our_own_settings_are_sound() -> None:
    assert compiled(default_settings()).diagnostics == ()
    assert default_settings().reversible


def test_a_file_that_is_no_config_is_the_sidecar_template() -> None:
    ready = compiled(Settings(config="spec:\n  containers:\n  - name: {{ .Values.name }}\n"))
    assert list(ready.templates) == ["sidecar"]
    assert ready.diagnostics == ()


def test_a_config_without_a_policy_injects_nothing() -> None:
    assert compiled(Settings(config="templates: {sidecar: ''}")).policy.policy == ""


def test_the_whole_config() -> None:
    config = {
        "policy": "disabled",
        "defaultTemplates": ["a", "b"],
        "aliases": {"both": ["a", "b"]},
        "templates": {"a": "", "b": ""},
        "neverInjectSelector": [{"matchLabels": {"app": "x"}}],
        "alwaysInjectSelector": [{"matchExpressions": [{"key": "y", "operator": "Exists"}]}],
        "injectedAnnotations": {"k": "v"},
    }
    ready = compiled(Settings(config=json.dumps(config)))
    assert ready.default_templates == ("a", "b")
    assert dict(ready.aliases) == {"both": ("a", "b")}
    assert dict(ready.injected_annotations) == {"k": "v"}
    assert ready.policy.policy == "disabled"
    assert ready.policy != Policy(policy="disabled")


@pytest.mark.parametrize(
    ("texts", "setting", "code", "part"),
    [
        ({"config": "templates: {sidecar: '{{ nope }}'}"}, "config", "bad-template", "sidecar:1"),
        ({"config": "templates: {sidecar: a}\naliases: 5"}, "config", "bad-config", "aliases: a map was expected"),
        ({"config": "templates: {sidecar: a}\nneverInjectSelector: [5]"}, "config", "bad-config", "label selectors"),
        ({"config": "templates: {sidecar: a}\ninjectedAnnotations: [a]"}, "config", "bad-config", "a map was expected"),
        ({"values": "["}, "values", "bad-values", ""),
        ({"values": "[]"}, "values", "bad-values", "a map was expected"),
        ({"mesh": "defaultConfig: {statusPort: x}"}, "mesh", "bad-mesh-config", "defaultConfig.statusPort"),
        ({"mesh": "5"}, "mesh", "bad-mesh-config", "a map was expected"),
    ],
)
def test_mistakes_name_their_setting(texts: dict[str, str], setting: str, code: str, part: str) -> None:
    (found,) = compiled(Settings(**({"config": "templates: {sidecar: ''}"} | texts), source="files")).diagnostics
    assert (found.code, found.where.resource, found.severity) == (code, f"files {setting}", "error")
    assert part in found.message


def test_an_unknown_field_of_the_mesh_config_is_a_warning() -> None:
    (found,) = compiled(Settings(config="", mesh="trustDomian: x")).diagnostics
    assert (found.code, found.severity) == ("unknown-field", "warning")


def config_map(name: str, **data: str) -> dict[str, object]:
    return {"kind": "ConfigMap", "metadata": {"name": name, "namespace": "istio-system"}, "data": data}


def test_settings_come_from_the_two_config_maps() -> None:
    maps = {
        "istio-sidecar-injector": config_map("istio-sidecar-injector", config="c", values="{}"),
        "istio": config_map("istio", mesh="m", meshNetworks="n"),
    }
    settings, missing = from_config_maps(maps)
    assert missing == ()
    assert (settings.config, settings.values, settings.mesh, settings.mesh_networks) == ("c", "{}", "m", "n")
    assert not settings.reversible


def test_without_config_maps_ours_are_used() -> None:
    settings, missing = from_config_maps({})
    assert missing == ()
    assert settings.config == default_settings().config
    assert settings.reversible


def test_a_missing_key_is_named() -> None:
    _, missing = from_config_maps({"istio-sidecar-injector": config_map("istio-sidecar-injector", config="c")})
    assert [(each.code, each.where.field) for each in missing] == [("missing-setting", "data.values")]


@pytest.mark.parametrize("revision", ["", "blue"])
@pytest.mark.parametrize("networks", ["", "networks: {}"])
def test_config_maps_read_back_as_what_was_written(revision: str, networks: str) -> None:
    settings = Settings(
        config="c", values="{}", mesh="m", mesh_networks=networks, source="ConfigMap istio-sidecar-injector"
    )
    injector, mesh_map = to_config_maps(settings, "home", revision)
    assert injector["metadata"] == {"name": f"istio-sidecar-injector-{revision}".removesuffix("-"), "namespace": "home"}
    assert mesh_map["metadata"]["name"] == f"istio-{revision}".removesuffix("-")
    assert from_config_maps({"istio-sidecar-injector": injector, "istio": mesh_map}) == (settings, ())
