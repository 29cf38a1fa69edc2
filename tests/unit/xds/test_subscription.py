from pillion.xds.resource import Resources
from pillion.xds.subscription import Subscription, has
from support.xds import BAD, SHORT, empty, res


def routes(*words: str) -> Resources:
    return Resources(SHORT["RDS"], [res("RDS", *word.split(":")) for word in words])


def named(*names: str) -> Subscription:
    subscription = Subscription(SHORT["RDS"], wildcard=False)
    subscription.subscribe(dict.fromkeys(names))
    return subscription


def taken(subscription: Subscription, *, changes: bool = True, removals: bool = True) -> tuple[list[str], list[str]]:
    told = subscription.take(None, changes=changes, removals=removals)
    subscription.launch("n", told)
    return [each.name for each in told.resources], list(told.removed)


def test_what_is_owed_merges_until_it_is_taken() -> None:
    subscription = named("a", "b")
    subscription.advance(routes("a", "b"))
    assert taken(subscription) == (["a", "b"], [])
    for words in (["a:2", "b"], ["a:3", "b"], ["b"]):
        subscription.advance(routes(*words))
    assert taken(subscription) == ([], ["a"])


def test_removals_wait_when_they_must() -> None:
    subscription = named("a", "b")
    subscription.advance(routes("a", "b"))
    taken(subscription)
    subscription.advance(routes("b:2"))
    assert taken(subscription, removals=False) == (["b"], [])
    assert subscription.leaving.keys() == {"a"}
    assert taken(subscription) == ([], ["a"])


def test_clients_that_want_the_same_share_their_names() -> None:
    mesh = routes("a", "b")
    both = [named("a", "b"), named("b", "a")]
    for subscription in both:
        subscription.advance(mesh)
        taken(subscription)
    assert both[0].names is both[1].names


def test_only_what_is_urgent_goes_before_the_rest() -> None:
    subscription = named("a")
    subscription.advance(routes("a", "b"))
    taken(subscription)
    subscription.advance(routes("a:2", "b"))
    subscription.subscribe({"b": None})
    assert taken(subscription, changes=False) == (["b"], [])
    assert taken(subscription) == (["a"], [])


def test_a_nonce_acknowledges_those_before_it() -> None:
    subscription = named("a")
    subscription.advance(routes("a"))
    for nonce in ("1", "2", "3"):
        subscription.renew("a")
        subscription.launch(nonce, subscription.take(None, changes=True, removals=True))
    assert subscription.land("9", None) is None
    assert subscription.land("2", None) is not None
    assert [sent.nonce for sent in subscription.in_flight] == ["3"]
    assert subscription.land("1", BAD) is None


def test_a_stand_in_is_for_names_only() -> None:
    subscription = Subscription(SHORT["EDS"], wildcard=False)
    subscription.subscribe({"a": None})
    told = subscription.take(empty, changes=True, removals=True)
    assert told.resources == (empty("a"),)
    assert subscription.known("a") == empty("a")


def test_a_client_has_a_resource_by_version() -> None:
    one = res("RDS", "a")
    assert has(one, one)
    assert has(one.version, one)
    assert not has(None, one)
    assert not has("", one)
