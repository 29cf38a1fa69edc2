"""An installation's whole life in a real cluster: in, changed, defended, removed and proved gone."""

import json
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from docs.schemas import problems
from kubernetes import objects
from kubernetes.kit.control import Control
from pillion.install.manifest import key_of, path_of
from pillion.install.objects import objects as installed
from pillion.install.options import Options

pytestmark = pytest.mark.root
HOME = "/api/v1/namespaces/istio-system"
MESH = "/api/v1/namespaces/mesh"
SIX = (
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/istio-sidecar-injector",
    f"{HOME}/services/istio-sidecar-injector",
    "/apis/apps/v1/namespaces/istio-system/deployments/istio-sidecar-injector",
    f"{HOME}/serviceaccounts/istio-sidecar-injector-service-account",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles/istio-sidecar-injector-istio-system",
    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/istio-sidecar-injector-admin-role-binding-istio-system",
)
"""What Istio's documentation deletes to uninstall its injector."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    """A cluster with controllers: Deployments become available, namespaces really go."""
    control = Control(tmp_path_factory.mktemp("cluster"), "cluster")
    try:
        control.start()
        # Namespaces take long to go: most tests install into one that is there already.
        objects.namespace(control, "istio-system")
        yield control
    finally:
        control.stop()


@pytest.fixture
def empty(cluster: Control) -> Iterator[Control]:
    """The cluster, with nothing of ours in it before and after."""
    yield cluster
    code, answer = pillion(cluster, "uninstall", "--delete-crds", "--adopt")
    assert (code, answer["left"], answer["unseen"]) == (0, [], [])


def pillion(control: Control, *words: str) -> tuple[int, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "pillion", *words, "--kubeconfig", str(control.kubeconfig), "-o", "json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.stdout, done.stderr
    answer = json.loads(done.stdout)
    assert list(problems(answer, words[0])) == []
    return done.returncode, answer


def printed(*words: str) -> tuple[int, str]:
    """Run a command that asks no cluster."""
    done = subprocess.run(
        [sys.executable, "-m", "pillion", *words], capture_output=True, text=True, check=False, timeout=100
    )
    return done.returncode, done.stdout


def actions(answer: Any) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for step in answer["steps"]:
        found.setdefault(step["action"], set()).add(step["kind"])
    return found


def exists(control: Control, path: str) -> bool:
    return control.request("GET", path)[0] == 200


def data(control: Control, name: str, key: str) -> str:
    """What `kubectl -n istio-system get configmap NAME -o=jsonpath={.data.KEY}` prints."""
    return str(control.request("GET", f"{HOME}/configmaps/{name}")[1]["data"][key])


def test_install_works_is_seen_through_and_changes_nothing_twice(empty: Control) -> None:
    code, tried = pillion(empty, "install", "--dry-run")
    assert (code, set(actions(tried))) == (0, {"create", "leave"})
    assert not exists(empty, SIX[0])
    code, answer = pillion(empty, "install")
    assert (code, answer["waiting"], set(actions(answer))) == (0, [], {"create", "leave"})
    assert actions(answer)["leave"] == {"Namespace"}
    for name in ("istio-sidecar-injector", "istiod"):
        found = empty.request("GET", f"/apis/apps/v1/namespaces/istio-system/deployments/{name}")[1]
        assert found["status"]["availableReplicas"] == 2
    assert all(exists(empty, path) for path in SIX)
    assert "templates:" in data(empty, "istio-sidecar-injector", "config")
    assert json.loads(data(empty, "istio-sidecar-injector", "values"))["global"]["istioNamespace"] == "istio-system"
    assert "rootNamespace: istio-system" in data(empty, "istio", "mesh")
    code, again = pillion(empty, "install")
    assert (code, set(actions(again))) == (0, {"unchanged", "leave"})
    code, changed = pillion(empty, "install", "--replicas", "3")
    assert (code, actions(changed)["change"]) == (0, {"Deployment"})
    assert {step["reason"] for step in changed["steps"] if step["action"] == "change"} == {"spec.replicas"}
    code, single = pillion(empty, "install", "--no-wait", "--replicas", "1")
    assert (code, actions(single)["remove"]) == (0, {"PodDisruptionBudget"})
    assert not exists(empty, "/apis/policy/v1/namespaces/istio-system/poddisruptionbudgets/istiod")


def test_pods_are_protected_as_asked_for(empty: Control) -> None:
    budget = "/apis/policy/v1/namespaces/istio-system/poddisruptionbudgets/{}"
    policy = "/apis/networking.k8s.io/v1/namespaces/istio-system/networkpolicies/{}"
    names = ("istio-sidecar-injector", "istiod")
    code, _ = pillion(empty, "install", "--network-policy")
    assert code == 0
    for name in names:
        # The cluster's own controller finds the pods that one of may be taken away.
        while empty.request("GET", budget.format(name))[1].get("status", {}).get("currentHealthy") != 2:
            pass
        status = empty.request("GET", budget.format(name))[1]["status"]
        assert (status["desiredHealthy"], status["disruptionsAllowed"], status["expectedPods"]) == (1, 1, 2)
        (rule,) = empty.request("GET", policy.format(name))[1]["spec"]["ingress"]
        home = f"/apis/apps/v1/namespaces/istio-system/deployments/{name}"
        (container,) = empty.request("GET", home)[1]["spec"]["template"]["spec"]["containers"]
        assert {each["port"] for each in rule["ports"]} == {each["containerPort"] for each in container["ports"]}
    code, answer = pillion(empty, "install", "--no-wait")
    assert (code, actions(answer)["remove"]) == (0, {"NetworkPolicy"})
    assert not any(exists(empty, policy.format(name)) for name in names)


def test_definitions_of_somebody_else_are_left_alone(empty: Control) -> None:
    theirs = objects.definition("sidecars", "Sidecar", "networking.istio.io", "v1", "v1alpha3")
    theirs["metadata"]["labels"] = {"app.kubernetes.io/managed-by": "Helm", "release": "istio"}
    objects.create(empty, objects.DEFINITIONS, theirs)
    path = f"{objects.DEFINITIONS}/sidecars.networking.istio.io"
    before = empty.request("GET", path)[1]
    code, answer = pillion(empty, "install", "--no-wait", "--adopt", "--force-conflicts")
    assert (code, actions(answer)["leave"]) == (0, {"Namespace", "CustomResourceDefinition"})
    code, answer = pillion(empty, "uninstall", "--delete-crds", "--adopt")
    assert (code, answer["left"]) == (0, [])
    after = empty.request("GET", path)[1]
    assert (after["spec"], after["metadata"]["labels"]) == (before["spec"], before["metadata"]["labels"])
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert not exists(empty, f"{objects.DEFINITIONS}/gateways.networking.istio.io")
    objects.delete(empty, path)


def test_a_dump_is_planned_as_the_cluster_is(empty: Control, tmp_path: Path) -> None:
    def planned(dump: Path) -> Any:
        live, offline = pillion(empty, "uninstall", "--dry-run"), pillion(empty, "uninstall", "-f", str(dump))
        assert live == offline
        return live[1]["removals"]

    def dumped() -> Path:
        kinds = empty.kubectl("api-resources", "--verbs=list", "-o", "name").split()
        place = tmp_path / "dump.yaml"
        kinds = [each for each in kinds if not each.startswith(("componentstatuses", "events"))]
        place.write_text(empty.kubectl("get", ",".join(kinds), "-A", "-o", "yaml", "--show-managed-fields"))
        return place

    code, text = printed("install", "--namespace", "mesh", "-o", "yaml")
    assert code == 0
    empty.kubectl("apply", "--server-side", "-f", "-", given=text)
    removals = planned(dumped())
    assert {each["action"] for each in removals} == {"keep"}
    assert any("kubectl" in each["reason"] for each in removals)
    code, _ = pillion(empty, "install", "--namespace", "mesh", "--no-wait", "--adopt", "--force-conflicts")
    assert code == 0
    removals = planned(dumped())
    assert {each["kind"] for each in removals if each["action"] == "keep"} == {"CustomResourceDefinition"}


def test_the_webhook_trusts_who_issued_the_injectors_certificate(empty: Control) -> None:
    pillion(empty, "install", "--no-wait")
    webhooks = empty.request("GET", SIX[0])[1]["webhooks"]
    secret = empty.request("GET", f"{HOME}/secrets/istio-sidecar-injector-certificate")[1]
    authority = empty.request("GET", f"{HOME}/secrets/pillion-ca")[1]
    bundles = {each["clientConfig"]["caBundle"] for each in webhooks}
    assert bundles == {secret["data"]["ca.crt"], authority["data"]["ca-cert.pem"]}
    assert b"BEGIN PRIVATE KEY" in b64decode(secret["data"]["tls.key"])


def test_what_is_not_ours_is_never_overwritten_and_stops_everything(empty: Control) -> None:
    theirs = objects.service("istio-sidecar-injector", 1234)
    objects.create(empty, f"{HOME}/services", theirs)
    code, answer = pillion(empty, "install")
    assert (code, answer["refused"]) == (1, True)
    (refused,) = [step for step in answer["steps"] if step["action"] == "refuse"]
    assert (refused["kind"], refused["name"]) == ("Service", "istio-sidecar-injector")
    assert "is not ours" in refused["reason"]
    assert not exists(empty, f"{HOME}/configmaps/istio")
    assert empty.request("GET", f"{HOME}/services/istio-sidecar-injector")[1]["spec"]["ports"][0]["port"] == 1234
    code, beside = pillion(empty, "install", "--revision", "canary", "--no-wait")
    assert (code, actions(beside)["leave"]) == (0, {"Namespace"})
    objects.delete(empty, f"{HOME}/services/istio-sidecar-injector")


def test_what_users_set_since_is_not_taken_from_them_unless_asked(empty: Control) -> None:
    pillion(empty, "install", "--no-wait")
    path = f"{HOME}/configmaps/istio"
    objects.patch(empty, path, {"data": {"mesh": "accessLogFile: /dev/stdout\n"}})
    code, answer = pillion(empty, "install", "--no-wait", "--replicas", "1")
    assert (code, answer["refused"]) == (1, True)
    (refused,) = [step for step in answer["steps"] if step["action"] == "refuse"]
    assert ".data.mesh" in refused["reason"]
    assert data(empty, "istio", "mesh") == "accessLogFile: /dev/stdout\n"
    code, forced = pillion(empty, "install", "--no-wait", "--replicas", "1", "--force-conflicts")
    assert (code, forced["refused"]) == (0, False)
    assert "rootNamespace" in data(empty, "istio", "mesh")


def test_what_is_made_from_our_yaml_by_others_is_theirs_until_adopted(empty: Control) -> None:
    for each in installed(Options(crds=False))[1:]:
        query = "?fieldManager=gitops&force=true"
        path = path_of(key_of(each.document()))
        status, answer = empty.request("PATCH", path + query, each.document(), "application/apply-patch+yaml")
        assert status == 201, answer
    code, answer = pillion(empty, "install", "--no-wait")
    assert (code, answer["refused"]) == (1, True)
    code, removed = pillion(empty, "uninstall")
    assert code == 0
    assert {each["action"] for each in removed["removals"]} == {"keep"}
    assert all("gitops" in each["reason"] for each in removed["removals"])
    code, adopted = pillion(empty, "install", "--no-wait", "--adopt", "--force-conflicts")
    assert (code, adopted["refused"]) == (0, False)


def test_the_six_deletes_of_the_documentation_take_the_injector_away(empty: Control) -> None:
    pillion(empty, "install", "--no-wait")
    for path in SIX:
        objects.delete(empty, path)
    objects.create(
        empty, "/api/v1/namespaces", {"metadata": {"name": "free", "labels": {"istio-injection": "enabled"}}}
    )
    found = objects.create(empty, "/api/v1/namespaces/free/serviceaccounts", {"metadata": {"name": "app"}})
    pod = objects.pod("app")
    pod["spec"]["serviceAccountName"] = found["metadata"]["name"]
    objects.create(empty, "/api/v1/namespaces/free/pods", pod)
    objects.delete(empty, "/api/v1/namespaces/free")


def test_one_revision_goes_and_the_other_stays(empty: Control) -> None:
    pillion(empty, "install", "--no-wait")
    pillion(empty, "install", "--no-wait", "--revision", "canary")
    code, answer = pillion(empty, "uninstall", "--revision", "canary")
    assert code == 0
    assert {each["reason"] for each in answer["left"]} == {"revision default needs it"}
    assert not exists(empty, f"{HOME}/configmaps/istio-canary")
    assert all(exists(empty, path) for path in SIX)


def test_uninstall_proves_what_is_left_and_names_the_pods(empty: Control) -> None:
    pillion(empty, "install", "--namespace", "mesh")
    # Somebody took our label off, somebody else keeps something in our namespace, a finalizer holds an object.
    objects.patch(empty, f"{MESH}/services/istiod", {"metadata": {"labels": {"app.kubernetes.io/managed-by": None}}})
    objects.create(empty, f"{MESH}/configmaps", {"metadata": {"name": "theirs"}})
    objects.patch(empty, f"{MESH}/configmaps/istio", {"metadata": {"finalizers": ["example.com/hold"]}})
    injected = {"sidecar.istio.io/status": '{"containers":["istio-proxy"],"revision":"default"}'}
    template = objects.pod("web") | {"metadata": {"labels": {"app": "web"}, "annotations": injected}}
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    deployments = "/apis/apps/v1/namespaces/default/deployments"
    objects.create(empty, deployments, {"metadata": {"name": "web"}, "spec": spec})
    while not empty.request("GET", f"{deployments}/web")[1].get("status", {}).get("availableReplicas"):
        pass
    code, answer = pillion(empty, "uninstall", "--restart", "--timeout", "3")
    assert code == 1
    left = {(each["kind"], each["name"]): each for each in answer["left"]}
    assert left["ConfigMap", "istio"]["reason"] == "is being deleted and waits for example.com/hold"
    assert not left["ConfigMap", "istio"]["expected"]
    assert left["Namespace", "mesh"]["reason"] == "others use it: ConfigMap mesh/theirs"
    assert not exists(empty, f"{MESH}/services/istiod")
    assert {kind for kind, _ in left} == {"ConfigMap", "Namespace", "CustomResourceDefinition"}
    assert [pod["namespace"] for pod in answer["pods"]] == ["default"]
    assert answer["restarted"] == [{"kind": "Deployment", "namespace": "default", "name": "web", "problem": ""}]
    made = empty.request("GET", f"{deployments}/web")[1]["spec"]["template"]["metadata"]["annotations"]
    assert "kubectl.kubernetes.io/restartedAt" in made
    objects.delete(empty, f"{deployments}/web")
    objects.delete(empty, f"{MESH}/configmaps/theirs")
    objects.patch(empty, f"{MESH}/configmaps/istio", {"metadata": {"finalizers": None}})
    code, answer = pillion(empty, "uninstall")
    assert (code, {each["kind"] for each in answer["left"]}) == (0, {"CustomResourceDefinition"})
    assert not exists(empty, MESH)


def test_whatever_makes_pods_is_restarted_and_a_pod_on_its_own_is_named(empty: Control) -> None:
    pillion(empty, "install", "--no-wait")
    objects.namespace(empty, "kept")
    objects.create(empty, "/api/v1/namespaces/kept/serviceaccounts", {"metadata": {"name": "app"}})
    injected = {"sidecar.istio.io/status": '{"containers":["istio-proxy"],"revision":"default"}'}
    pods = "/api/v1/namespaces/kept/pods"
    makers = {"StatefulSet": {"serviceName": "web", "replicas": 1}, "DaemonSet": {}}
    for kind, more in makers.items():
        template = {"metadata": {"labels": {"app": kind}, "annotations": injected}, "spec": objects.pod("web")["spec"]}
        spec = {"selector": {"matchLabels": {"app": kind}}, "template": template, **more}
        objects.create(empty, maker(kind), {"metadata": {"name": "web"}, "spec": spec})
        while not empty.request("GET", f"{pods}?labelSelector=app%3D{kind}")[1]["items"]:
            pass
    alone = objects.pod("alone")
    alone["metadata"]["annotations"] = injected
    alone["spec"]["serviceAccountName"] = "app"
    objects.create(empty, pods, alone)
    code, answer = pillion(empty, "uninstall", "--restart")
    assert (code, len(answer["pods"])) == (0, 3)
    assert {each["kind"]: each["problem"] for each in answer["restarted"]} == {
        "Pod": "makes no pods anew by itself: delete it, and apply it again",
        **dict.fromkeys(makers, ""),
    }
    for kind in makers:
        made = empty.request("GET", f"{maker(kind)}/web")[1]["spec"]["template"]["metadata"]["annotations"]
        assert "kubectl.kubernetes.io/restartedAt" in made
    empty.kubectl("delete", "namespace", "kept")


def maker(kind: str) -> str:
    return f"/apis/apps/v1/namespaces/kept/{kind.lower()}s"
