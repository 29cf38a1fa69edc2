"""The state machine of one collection, played without a server."""

from hypothesis import given
from hypothesis import strategies as st

from pillion.resources.kubernetes.cluster import Namespace
from pillion.resources.meta import Metadata, Ref
from pillion.sources.kubernetes.reflector import (
    Bookmark,
    Changed,
    Deleted,
    Delta,
    Event,
    Failed,
    Item,
    List,
    Patience,
    Reflector,
    Wait,
    Watch,
)
from pillion.value import Diagnostic

BROKEN = (Diagnostic(code="wrong-type", severity="error", message="is a list"),)


def make(places: int = 1, **patience: float) -> Reflector:
    return Reflector("Namespace", places, lambda: 0.5, Patience(**patience))


def item(name: str, version: int, label: str = "") -> Item:
    metadata = Metadata(name=name, uid=label)
    return Item(("", name), str(version), Namespace(metadata=metadata))


def broken(name: str, version: int, *, marked: bool = False) -> Item:
    return Item(("", name), str(version), None, BROKEN, marked)


def ref(name: str) -> Ref:
    return Ref(kind="Namespace", namespace="", name=name)


def names(delta: Delta) -> tuple[list[str], list[str]]:
    return [each.metadata.name for each in delta.changed], [each.name for each in delta.deleted]


def synced(*items: Item, version: str = "10") -> Reflector:
    reflector = make()
    reflector.listed(items, version, "")
    reflector.opened()
    return reflector


def test_lists_in_pages_and_tells_all_at_the_end() -> None:
    reflector = make(page=2)
    assert reflector.ask == List(limit=2)
    assert reflector.listed([item("a", 1), item("b", 2)], "10", "more") == Delta()
    assert reflector.ask == List(limit=2, continue_token="more")
    assert not reflector.synced
    assert names(reflector.listed([item("c", 3)], "10", "")) == (["a", "b", "c"], [])
    assert reflector.synced
    assert reflector.ask == Watch(served=0, version="10", seconds=450)


def test_follows_the_watch_and_goes_on_where_it_was() -> None:
    reflector = synced(item("a", 1))
    delta = reflector.happened([Changed(item("b", 11)), Deleted(("", "a"), "12"), Bookmark("20")])
    assert names(delta) == (["b"], ["a"])
    reflector.ended()
    assert reflector.ask == Watch(served=0, version="20", seconds=450)


def test_tells_only_the_last_state_of_what_changed_twice() -> None:
    reflector = synced()
    delta = reflector.happened([Changed(item("a", 11, "old")), Changed(item("a", 12, "new")), Changed(item("b", 13)),
                                Deleted(("", "b"), "14")])  # fmt: skip
    assert [each.metadata.uid for each in delta.changed] == ["new"]
    assert delta.deleted == (ref("b"),)


def test_lists_anew_after_an_event_that_says_gone_and_deletes_what_vanished() -> None:
    reflector = synced(item("a", 1), item("b", 2), item("c", 3))
    delta = reflector.happened([Changed(item("b", 11)), Failed(410, "too old resource version")])
    assert names(delta) == (["b"], [])
    assert isinstance(reflector.ask, Wait)
    reflector.waited()
    assert reflector.ask == List(limit=100)
    assert names(reflector.listed([item("b", 11), item("c", 30), item("d", 31)], "40", "")) == (["c", "d"], ["a"])


def test_lists_anew_after_a_status_that_says_gone() -> None:
    reflector = synced(item("a", 1))
    assert reflector.failed(410, "gone") == Delta()
    reflector.waited()
    assert reflector.ask == List(limit=100)
    assert names(reflector.listed([], "40", "")) == ([], ["a"])


def test_lists_whole_when_the_next_page_is_gone() -> None:
    reflector = make(page=1)
    reflector.listed([item("a", 1)], "10", "more")
    reflector.failed(410, "the continue parameter is too old")
    reflector.waited()
    assert reflector.ask == List(limit=0)
    assert names(reflector.listed([item("b", 2)], "11", "")) == (["b"], [])


