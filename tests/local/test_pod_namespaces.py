"""A pod has namespaces and files of its own, and the machine keeps its own."""

from pathlib import Path

import pytest

from local.machine import SLEEP, Machine, is_ready, on_a_machine, shell

pytestmark = pytest.mark.root

KINDS = ("net", "mnt", "pid", "uts", "ipc")


def links_of(pid: str) -> list[str]:
    return [str(Path(f"/proc/{pid}/ns/{kind}").readlink()) for kind in KINDS]


def exists(path: str) -> bool:
    return Path(path).exists()


@on_a_machine
async def test_five_namespaces_shared_by_its_containers_but_for_their_mounts(it: Machine) -> None:
    key = await it.run("web", shell("a", SLEEP), shell("b", SLEEP))
    await it.until(key, is_ready)
    command = ("sh", "-c", f"cd /proc/self/ns; readlink {' '.join(KINDS)}")
    a, b = [(await it.output(key, name, *command)).split() for name in "ab"]
    machine = links_of("self")
    assert not set(a) & set(machine)
    assert [one == other for one, other in zip(a, b, strict=True)] == [True, False, True, True, True]


@on_a_machine
async def test_its_name_address_and_resolver(it: Machine) -> None:
    key = await it.run("web-7", shell("app", SLEEP), hostAliases=[{"ip": "10.1.2.3", "hostnames": ["x", "y"]}])
    address = (await it.until(key, is_ready))["podIP"]
    assert await it.output(key, "app", "hostname") == "web-7\n"
    hosts = await it.output(key, "app", "cat", "/etc/hosts")
    assert f"{address}\tweb-7\n" in hosts
    assert "10.1.2.3\tx y\n" in hosts
    assert await it.output(key, "app", "cat", "/etc/resolv.conf") == it.network.resolv_conf("test")
    assert f"inet {address}/" in await it.output(key, "app", "ip", "addr", "show", "eth0")


@on_a_machine
async def test_what_a_pod_writes_never_reaches_the_machine(it: Machine) -> None:
    key = await it.run("web", shell("app", SLEEP))
    await it.until(key, is_ready)
    script = "echo x > /pillion-was-here; rm /etc/hosts /usr/bin/env; ls -d /usr/bin/env; ls /tmp /run"
    done = await it.kubelet.exec_captured(key, "app", ("sh", "-c", script))
    assert b"cannot access '/usr/bin/env'" in done.stderr
    own = set(done.stdout.decode().split())
    shown = {part for path, _ in it.settings.visible for part in Path(path).parts}
    assert own <= {"/tmp:", "/run:", "lock", *it.state.parts, *shown}
    assert not exists("/pillion-was-here")
    assert exists("/usr/bin/env")
    assert exists("/etc/hosts")


@on_a_machine
async def test_a_socket_in_var_run_is_shared_and_writable_for_the_proxys_user(it: Machine) -> None:
    proxy = {"securityContext": {"runAsUser": 1337}}
    echo = {"name": "app", "image": "any", "env": [{"name": "ECHO_UNIX", "value": "/var/run/someuds.sock"}], **proxy}
    key = await it.run("uds", echo, shell("other", SLEEP, **proxy))
    await it.until(key, is_ready)
    client = (
        "import socket,time\n"
        "link=socket.socket(socket.AF_UNIX)\n"
        "while link.connect_ex('/var/run/someuds.sock'): time.sleep(0.01)\n"
        "link.sendall(b'hello\\n')\n"
        "print(link.recv(1000).decode())"
    )
    assert '"pod": "uds", "namespace": "test"' in await it.output(key, "other", "python3", "-S", "-E", "-c", client)
    assert await it.output(key, "other", "stat", "-c", "%u %g", "/run/someuds.sock") == "1337 1337\n"


@on_a_machine
async def test_a_socket_of_the_machine_can_be_shown_to_a_pod(it: Machine) -> None:
    (it.state / "door").write_text("hello")
    key = await it.run("web", shell("app", SLEEP), binds=((str(it.state / "door"), "/var/run/pillion/xds.sock"),))
    await it.until(key, is_ready)
    assert await it.output(key, "app", "cat", "/run/pillion/xds.sock") == "hello"
    assert not exists("/run/pillion/xds.sock")


@on_a_machine
async def test_the_proxys_user_can_run_pillion_wherever_it_lies(it: Machine) -> None:
    proxy = {"name": "proxy", "image": "pillion/proxy", "args": ["--version"]}
    key = await it.run("p", {**proxy, "securityContext": {"runAsUser": 1337}}, restartPolicy="Never")
    assert (await it.until(key, lambda status: status["phase"] in {"Succeeded", "Failed"}))["phase"] == "Succeeded"
    assert (await it.log(key, "proxy")).startswith("pillion ")


@on_a_machine
async def test_rights(it: Machine) -> None:
    init = {"capabilities": {"add": ["NET_ADMIN", "NET_RAW"], "drop": ["ALL"]}, "runAsUser": 0}
    key = await it.run(
        "web",
        shell("root", SLEEP),
        shell("user", SLEEP, securityContext={"runAsUser": 1337}),
        shell("net", SLEEP, securityContext=init),
        securityContext={"fsGroup": 2000},
    )
    await it.until(key, is_ready)
    status = {
        name: await it.output(key, name, "sh", "-c", "id -u; id -G; grep -E 'Cap(Eff|Bnd)|NoNew' /proc/self/status")
        for name in ("root", "user", "net")
    }
    values = {name: [line.split("\t")[-1] for line in text.splitlines()] for name, text in status.items()}
    assert values["root"] == ["0", "0 2000", "00000000a00425fb", "00000000a00425fb", "1"]
    assert values["user"] == ["1337", "1337 2000", "0000000000000000", "00000000a00425fb", "1"]
    assert values["net"] == ["0", "0 2000", "0000000000003000", "0000000000003000", "1"]
    done = await it.kubelet.exec_captured(key, "root", ("ip", "link", "set", "lo", "down"))
    assert b"Operation not permitted" in done.stderr
