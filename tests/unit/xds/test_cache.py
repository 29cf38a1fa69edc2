from pillion.xds.cache import Cache, inconsistencies
from pillion.xds.request import Node
from pillion.xds.resource import View
from support.xds import see


def by_namespace(node: Node, _peer: str) -> str:
    return str(node.metadata.get("NAMESPACE", ""))


def test_a_view_is_told_to_its_streams_only_and_once() -> None:
    cache, heard = Cache(by_namespace), list[View]()
    one = cache.attach(Node(id="a"), "peer", heard.append)
    view = see(CDS="a", EDS="a")
    assert one.view is None
    assert cache.publish("", view) == ()
    assert cache.publish("", view) == ()
    assert cache.publish("other", see()) == ()
    assert heard == [view]
    assert one.view is view
    one.detach()
    one.detach()
    cache.publish("", see())
    assert heard == [view]
    assert cache.attached("") == 0


def test_what_is_needed_must_be_there() -> None:
    assert inconsistencies(see(LDS="l", RDS="l", CDS="a", EDS="a")) == ()
    assert inconsistencies(see(LDS="l m", RDS="l")) == ("RouteConfiguration m is needed and is not there",)
    assert inconsistencies(see(LDS="l")) == ("RouteConfiguration l is needed and is not there",)
    assert inconsistencies(see(CDS="a")) == (), "endpoints have a stand-in"
    assert inconsistencies(View(see(CDS="a"))) == ("ClusterLoadAssignment a is needed and is not there",)


def test_an_inconsistent_view_is_refused_and_the_last_good_one_stays() -> None:
    cache, heard = Cache(by_namespace), list[View]()
    attached = cache.attach(Node(), "", heard.append)
    good = see(LDS="l", RDS="l")
    cache.publish("", good)
    assert cache.publish("", see(LDS="l m", RDS="l")) != ()
    assert attached.view is good
    assert heard == [good]


def test_a_withdrawn_key_has_no_view_for_those_who_come() -> None:
    cache = Cache(by_namespace)
    cache.publish("", see())
    cache.withdraw("")
    assert cache.attach(Node(), "", lambda _: None).view is None
