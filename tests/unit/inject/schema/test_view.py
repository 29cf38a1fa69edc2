"""Documents as templates see them."""

from typing import Any

import pytest

from pillion.inject.gotemplate.errors import TemplateError
from pillion.inject.gotemplate.template import parse
from pillion.inject.schema.types import table
from pillion.inject.schema.view import GoDuration, StructView, message_view, plain, pod_views

KUBERNETES, MESH = table("kubernetes"), table("mesh")
POD: dict[str, Any] = {
    "metadata": {"name": "p", "labels": {"app": "web"}},
    "spec": {
        "containers": [{"name": "app", "securityContext": {"runAsUser": 0}, "ports": [{"containerPort": 80}]}],
        "volumes": [{"name": "v", "configMap": {"name": "c"}}],
    },
}
CONFIG = {
    "tracing": {"zipkin": {"address": "z:1"}},
    "serviceCluster": "s",
    "drainDuration": "45s",
    "holdApplicationUntilProxyStarts": True,
}


def render(text: str) -> str:
    metadata, spec = pod_views(KUBERNETES, POD)
    data = {"Meta": metadata, "Spec": spec, "Config": message_view(MESH, CONFIG, "ProxyConfig")}
    return parse("t", "{{ " + text + " }}").render(data | {"Empty": message_view(MESH, {}, "ProxyConfig")})


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (".Meta.Name", "p"),
        (".Meta.Namespace", ""),
        (".Meta.Labels.app", "web"),
        ('index .Meta.Annotations "x"', ""),
        ("len .Spec.Containers", "1"),
        ("(index .Spec.Containers 0).SecurityContext.RunAsUser", "0"),
        ("if (index .Spec.Containers 0).SecurityContext }}yes{{ end", "yes"),
        ("if .Spec.SecurityContext }}yes{{ else }}no{{ end", "no"),
        ("(index .Spec.Volumes 0).ConfigMap.Name", "c"),
        ("range (index .Spec.Containers 0).Ports }}{{ .ContainerPort }}{{ end", "80"),
        (".Spec.HostNetwork", "false"),
        (".Config.InterceptionMode", "REDIRECT"),
        (".Config.InterceptionMode.String", "REDIRECT"),
        (".Config.GetServiceCluster", "s"),
        (".Config.HoldApplicationUntilProxyStarts.GetValue", "true"),
        (".Empty.HoldApplicationUntilProxyStarts.GetValue", "false"),
        (".Config.GetTracing.GetZipkin.GetAddress", "z:1"),
        (".Empty.GetTracing.GetTlsSettings.GetCaCertificates", ""),
        ("if .Empty.Tracing }}yes{{ else }}no{{ end", "no"),
        ("if .Config.Tracing }}yes{{ else }}no{{ end", "yes"),
        ('index .Config.ProxyMetadata "x"', ""),
        (".Config.DrainDuration", "seconds:45"),
    ],
)
def test_fields_getters_and_zeros(text: str, wanted: str) -> None:
    assert render(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        ".Meta.NoSuch",
        ".Spec.SecurityContext.RunAsUser",
        ".Config.NoSuch",
        ".Config.GetNoSuch",
        ".Config.ServiceCluster",
        ".Empty.Tracing.NoSuch",
    ],
)
def test_what_go_refuses_is_refused(text: str) -> None:
    with pytest.raises(TemplateError):
        render(text)


def test_views_go_back_to_json() -> None:
    metadata, spec = pod_views(KUBERNETES, POD)
    assert plain(metadata) == POD["metadata"]
    assert plain(spec.Containers)[0]["ports"] == [{"containerPort": 80}]
    assert plain(message_view(MESH, CONFIG, "ProxyConfig").Tracing) == {"zipkin": {"address": "z:1"}}
    assert plain({"a": [message_view(MESH, {}, "ProxyConfig").Tracing, GoDuration("1s")]}) == {"a": [None, "1s"]}
    assert plain(message_view(MESH, CONFIG, "ProxyConfig").InterceptionMode) == "REDIRECT"


def test_what_was_read_is_known() -> None:
    metadata, _ = pod_views(KUBERNETES, POD)
    assert not metadata.was_read("Name")
    assert isinstance(metadata, StructView)
    plain(metadata)
    assert metadata.was_read("Name")
