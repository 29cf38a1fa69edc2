"""The commands of every day against a running mesh, as a user types them."""

import json
import os
import pty
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.load import deployment, joined, namespace, service, sidecar
from local.meshes import PILLION, ROOT, RunningMesh, pillion, pod_json, running_mesh, status
from pillion.cli.output import unpacked
from pillion.local.server.mesh import Mesh
from pillion.resources.meta import Ref
from pillion.resources.yaml.load import load

pytestmark = [pytest.mark.root, pytest.mark.envoy]

NAME = "test-commands"


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningMesh]:
    files = tmp_path_factory.mktemp("commands") / "mesh"
    files.mkdir()
    (files / "world.yaml").write_text(
        joined(namespace("shop"), service("shop", "web"), deployment("shop", "web"), sidecar("shop", "./*"))
    )
    with running_mesh(NAME, files) as running:
        yield running


def run(*words: str, stdin: str = "") -> tuple[int, str, str]:
    done = pillion(*words, mesh=NAME, stdin=stdin)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def test_get_shows_what_there_is(mesh: RunningMesh) -> None:
    assert run("get", "pods")[1].splitlines()[1].split()[2:5] == ["2/2", "Running", "0"]
    assert run("get", "svc", "web")[1].splitlines()[1].split()[:3] == ["shop", "web", "ClusterIP"]
    assert "./*" in run("get", "sidecars")[1]
    assert "8080" in run("get", "endpoints")[1]
    for words in (("endpoints",), ("namespaces",), ("nodes",), ("pods",), ("deployments", "-l", "app!=api")):
        items = json.loads(run("get", *words, "-o", "json")[1])["items"]
        assert items
        assert all(each["apiVersion"] and each["kind"] for each in items)
    assert json.loads(run("get", "endpoints", "-o", "json")[1])["items"][0]["apiVersion"] == "discovery.k8s.io/v1"
    for words in (("services",), ("sidecars", "-n", "shop"), ("services", "-n", "nowhere")):
        text = run("get", *words, "-o", "yaml")[1]
        assert load(text) == (json.loads(run("get", *words, "-o", "json")[1]), ())
        assert text.startswith("apiVersion: v1\nitems:")
    assert run("get", "pods", "-l", "app in (web)")[1].count("shop") == 1
    assert run("get", "pods", "-l", "app notin (web)")[1] == ""
    assert pod_json(NAME, "web")["status"]["phase"] == "Running"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("get", "unicorns"), 2, "unknown kind 'unicorns'; known are"),
        (("get", "pods", "-l", "app=web=x"), 2, "'app=web=x' is no label selector, expected KEY=VALUE"),
        (("get", "svc", "nope"), 1, "there is no Service nope"),
        (("get", "pods", "-n", "nowhere"), 0, "no pods found in namespace nowhere"),
        (("logs", "nope"), 2, "there is no pod 'nope'; `pillion get pods --mesh test-commands` lists them"),
        (("logs", "web", "-c", "nope"), 2, "has no container nope; it has istio-init, web, istio-proxy"),
        (
            ("exec", "nope", "--", "true"),
            2,
            "there is no pod 'nope'; `pillion get pods --mesh test-commands` lists them",
        ),
        (("exec", "web", "-c", "nope", "--", "true"), 2, "has no container nope"),
        (("exec", "web", "--", "no-such-command"), 2, "cannot run no-such-command: No such file or directory"),
        (("proxy-config", "clusters", "nope"), 2, "there is no pod 'nope'"),
        (("apply", "-f", "/nowhere.yaml"), 2, "/nowhere.yaml: error: there is no such file or folder"),
    ],
)
def test_a_mistake_is_answered_with_what_to_do(mesh: RunningMesh, words: tuple[str, ...], code: int, said: str) -> None:
    found = run(*words)
    assert (found[0], found[1]) == (code, "")
    assert said in found[2]


def test_exec_passes_input_output_and_exit_code(mesh: RunningMesh) -> None:
    assert run("exec", "-i", "web", "--", "cat", stdin="there and back") == (0, "there and back", "")
    assert run("exec", "shop/web", "--", "sh", "-c", "echo out; echo err >&2; exit 3") == (3, "out\n", "err\n")


