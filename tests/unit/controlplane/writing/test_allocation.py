"""Which addresses ServiceEntries are given."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pillion.controlplane.writing.allocation import allocate, claim_of
from pillion.resources.istio.service_entry import (
    ServiceEntry,
    ServiceEntryAddress,
    ServiceEntrySpec,
    ServiceEntryStatus,
)
from pillion.resources.meta import Metadata, Ref, ref_of
from pillion.value import FrozenMap


def entry(name: str, *hosts: str, has: Iterable[tuple[str, str]] = (), **rest: str) -> ServiceEntry:
    status = ServiceEntryStatus(addresses=tuple(ServiceEntryAddress(host=host, value=value) for host, value in has))
    resolution = "NONE" if rest.get("resolution") == "NONE" else "STATIC"
    spec = ServiceEntrySpec(hosts=hosts, resolution=resolution, addresses=tuple(rest.get("addresses", "").split()))
    labels = {"networking.istio.io/enable-autoallocate-ip": rest["wants"]} if "wants" in rest else {}
    return ServiceEntry(metadata=Metadata(name=name, labels=FrozenMap(labels)), spec=spec, status=status)


def allocated(entries: Iterable[ServiceEntry]) -> dict[Ref, tuple[ServiceEntryAddress, ...]]:
    return allocate(list(map(claim_of, entries)))


def plan(*entries: ServiceEntry) -> dict[str, list[tuple[str, str]]]:
    return {ref.name: [(each.host, each.value) for each in addresses] for ref, addresses in allocated(entries).items()}


def test_every_host_gets_an_address_of_each_family() -> None:
    assert plan(entry("a", "x", "y", "x", "*.z")) == {
        "a": [("x", "240.240.0.1"), ("x", "2001:2::1"), ("y", "240.240.0.2"), ("y", "2001:2::2")]
    }


def test_what_one_has_stays_and_new_ones_follow_the_highest() -> None:
    has = [("x", "240.240.0.7"), ("x", "2001:2::9")]
    assert plan(entry("new", "n"), entry("old", "x", has=has)) == {"new": [("n", "240.240.0.8"), ("n", "2001:2::a")]}
    assert plan(entry("old", "x", "y", has=has)) == {"old": [*has, ("y", "240.240.0.8"), ("y", "2001:2::a")]}
    assert plan(entry("old", "y", has=has)) == {"old": [("y", "240.240.0.8"), ("y", "2001:2::a")]}


def test_an_address_that_is_spelt_otherwise_is_written_as_we_spell_it() -> None:
    has = [("x", "240.240.0.1"), ("x", "2001:0002::0001")]
    assert plan(entry("a", "x", has=has)) == {"a": [("x", "240.240.0.1"), ("x", "2001:2::1")]}


def test_of_two_with_one_address_the_younger_gets_another_and_users_come_first() -> None:
    has = [("x", "240.240.0.1"), ("x", "2001:2::1")]
    assert plan(entry("old", "x", has=has), entry("young", "x", has=has)) == {
        "young": [("x", "240.240.0.2"), ("x", "2001:2::2")]
    }
    assert plan(entry("old", "x", has=has), entry("own", "y", addresses="240.240.0.1 10.0.0.0/8")) == {
        "old": [("x", "240.240.0.2"), ("x", "2001:2::1")]
    }


def test_who_needs_none_gets_none_and_gives_back_what_it_had() -> None:
    has = [("x", "240.240.0.1")]
    for each in (
        entry("a", "x", resolution="NONE"), entry("a", "x", wants="False"), entry("a", "x", addresses="10.0.0.1"),
    ):  # fmt: skip
        assert plan(each) == {}
        assert plan(replace(each, status=entry("a", "x", has=has).status)) == {"a": []}


def test_begins_again_at_the_end_of_a_network_and_gives_nothing_when_it_is_full() -> None:
    last = [("x", "240.240.255.255"), ("x", "2001:2:0:ffff:ffff:ffff:ffff:ffff")]
    assert plan(entry("a", "x", has=last), entry("b", "y")) == {"b": [("y", "240.240.0.1"), ("y", "2001:2::1")]}
    full = entry("a", *(f"h{number}" for number in range(65_540)))
    (found,) = allocated([full]).values()
    assert len({each.value for each in found if ":" not in each.value}) == len(found) - 65_540 == 65_535


@given(st.lists(st.lists(st.sampled_from("abcd"), max_size=3), max_size=6), st.data())
def test_what_was_given_is_right_and_nobody_shares(hosts: list[list[str]], data: st.DataObject) -> None:
    values = st.lists(st.sampled_from(["240.240.0.1", "240.240.0.2", "2001:2::1", "x"]), max_size=2)
    entries = [
        entry(str(index), *each, has=[("a", value) for value in data.draw(values)]) for index, each in enumerate(hosts)
    ]
    found = allocated(entries)
    after = [
        replace(each, status=ServiceEntryStatus(addresses=found.get(ref_of(each), each.status.addresses)))
        for each in entries
    ]
    assert allocated(after) == {}
    every = [each.value for one in after for each in one.status.addresses]
    assert len(set(every)) == len(every)
