import os

import pytest

from pillion.capture import environment


def test_name_servers_of_resolv_conf() -> None:
    text = "# nameserver 9.9.9.9\nsearch a b\nnameserver 10.96.0.10\nnameserver  fe80::1%eth0\noptions x\nnameserver\n"
    assert environment.nameservers(text) == ("10.96.0.10", "fe80::1")


def test_search_domains_of_resolv_conf() -> None:
    assert environment.search_domains("domain x\nsearch a.b c\n\n") == ("a.b", "c")
    assert environment.search_domains("nameserver 1.1.1.1\n") == ()


def test_groups_are_resolved_where_they_exist() -> None:
    assert dict(environment.group_ids(["root", "no-such-group"])) == {"root": "0"}


def test_facts_name_no_loopback_address() -> None:
    found = environment.facts(os.environ)
    assert not [address for address in found.addresses if address.startswith(("127.", "fe80:")) or address == "::1"]


def test_an_unknown_user_of_envoy_means_istio_s_own() -> None:
    assert environment.facts({"ENVOY_USER": "no-such-user"}).proxy_uid == "1337"
    assert environment.facts({"ENVOY_USER": "root"}).proxy_uid == "0"


def test_a_namespace_that_is_not_there() -> None:
    with pytest.raises(OSError, match="No such file"):
        environment.enter_network_namespace("/proc/0/ns/net")
