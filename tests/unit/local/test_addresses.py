"""Who gets which address."""

from ipaddress import ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from pillion.local.addresses import Assignment, Book, Claim, Pool, assign
from pillion.value import FrozenMap

POOL = Pool(cidr="10.96.0.0/24", reserved=("10.96.0.10",), forbidden=("10.244.0.0/16",))
TINY = Pool(cidr="10.0.0.0/29")


def claims(*owners: str) -> list[Claim]:
    return [Claim(owner=owner) for owner in owners]


def test_an_owner_that_comes_back_gets_its_address_again() -> None:
    first, _ = assign(POOL, Book(), claims("a", "b"))
    without, _ = assign(POOL, first.book, claims("b"))
    again, _ = assign(POOL, without.book, claims("c", "b", "a"))
    assert again.addresses["a"] == first.addresses["a"]
    assert again.addresses["b"] == first.addresses["b"]
    assert again.addresses["c"] not in set(first.addresses.values())


def test_a_given_address_is_honoured_and_takes_precedence_over_memory() -> None:
    first, _ = assign(POOL, Book(), claims("a"))
    asked = Claim(owner="b", address=first.addresses["a"])
    second, diagnostics = assign(POOL, first.book, [*claims("a"), asked])
    assert second.addresses["b"] == first.addresses["a"] != second.addresses["a"]
    assert diagnostics == ()


def test_the_second_who_asks_for_an_address_is_told_who_has_it() -> None:
    asked = [Claim(owner="a", address="10.96.0.5"), Claim(owner="b", address="10.96.0.5")]
    assignment, (diagnostic,) = assign(POOL, Book(), asked)
    assert dict(assignment.addresses) == {"a": "10.96.0.5"}
    assert (diagnostic.code, diagnostic.severity) == ("address-taken", "error")
    assert "taken by a" in diagnostic.message


def test_addresses_that_cannot_be_given_are_explained() -> None:
    asked = ["10.96.0.10", "10.244.3.3", "127.0.0.1", "nonsense", "fd00::1"]
    _, diagnostics = assign(POOL, Book(), [Claim(owner=text, address=text) for text in asked])
    assert [one.code for one in diagnostics] == ["address-reserved"] * 3 + ["bad-address"] * 2


def test_an_address_of_another_cluster_is_honoured() -> None:
    assignment, diagnostics = assign(POOL, Book(), [Claim(owner="a", address="172.20.0.7")])
    assert (assignment.addresses["a"], diagnostics) == ("172.20.0.7", ())


def test_an_address_of_another_cluster_is_not_remembered() -> None:
    assignment, _ = assign(POOL, Book(), [Claim(owner="a", address="172.20.0.7")])
    after, _ = assign(POOL, assignment.book, claims("a"))
    assert after.addresses["a"] == "10.96.0.1"


def test_a_book_in_which_nothing_changed_is_the_same_book() -> None:
    first, _ = assign(POOL, Book(), claims("a", "b"))
    assert assign(POOL, first.book, claims("b", "a"))[0].book is first.book


def test_a_new_owner_gets_the_address_that_rested_longest() -> None:
    book, seen = Book(), list[str]()
    for number in range(6):
        assignment, _ = assign(TINY, book, claims(f"pod-{number}"))
        book = assignment.book
        seen.append(assignment.addresses[f"pod-{number}"])
    assert seen == [f"10.0.0.{number}" for number in range(1, 7)]
    after, _ = assign(TINY, book, claims("pod-6"))
    assert after.addresses["pod-6"] == "10.0.0.1"


def test_a_full_pool_says_so() -> None:
    assignment, diagnostics = assign(TINY, Book(), claims(*"abcdefg"))
    assert len(assignment.addresses) == 6
    assert [one.code for one in diagnostics] == ["no-address-left"]


@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(["", "10.0.0.1", "10.0.0.3"])), max_size=8),
        max_size=6,
    )
)
def test_every_address_has_one_owner_and_lies_in_the_pool(rounds: list[list[tuple[str, str]]]) -> None:
    assignment = Assignment()
    for wanted in rounds:
        owners = {owner: Claim(owner=owner, address=address) for owner, address in wanted}
        assignment, diagnostics = assign(TINY, assignment.book, list(owners.values()))
        given_out = list(assignment.addresses.values())
        assert len(set(given_out)) == len(given_out)
        assert all(ip_address(one) in ip_network(TINY.cidr) for one in given_out)
        assert len(given_out) + len(diagnostics) == len(owners)
        again, _ = assign(TINY, assignment.book, list(owners.values()))
        assert again.addresses == assignment.addresses


def test_the_order_of_new_claims_alone_decides() -> None:
    assert assign(POOL, Book(), claims("x", "y"))[0].addresses == FrozenMap({"x": "10.96.0.1", "y": "10.96.0.2"})