def test_keeps_the_version_when_the_server_is_not_reached() -> None:
    reflector = synced(item("a", 1))
    for _ in range(10):
        reflector.failed(0, "connection refused")
        assert reflector.status.phase == "failing"
        reflector.waited()
    assert reflector.ask == Watch(served=0, version="10", seconds=450)
    reflector.opened()
    assert reflector.status.phase == "synced"


def test_waits_longer_and_longer_but_not_for_ever_and_as_long_as_it_is_told() -> None:
    reflector = make(first=0.2, longest=3.0)
    waits: list[float] = []
    for _ in range(40):
        reflector.failed(500, "broken")
        ask = reflector.ask
        assert isinstance(ask, Wait)
        waits.append(ask.seconds)
        reflector.waited()
    assert waits[:4] == [0.2 * 0.75, 0.4 * 0.75, 0.8 * 0.75, 1.6 * 0.75]
    assert set(waits[5:]) == {3.0 * 0.75}
    reflector.failed(429, "too many", retry_after=7.0)
    assert reflector.ask == Wait(seconds=7.0)


def test_does_not_circle_when_the_server_ends_every_watch_at_once() -> None:
    reflector = synced()
    reflector.ended()
    assert isinstance(reflector.ask, Wait)
    reflector.waited()
    reflector.opened()
    reflector.happened([Bookmark("11")])
    reflector.ended()
    assert isinstance(reflector.ask, Watch)


def test_lists_anew_when_the_watch_is_refused_again_and_again() -> None:
    reflector = synced(item("a", 1))
    for _ in range(2):
        reflector.failed(504, "too large resource version")
        reflector.waited()
        assert isinstance(reflector.ask, Watch)
    reflector.failed(504, "too large resource version")
    reflector.waited()
    assert reflector.ask == List(limit=100)


def test_keeps_what_is_known_when_it_may_no_longer_look() -> None:
    reflector = synced(item("a", 1))
    assert reflector.failed(403, "forbidden") == Delta()
    assert reflector.status.phase == "failing"
    assert reflector.status.problem == "403 forbidden"
    assert reflector.status.objects == 1
    assert reflector.synced


def test_looks_at_every_place_before_it_says_absent() -> None:
    reflector = make(places=2, absent=60)
    reflector.failed(404, "not found")
    assert reflector.ask == List(served=1, limit=100)
    assert not reflector.synced
    reflector.failed(404, "not found")
    assert reflector.ask == Wait(seconds=45)
    assert reflector.synced
    assert reflector.status.phase == "absent"
    reflector.waited()
    reflector.failed(404, "not found")
    assert names(reflector.listed([item("a", 1)], "10", "")) == (["a"], [])
    assert reflector.ask == Watch(served=1, version="10", seconds=450)


def test_deletes_everything_when_the_collection_is_taken_away() -> None:
    reflector = synced(item("a", 1), item("b", 2))
    assert reflector.failed(404, "not found") == Delta()
    assert names(reflector.failed(404, "not found")) == ([], ["a", "b"])


def test_remembers_what_cannot_be_read_until_it_can_or_is_gone() -> None:
    reflector = synced(item("a", 1))
    delta = reflector.happened([Changed(broken("a", 11))])
    assert delta == Delta((), (ref("a"),))
    assert reflector.refused == {("", "a"): BROKEN}
    assert reflector.happened([Changed(broken("a", 12))]) == Delta()
    reflector.happened([Changed(item("a", 12))])
    assert reflector.refused == {}
    reflector.happened([Changed(broken("b", 13))])
    reflector.happened([Deleted(("", "b"), "14")])
    assert reflector.refused == {}


def test_what_can_be_read_no_more_counts_as_if_it_were_not_there_however_it_is_learnt() -> None:
    listed = synced(item("a", 1), item("b", 2))
    listed.failed(410, "gone")
    listed.waited()
    assert names(listed.listed([broken("a", 11), item("b", 2)], "12", "")) == ([], ["a"])
    fresh = make()
    assert names(fresh.listed([broken("a", 11), item("b", 2)], "12", "")) == (["b"], [])
    assert listed.refused == fresh.refused == {("", "a"): BROKEN}