def test_exec_gives_a_terminal_of_its_own(mesh: RunningMesh) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*PILLION, "exec", "--mesh", NAME, "-t", "web", "--", "sh", "-c", "test -t 0 && test -t 1 && tty && exit 4"],
        cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs,
    ) as process:  # fmt: skip
        os.close(theirs)
        said = b""
        while True:
            try:
                said += os.read(ours, 1000)
            except OSError:
                break
        assert process.wait(20) == 4, said
    os.close(ours)
    assert said.startswith(b"/dev/pts/")


def test_exec_with_t_but_without_a_terminal_goes_on_without(mesh: RunningMesh) -> None:
    code, out, err = run("exec", "-t", "web", "--", "echo", "hello")
    assert (code, out) == (0, "hello\n")
    assert "no terminal" in err


def test_logs_of_each_container(mesh: RunningMesh) -> None:
    assert run("logs", "web", "-c", "istio-init")[1] == "capture: applied\n"
    for name in ("web", "shop/web", "deployment/web", "shop/deploy/web"):
        assert run("logs", name)[0] == 0
    assert run("logs", "web", "-n", "other")[0] == 2


def test_proxy_config_shows_what_envoy_holds(mesh: RunningMesh) -> None:
    assert "web.shop.svc.cluster.local" in run("proxy-config", "clusters", "web")[1]
    for what in ("listeners", "routes", "endpoints", "bootstrap", "all"):
        code, out, _ = run("proxy-config", what, "web", "-o", "json")
        assert (code, out[:1]) in {(0, "["), (0, "{")}


def test_what_is_not_ours_is_ignored_and_said_to_be(mesh: RunningMesh) -> None:
    text = "apiVersion: example.com/v1\nkind: Foo\nmetadata: {name: foo}\n"
    code, out, err = run("apply", "-f", "-", stdin=text)
    assert (code, out.splitlines()[0]) == (0, "Foo default/foo ignored")
    assert "is not a kind that a sidecar mesh reads" in err


FREEZE = (
    "for p in /proc/[0-9]*; do"
    " tr '\\0' ' ' <$p/cmdline | grep -q '^[^ ]*_bin/env[o]y' && kill -{} ${{p#/proc/}}; done; true"
)


def test_a_change_that_a_frozen_proxy_does_not_take_is_told(mesh: RunningMesh, tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text(service("shop", "more"))
    (tmp_path / "elsewhere.yaml").write_text(namespace("elsewhere"))
    try:
        assert run("exec", "web", "--", "sh", "-c", FREEZE.format("STOP"))[0] == 0
        began = time.monotonic()
        code, out, err = run("apply", "-f", str(tmp_path / "more.yaml"), "--timeout", "0.5")
        assert time.monotonic() - began < 30, "it waits for a while, not for ever"
        assert (code, out) == (1, "Service shop/more created\n")
        assert "in force at 0 of 1; waiting for shop/web-" in err
        code, out, err = run("apply", "-f", str(tmp_path / "elsewhere.yaml"))
        assert (code, err) == (0, ""), "what does not change its view does not wait for it"
        assert out == "Namespace elsewhere created\nchanges nothing at any proxy\n"
        code, out, err = run("delete", "-f", str(tmp_path / "more.yaml"), "--timeout", "0.5")
        assert (code, out) == (1, "Service shop/more deleted\n")
        assert "in force at 0 of 1; waiting for shop/web-" in err
    finally:
        run("exec", "web", "--", "sh", "-c", FREEZE.format("CONT"))
    assert run("delete", "-f", str(tmp_path / "elsewhere.yaml"))[0] == 0
    mesh.ready()


POLICY = """
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: shut, namespace: shop}
spec: {selector: {matchLabels: {app: web}}}
"""


def test_what_is_wrong_elsewhere_is_shown_and_does_not_decide(mesh: RunningMesh, tmp_path: Path) -> None:
    assert run("apply", "-f", "-", stdin=POLICY)[0] == 1
    try:
        (tmp_path / "more.yaml").write_text(service("shop", "more"))
        code, out, err = run("apply", "-f", str(tmp_path / "more.yaml"))
        assert (code, out.splitlines()[0]) == (0, "Service shop/more created")
        assert "[policy-not-evaluated]" in err
        assert "were refused" not in err
        code, out, err = run("apply", "-f", str(tmp_path / "more.yaml"), "-f", "/nowhere.yaml")
        assert (code, out.splitlines()[0]) == (2, "Service shop/more unchanged")
        assert err.splitlines()[-1] == "pillion: some files could not be read; what could is in force"
        assert run("delete", "-f", str(tmp_path / "more.yaml"))[0] == 0
    finally:
        run("delete", "-f", "-", stdin=POLICY)


def test_a_file_that_is_not_there_is_all_that_is_said() -> None:
    for command in ("apply", "delete"):
        done = pillion(command, "-f", "/nowhere.yaml", mesh="nobody")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "/nowhere.yaml: error: there is no such file or folder [unreadable]; check the path\n"


def test_nothing_to_apply_is_no_success() -> None:
    for command in ("apply", "delete"):
        done = pillion(command, "-f", "-", stdin="# nothing but a comment\n", mesh="nobody")
        assert (done.returncode, done.stdout, done.stderr) == (2, "", "pillion: there is no resource in -\n")


def test_what_cannot_be_read_has_all_fields_of_the_answer_too() -> None:
    done = pillion("apply", "-f", "/nowhere.yaml", "-o", "json", mesh="nobody")
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["errors"], answer["results"]) == (2, 1, [])
    assert answer.keys() == {"results", "diagnostics", "errors", "seconds", "proxies", "told", "waiting", "refused"}


