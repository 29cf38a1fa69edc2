"""The rights that a container gets."""

from pillion.local.kubelet.spec.pod import Capabilities, Container, PodSecurityContext, SecurityContext
from pillion.local.kubelet.spec.security import DEFAULT, NEVER, NUMBERS, rights_of


def container(**context: object) -> Container:
    return Container(name="c", security_context=SecurityContext(**context))  # pyright: ignore[reportArgumentType]


def names(numbers: tuple[int, ...]) -> set[str]:
    return {name for name, number in NUMBERS.items() if number in numbers}


def test_the_numbers_are_the_kernels() -> None:
    assert (NUMBERS["CHOWN"], NUMBERS["NET_ADMIN"], NUMBERS["SYS_ADMIN"], NUMBERS["CHECKPOINT_RESTORE"]) == (
        0,
        12,
        21,
        40,
    )


def test_root_with_the_default_capabilities_is_the_default() -> None:
    rights = rights_of(container(), PodSecurityContext())
    assert (rights.uid, rights.gid, rights.groups, rights.no_new_privileges) == (0, 0, (), True)
    assert names(rights.capabilities) == DEFAULT
    assert not DEFAULT & {"NET_ADMIN", "SYS_ADMIN", "MKNOD"}


def test_the_container_wins_over_its_pod() -> None:
    pod = PodSecurityContext(run_as_user=1000, run_as_group=2000, fs_group=3000, supplemental_groups=(4000,))
    assert rights_of(container(run_as_user=1337), pod).uid == 1337
    rights = rights_of(container(), pod)
    assert (rights.uid, rights.gid, rights.groups) == (1000, 2000, (3000, 4000))


def test_a_user_without_a_group_gets_the_group_of_its_number() -> None:
    assert rights_of(container(run_as_user=1337), PodSecurityContext()).gid == 1337


def test_istio_init_keeps_the_networks_capabilities_and_nothing_else() -> None:
    wish = Capabilities(add=("NET_ADMIN", "CAP_NET_RAW"), drop=("ALL",))
    assert names(rights_of(container(capabilities=wish), PodSecurityContext()).capabilities) == {"NET_ADMIN", "NET_RAW"}


def test_nobody_gets_what_the_machine_would_feel() -> None:
    wish = Capabilities(add=("ALL", "SYS_MODULE", "unknown"))
    for rights in (
        rights_of(container(capabilities=wish), PodSecurityContext()),
        rights_of(container(privileged=True), PodSecurityContext()),
    ):
        assert names(rights.capabilities) == set(NUMBERS) - NEVER


def test_new_privileges_only_for_who_asks() -> None:
    assert not rights_of(container(allow_privilege_escalation=True), PodSecurityContext()).no_new_privileges
    assert rights_of(container(allow_privilege_escalation=False), PodSecurityContext()).no_new_privileges
