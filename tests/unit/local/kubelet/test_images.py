"""What runs for an image."""

import sys

import pytest

from pillion.local.kubelet import images
from pillion.local.kubelet.images import ExecRule, parse_rule, resolve
from pillion.local.kubelet.spec.pod import Container, Port

PILLION = (sys.executable, "-P", "-m", "pillion")


def run(image: str, *args: str, command: tuple[str, ...] = (), rules: tuple[ExecRule, ...] = ()) -> tuple[str, ...]:
    return resolve(Container(name="c", image=image), args, command, rules).argv


@pytest.mark.parametrize(
    "image", ["pillion/proxy", "pillion/proxy:1.0", "example.com:5000/pillion/proxy@sha256:1", "pillion"]
)
def test_our_own_images_are_this_installation(image: str) -> None:
    assert run(image, "agent", "--domain", "x") == (*PILLION, "agent", "--domain", "x")


@pytest.mark.parametrize("image", ["auto/proxyv2", "docker.io/istio/proxyv2:1.29.0", "gcr.io/x/proxyv2@sha256:1"])
def test_istios_proxy_image_is_too(image: str) -> None:
    assert run(image, "istio-iptables", "-p", "15001") == (*PILLION, "capture", "apply", "-p", "15001")
    assert run(image, "proxy", "sidecar") == (*PILLION, "agent", "sidecar")


def test_commands_within_a_proxy_are_ours() -> None:
    proxy, other = Container(name="p", image="istio/proxyv2"), Container(name="o", image="nginx")
    assert images.within(proxy, ("pilot-agent", "wait")) == (*PILLION, "agent", "wait")
    assert images.within(proxy, ("pillion", "agent", "wait")) == (*PILLION, "agent", "wait")
    assert images.within(proxy, ("curl", "x")) == ("curl", "x")
    assert images.within(other, ("pillion",)) == ("pillion",)


def test_a_command_runs_here() -> None:
    assert run("nginx", "-b", command=("sleep", "1")) == ("sleep", "1", "-b")
    assert run("istio/proxyv2", command=("sh", "-c", "x")) == ("sh", "-c", "x")


def test_an_image_without_command_is_an_echo_server() -> None:
    ports = (Port(container_port=80), Port(container_port=53, protocol="UDP"), Port(container_port=9090))
    resolution = resolve(Container(name="web", image="nginx", ports=ports), ("--ignored",), (), ())
    assert resolution.is_stand_in
    assert resolution.argv[-3:] == ("web", "80", "9090")


def test_a_mapped_image_wins_and_keeps_the_arguments() -> None:
    rules = (parse_rule("nginx=python 'my server.py'"), parse_rule("ghcr.io/*=sleep 1"))
    assert run("nginx:1.29", "-x", command=("other",), rules=rules) == ("python", "my server.py", "-x")
    assert run("ghcr.io/a/b:c", rules=rules) == ("sleep", "1")
    assert resolve(Container(name="c", image="nginx"), (), (), rules).is_mapped


@pytest.mark.parametrize("text", ["nginx", "=x", "nginx=", "nginx=   ", "nginx='"])
def test_a_mapping_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"IMAGE=COMMAND|no command|quotation"):
        parse_rule(text)


@pytest.mark.parametrize(
    ("image", "name"),
    [("a/b:c", "a/b"), ("host:5000/b", "host:5000/b"), ("host:5000/b:t@sha256:x", "host:5000/b"), ("b", "b")],
)
def test_an_image_without_its_tag(image: str, name: str) -> None:
    assert images.repository(image) == name
