"""What an installation makes, as values."""

import json
from typing import Any

import click
import pytest

from pillion.cli.main import main
from pillion.inject.settings import compiled, from_config_maps
from pillion.install.manifest import KINDS
from pillion.install.objects import objects, programs, unwanted
from pillion.install.options import NEVER_OURS, Options, check
from pillion.resources.yaml.load import load
from pillion.value import FrozenMap

ARTICLE = [
    ("MutatingWebhookConfiguration", "", "istio-sidecar-injector"),
    ("Service", "istio-system", "istio-sidecar-injector"),
    ("Deployment", "istio-system", "istio-sidecar-injector"),
    ("ServiceAccount", "istio-system", "istio-sidecar-injector-service-account"),
    ("ClusterRole", "", "istio-sidecar-injector-istio-system"),
    ("ClusterRoleBinding", "", "istio-sidecar-injector-admin-role-binding-istio-system"),
]
CHOICES = [
    Options(),
    Options(revision="canary"),
    Options(system_namespace="mesh", root_namespace="rules"),
    Options(replicas=1, network_policy=True, crds=False, validation=True),
    Options(hub="", tag="1", pull_policy="Never", pull_secrets=("key",), ca_bundle="PEM", refuse_on_failure=False),
]


def made(options: Options) -> dict[tuple[str, str, str], dict[str, Any]]:
    return {(each.key.kind, each.key.namespace, each.key.name): each.document() for each in objects(options)}


@pytest.mark.parametrize("options", CHOICES, ids=["usual", "canary", "namespaces", "small", "image"])
def test_what_is_made_is_labelled_ordered_and_named_once(options: Options) -> None:
    assert check(options) == ()
    found = objects(options)
    assert found == objects(options)
    assert len({each.key for each in found}) == len(found)
    kinds = [list(KINDS).index(each.key.kind) for each in found]
    assert kinds == sorted(kinds)
    for each in found:
        labels = each.document()["metadata"]["labels"]
        assert labels["app.kubernetes.io/managed-by"] == "pillion"
        shared = each.key.kind in {"Namespace", "CustomResourceDefinition"}
        assert labels.get("istio.io/rev") == (None if shared else options.revision)


def test_the_usual_names_of_the_injector() -> None:
    assert set(ARTICLE) <= made(Options()).keys()


def test_another_revision_shares_no_name_but_the_namespace_and_the_definitions() -> None:
    shared = made(Options()).keys() & made(Options(revision="canary")).keys()
    assert {kind for kind, _, _ in shared} == {"Namespace", "CustomResourceDefinition"}


def test_two_installations_share_no_object_of_the_cluster() -> None:
    shared = made(Options()).keys() & made(Options(system_namespace="mesh")).keys()
    assert {kind for kind, _, _ in shared} == {"CustomResourceDefinition"}


def test_settings_are_read_back_as_injection_reads_them() -> None:
    options = Options(hub="registry.example/mesh", tag="7", system_namespace="mesh", revision="canary")
    found = made(options)
    injector = found["ConfigMap", "mesh", "istio-sidecar-injector-canary"]
    mesh = found["ConfigMap", "mesh", "istio-canary"]
    settings, missing = from_config_maps({"istio-sidecar-injector": injector, "istio": mesh})
    assert missing == ()
    read = compiled(settings)
    assert read.diagnostics == ()
    assert read.values["global"]["hub"] == "registry.example/mesh"
    assert read.values["global"]["istioNamespace"] == "mesh"
    assert read.values["revision"] == "canary"
    assert read.mesh["rootNamespace"] == "mesh"
    assert read.mesh["defaultConfig"]["discoveryAddress"] == "istiod-canary.mesh.svc:15012"


def test_values_are_json_and_the_mesh_config_is_yaml() -> None:
    found = made(Options(mesh=FrozenMap({"accessLogFile": "/dev/stdout"}), values=FrozenMap({"mine": 1})))
    values = json.loads(found["ConfigMap", "istio-system", "istio-sidecar-injector"]["data"]["values"])
    assert values["mine"] == 1
    mesh, wrong = load(found["ConfigMap", "istio-system", "istio"]["data"]["mesh"])
    assert wrong == ()
    assert mesh["accessLogFile"] == "/dev/stdout"
    assert mesh["defaultConfig"]["discoveryAddress"] == "istiod.istio-system.svc:15012"