def test_knows_which_objects_bear_a_mark() -> None:
    reflector = synced(broken("a", 1, marked=True), item("b", 2))
    assert reflector.marked == {("", "a")}
    reflector.happened([Changed(broken("b", 11, marked=True)), Changed(item("a", 12))])
    assert reflector.marked == {("", "b")}
    assert reflector.version_of(("", "b")) == "11"
    reflector.happened([Deleted(("", "b"), "13")])
    assert reflector.marked == set()


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["put", "break", "delete", "catch up", "cut", "gone", "down", "silent"]),
        st.sampled_from("abcd"),
    ),
    max_size=40,
)


class Server:
    """A model of an API server, and of whoever hears what the reflector tells."""

    def __init__(self, page: int) -> None:
        self.objects: dict[str, int] = {}
        self.heard: dict[str, int] = {}
        self.version = 1
        self.log: list[tuple[int, Event]] = []
        self.forgets = False
        self.reflector = make(page=page)

    def put(self, name: str) -> None:
        self.version += 1
        self.objects[name] = self.version
        self.log.append((self.version, Changed(item(name, self.version, str(self.version)))))

    def break_(self, name: str) -> None:
        """Have an object that cannot be read."""
        self.version += 1
        self.objects[name] = -self.version
        self.log.append((self.version, Changed(broken(name, self.version))))

    def item(self, name: str) -> Item:
        version = self.objects[name]
        return item(name, version, str(version)) if version > 0 else broken(name, -version)

    def delete(self, name: str) -> None:
        if self.objects.pop(name, None) is not None:
            self.version += 1
            self.log.append((self.version, Deleted(("", name), str(self.version))))

    def take(self, delta: Delta) -> None:
        for each in delta.deleted:
            self.heard.pop(each.name, None)
        for each in delta.changed:
            self.heard[each.metadata.name] = int(each.metadata.uid)

    def list(self, ask: List) -> None:
        every = sorted(self.objects)
        first = int(ask.continue_token or 0)
        last = first + ask.limit if ask.limit else len(every)
        page = [self.item(name) for name in every[first:last]]
        self.take(self.reflector.listed(page, str(self.version), str(last) if last < len(every) else ""))

    def watch(self, ask: Watch) -> bool:
        """Answer a watch; return whether it ended with all that there is."""
        self.reflector.opened()
        since = int(ask.version)
        if self.forgets and since < self.version:
            self.forgets = False
            self.take(self.reflector.happened([Failed(410, "gone")]))
            return False
        self.take(self.reflector.happened([event for at, event in self.log if at > since]))
        return True

    def catch_up(self) -> None:
        for _ in range(50):
            match self.reflector.ask:
                case Wait():
                    self.reflector.waited()
                case List() as ask:
                    self.list(ask)
                case Watch() as ask:
                    if self.watch(ask):
                        return
        raise AssertionError("the reflector never caught up")

    def do(self, action: str, name: str) -> None:
        match action:
            case "put":
                self.put(name)
            case "break":
                self.break_(name)
            case "delete":
                self.delete(name)
            case "catch up":
                self.catch_up()
            case "cut":
                self.reflector.ended()
            case "gone":
                self.forgets = True
            case "down":
                self.take(self.reflector.failed(0, "refused"))
            case _:
                self.reflector.silent()


@given(ACTIONS, st.integers(1, 3))
def test_ends_with_what_the_server_has_whatever_happens(actions: list[tuple[str, str]], page: int) -> None:
    server = Server(page)
    server.catch_up()
    for action, name in actions:
        server.do(action, name)
    server.catch_up()
    assert server.heard == {name: version for name, version in server.objects.items() if version > 0}
    assert {name for _, name in server.reflector.refused} == server.objects.keys() - server.heard.keys()
