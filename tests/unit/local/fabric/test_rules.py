"""Services as rules."""

from pillion.local.fabric.model import ClusterService, FabricSettings, ServicePort
from pillion.local.fabric.rules import NO_RULES, SERVICES, addresses_beyond, chain_name, chains, transaction

SETTINGS = FabricSettings()


def service(*targets: tuple[str, int], name: str = "echo", port: int = 80, ip: str = "10.96.0.20") -> ClusterService:
    ports = (ServicePort(port=port, name="http", targets=targets),)
    return ClusterService(namespace="ns", name=name, cluster_ips=(ip,), ports=ports)


def test_a_service_without_endpoints_costs_no_rule() -> None:
    assert chains([service()], SETTINGS, 4) == chains([], SETTINGS, 4)


def test_each_endpoint_has_an_equal_share() -> None:
    one = service(("10.244.0.2", 8080), ("10.244.0.3", 8080), ("10.244.0.4", 8080))
    rules = chains([one], SETTINGS, 4)[chain_name(one, one.ports[0], 4)]
    assert [rule.partition("--probability ")[2][:12] for rule in rules] == ["0.3333333333", "0.5000000000", ""]
    assert rules[-1] == "-p tcp -j DNAT --to-destination 10.244.0.4:8080"


def test_each_ip_family_has_its_own_rules() -> None:
    both = service(("10.244.0.2", 80), ("fd00::2", 80))
    settings = FabricSettings(pod_cidrs=("10.244.0.0/16", "fd00:1::/64"))
    assert "fd00::2" not in str(chains([both], settings, 4))
    assert chains([both], settings, 6)[SERVICES] == ()


def test_a_headless_service_and_the_dns_address_are_not_translated() -> None:
    headless = ClusterService(
        namespace="ns", name="h", headless=True, ports=(ServicePort(port=80, targets=(("10.244.0.2", 80),)),)
    )
    dns = service(("10.244.0.2", 53), ip="10.96.0.10")
    assert chains([headless, dns], SETTINGS, 4)[SERVICES] == ()


def test_equal_rules_need_no_transaction() -> None:
    rules = chains([service(("10.244.0.2", 80))], SETTINGS, 4)
    assert transaction(rules, rules, 4) is None


def test_a_transaction_touches_what_changed_and_removes_what_went() -> None:
    stays, goes = service(("10.244.0.2", 80)), service(("10.244.0.3", 80), name="goes", ip="10.96.0.21")
    before = chains([stays, goes], SETTINGS, 4)
    change = transaction(before, chains([stays], SETTINGS, 4), 4)
    assert change is not None
    assert chain_name(stays, stays.ports[0], 4) not in [line.split()[0][1:] for line in change.text.splitlines()]
    assert f"-X {chain_name(goes, goes.ports[0], 4)}" in change.text.splitlines()
    assert "PREROUTING" not in change.text


def test_the_first_transaction_lays_the_hooks() -> None:
    change = transaction(NO_RULES, chains([], SETTINGS, 4), 4)
    assert change is not None
    assert f"-A PREROUTING -j {SERVICES}" in change.text.splitlines()


def test_addresses_of_another_cluster_are_told_apart() -> None:
    used = ["10.96.0.20", "172.20.0.1", "fd00::1"]
    assert addresses_beyond(used, SETTINGS.service_cidrs) == {"172.20.0.1", "fd00::1"}