@pytest.mark.parametrize("words", [("down",), ("get", "pods"), ("exec", "web", "--", "true"), ("up", ".")])
def test_who_is_not_root_is_told_so(words: tuple[str, ...]) -> None:
    capable = ("--inh-caps", "+dac_override", "--ambient-caps", "+dac_override")  # to read this checkout
    as_nobody = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", *capable)
    done = subprocess.run([*as_nobody, *PILLION, *words], check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "pillion: a mesh on this machine needs root, for network namespaces: try sudo\n"


STRICT = """
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
"""


def test_a_rule_in_a_namespace_that_nobody_lives_in_is_told(mesh: RunningMesh) -> None:
    text = sidecar("shp", "./*")
    try:
        code, out, err = run("apply", "-f", "-", stdin=text)
        assert (code, out.splitlines()[0]) == (0, "Sidecar shp/default created")
        assert "Sidecar shp/default: metadata.namespace: warning: there is no workload and no Namespace shp" in err
        assert err.endswith("[unknown-namespace]; did you mean shop?\n")
    finally:
        run("delete", "-f", "-", stdin=text)


def test_a_file_that_is_no_yaml_is_told_whatever_is_asked_for(mesh: RunningMesh) -> None:
    broken = Path(mesh.mesh.options.paths[0], "broken.yaml")
    broken.write_text("a:\n\t- b\n")
    try:
        mesh.until(no_yaml, 30)
        assert "[yaml-syntax]; indent with spaces: YAML takes no tabs there\n" in run("get", "pods")[2]
    finally:
        broken.unlink()
        mesh.until(lambda running: not no_yaml(running), 30)
    assert "[yaml-syntax]" not in run("get", "pods")[2]


def no_yaml(running: Mesh) -> bool:
    return any(each.code == "yaml-syntax" for each in running.diagnostics)


LOST = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: lost, namespace: shop}
spec: {hosts: [web], http: [{route: [{destination: {host: web, subset: v3}}]}]}
"""


def test_a_route_to_a_subset_that_nobody_has_is_told_with_its_virtual_service(mesh: RunningMesh) -> None:
    try:
        code, out, err = run("apply", "-f", "-", stdin=LOST)
        assert (code, out.splitlines()[0]) == (0, "VirtualService shop/lost created")
        field = "spec.http[0].route[0].destination.subset"
        assert err.startswith(
            f"-:5: VirtualService shop/lost: {field}: warning: requests are sent to port 8080 of web."
        )
        assert "subset v3" in err
        assert "[unknown-destination]" in err
        assert "[unknown-destination]" in run("get", "virtualservices")[2]
    finally:
        run("delete", "-f", "-", stdin=LOST)


FIRST = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: first, namespace: shop}
spec: {hosts: [web], http: [{route: [{destination: {host: web}}]}]}
"""
SECOND = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: second, namespace: shop, creationTimestamp: "2999-01-01T00:00:00Z"}
spec: {hosts: [web.shop.svc.cluster.local], http: [{timeout: 3s, route: [{destination: {host: web}}]}]}
"""


def test_a_virtual_service_whose_host_is_taken_is_told_and_changes_nothing(mesh: RunningMesh) -> None:
    try:
        code, out, err = run("apply", "-f", "-", stdin=FIRST)
        assert (code, err) == (0, "")
        assert out.splitlines()[1].startswith("in force at 1 proxy after ")
        code, out, err = run("apply", "-f", "-", stdin=SECOND)
        assert (code, out) == (0, "VirtualService shop/second created\nchanges nothing at any proxy\n")
        assert err.startswith(
            "-:5: VirtualService shop/second: spec.hosts: warning: all its hosts are taken by shop/first"
        )
        assert "(this concerns the proxies of Deployment shop/web)" in err
        assert "[virtual-service-shadowed]" in run("get", "virtualservices")[2]
    finally:
        run("delete", "-f", "-", stdin=FIRST + "---" + SECOND)
    assert "[virtual-service-shadowed]" not in run("get", "virtualservices")[2]


PROXY_CONFIG = """
apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata: {name: own, namespace: shop}
spec: {concurrency: 1}
"""


def test_a_proxy_config_says_whom_it_counts_for(mesh: RunningMesh) -> None:
    try:
        code, out, _ = run("apply", "-f", "-", stdin=PROXY_CONFIG)
        later = "a ProxyConfig counts for pods that start from now on"
        assert (code, out) == (0, f"ProxyConfig shop/own created\n{later}\n")
    finally:
        run("delete", "-f", "-", stdin=PROXY_CONFIG)
    mesh.ready()


def test_a_strict_policy_that_nobody_can_satisfy_is_told_with_the_workload_and_its_line(mesh: RunningMesh) -> None:
    code, out, err = run("apply", "-f", "-", stdin=STRICT)
    try:
        assert (code, out.splitlines()[0]) == (1, "PeerAuthentication shop/default created")
        (told,) = [line for line in err.splitlines() if "[strict-without-certificate]" in line]
        assert told.startswith("-:5: PeerAuthentication shop/default: spec.mtls.mode: error: asks for STRICT")
        assert "(this concerns the proxies of Deployment shop/web)" in told
        without_line = told.replace("-:5:", "-:")  # only who has the text knows the line
        assert without_line in [str(each) for each in unpacked(status(NAME)["diagnostics"])]
        assert without_line in run("get", "peerauthentications")[2]
        for words in (("pods",), ("deployments", "web")):  # what the proxies behind them are told of
            (shown,) = run("get", *words)[2].splitlines()
            assert shown == without_line.replace(" (this concerns the proxies of Deployment shop/web)", "")
        assert run("get", "services")[2] == ""
        assert run("apply", "-f", "-", stdin=namespace("elsewhere"))[0] == 0
    finally:
        run("delete", "-f", "-", stdin=STRICT + "---\n" + namespace("elsewhere"))
    mesh.ready()


def test_a_version_that_is_refused_says_that_the_last_good_one_stays(mesh: RunningMesh) -> None:
    right, wrong = sidecar("shop", "./*", name="own"), sidecar("shop", "nonsense", name="own")
    file = Path(mesh.mesh.options.paths[0]) / "own.yaml"
    never = run("apply", "-f", "-", stdin=wrong)
    assert (never[0], "stays in force" in never[2]) == (2, False)
    assert run("apply", "-f", "-", stdin=right)[0] in {0, 1}  # a second one for all of the namespace is told
    try:
        again = run("apply", "-f", "-", stdin=wrong)
        assert (again[0], "; the last good version stays in force [invalid-host]" in again[2]) == (2, True)
        file.write_text(wrong)
        mesh.until(lambda it: it.overlay.file_of(Ref(kind="Sidecar", namespace="shop", name="own")))
    finally:
        deleted = run("delete", "-f", "-", stdin=right)[1]
    assert f"Sidecar shop/own deleted; what {file} says is wrong, and does not count" in deleted
    assert "own" not in run("get", "sidecars")[1]
    file.unlink()
    mesh.until(lambda it: not it.overlay.file_of(Ref(kind="Sidecar", namespace="shop", name="own")))
