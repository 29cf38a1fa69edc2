"""What pods must see of the machine."""

import sys

from pillion.local.kubelet.settings import KubeletSettings


def test_what_runs_pillion_is_needed_and_shown_where_a_pod_hides_it() -> None:
    settings = KubeletSettings(state="/run/pillion", directory="/tmp/somewhere")
    assert sys.prefix in settings.needed
    assert ("/tmp/somewhere", "/tmp/somewhere") in settings.visible
    assert all(path.startswith(("/tmp/", "/run/", "/dev/shm/")) for path, _ in settings.visible)


def test_a_pod_has_a_folder_of_its_own() -> None:
    assert str(KubeletSettings(state="/s").pod_folder("n/p")) == "/s/pods/n_p"


def test_facts_are_this_machines() -> None:
    facts = KubeletSettings(state="/s", node_name="x", host_ip="h").facts(("a",))
    assert (facts.node_name, facts.host_ip, facts.pod_ips) == ("x", "h", ("a",))
    assert facts.cpus >= 1
    assert facts.memory > 2**20