@pytest.mark.parametrize("options", CHOICES, ids=["usual", "canary", "namespaces", "small", "image"])
def test_pods_say_words_that_our_commands_understand(options: Options) -> None:
    for program in programs(options):
        command = main.get_command(click.Context(main), program.arguments[0])
        assert command is not None
        context = command.make_context(program.arguments[0], list(program.arguments[1:]))
        assert (context.params["revision"] or "default") == options.revision
        context.close()


def test_a_pods_program_has_no_privilege() -> None:
    for name in ("istio-sidecar-injector", "istiod"):
        spec = made(Options())["Deployment", "istio-system", name]["spec"]["template"]["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True
        context = spec["containers"][0]["securityContext"]
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert context["readOnlyRootFilesystem"] is True


def test_services_and_budgets_select_the_pods_of_their_deployment() -> None:
    found = made(Options(network_policy=True))
    for name in ("istio-sidecar-injector", "istiod"):
        deployment = found["Deployment", "istio-system", name]["spec"]
        labels = deployment["template"]["metadata"]["labels"]
        assert labels["sidecar.istio.io/inject"] == "false"
        selectors = [
            found["Service", "istio-system", name]["spec"]["selector"],
            found["PodDisruptionBudget", "istio-system", name]["spec"]["selector"]["matchLabels"],
            found["NetworkPolicy", "istio-system", name]["spec"]["podSelector"]["matchLabels"],
            deployment["selector"]["matchLabels"],
        ]
        assert all(selector.items() <= labels.items() for selector in selectors)


def test_other_choices_would_have_made_more() -> None:
    assert {each.key.kind for each in unwanted(Options(replicas=1, validation=False))} == {
        "PodDisruptionBudget", "NetworkPolicy", "ValidatingWebhookConfiguration",
    }  # fmt: skip
    assert unwanted(Options(validation=True, network_policy=True)) == ()


def test_one_replica_has_no_budget_that_would_hold_up_a_node() -> None:
    assert not [key for key in made(Options(replicas=1)) if key[0] == "PodDisruptionBudget"]


@pytest.mark.parametrize(
    ("options", "about"),
    [
        (Options(system_namespace="kube-system"), "--namespace"),
        (Options(system_namespace="Mesh"), "--namespace"),
        (Options(root_namespace="a/b"), "--root-namespace"),
        (Options(revision=""), "--revision"),
        (Options(replicas=0), "--replicas"),
    ],
)
def test_options_that_cannot_be(options: Options, about: str) -> None:
    assert [each.where.resource for each in check(options)] == [about]
    assert NEVER_OURS[0] == "kube-system"


@pytest.mark.parametrize(
    ("options", "environment"),
    [
        (Options(), None),
        (Options(native_sidecars="auto"), {"ENABLE_NATIVE_SIDECARS": "auto"}),
        (Options(platform="openshift"), {"PLATFORM": "openshift"}),
        (Options(native_sidecars="true"), {"ENABLE_NATIVE_SIDECARS": "true"}),
        (Options(values=FrozenMap({"global": FrozenMap({"platform": "openshift"})})), {"PLATFORM": "openshift"}),
        (Options(values=FrozenMap({"platform": "openshift"})), {"PLATFORM": "openshift"}),
        (Options(values=FrozenMap({"platform": "gke"})), None),
    ],
)
def test_the_injector_is_told_by_its_environment(options: Options, environment: dict[str, str] | None) -> None:
    spec = made(options)["Deployment", "istio-system", "istio-sidecar-injector"]["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    given = container.get("env")
    assert (given and {each["name"]: each["value"] for each in given}) == environment
    values = json.loads(made(options)["ConfigMap", "istio-system", "istio-sidecar-injector"]["data"]["values"])
    assert not options.platform or values["global"]["platform"] == options.platform
