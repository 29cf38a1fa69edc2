"""Plays: `>>` is what happens to the stream, `<<` is all that it must say then."""

from pillion.xds.stream import ACK_PATIENCE, BURST_PATIENCE, Acked, Nacked
from support.xds import BAD, LAPSE, NOTHING, SHORT, Play, ack, empty, nack, res, say, see, tell

MESH = {"CDS": "a b", "EDS": "a b", "LDS": "l", "RDS": "l"}


def running(**more: str) -> Play:
    """A delta client as Envoy is when it has everything."""
    kinds = MESH | more
    play = Play("delta", see(**kinds))
    play >> say("CDS") << tell("CDS", kinds["CDS"]) >> say("EDS", kinds["EDS"]) << tell("EDS", kinds["EDS"])
    play >> ack("EDS") >> ack("CDS") >> say("LDS") << tell("LDS", kinds["LDS"]) >> say("RDS", kinds["RDS"])
    play << tell("RDS", kinds["RDS"]) >> ack("LDS") >> ack("RDS") << NOTHING
    assert play.stream.settled
    return play


def test_a_wildcard_client_is_told_everything_and_then_what_changed() -> None:
    play = Play("delta", see(CDS="a b"))
    play >> say("CDS") << tell("CDS", "a b") >> ack("CDS") << NOTHING
    assert play.events == (Acked(type_url=SHORT["CDS"], nonce="1"),)
    play >> see(CDS="a b:2 c") << tell("CDS", "b c") >> ack("CDS") << NOTHING
    assert play.bodies["CDS", "b"] == b"CDS b 2"


def test_the_first_request_of_a_wildcard_is_answered_even_when_there_is_nothing() -> None:
    Play("delta", see()) >> say("LDS") << tell("LDS") >> ack("LDS") << NOTHING


def test_a_client_without_a_view_waits_for_one() -> None:
    Play("delta") >> say("CDS") << NOTHING >> see(CDS="a") << tell("CDS", "a")


def test_a_named_type_is_told_by_name_and_never_all() -> None:
    play = Play("delta", see(EDS="a b c"))
    play >> say("EDS") << NOTHING >> say("EDS", "b a") << tell("EDS", "b a")
    play >> ack("EDS") >> see(EDS="a:2 b c:2") << tell("EDS", "a")


def test_a_name_that_is_not_there_is_answered_by_its_stand_in_or_as_removed() -> None:
    play = Play("delta", see())
    play >> say("EDS", "x") << tell("EDS", "x") >> say("RDS", "x") << tell("RDS", removed="x")
    assert play.bodies["EDS", "x"] == empty("x").body
    play >> ack("EDS") >> ack("RDS") >> see(EDS="x", RDS="x") << (tell("EDS", "x"), tell("RDS", "x"))
    assert play.bodies["EDS", "x"] == b"EDS x 0"


def test_vanished_endpoints_become_the_stand_in() -> None:
    play = Play("delta", see(EDS="a b"))
    play >> say("EDS", "a b") << tell("EDS", "a b") >> ack("EDS") >> see(EDS="b") << tell("EDS", "a")
    assert play.bodies["EDS", "a"] == empty("a").body
    play >> ack("EDS") >> see(EDS="b c") << NOTHING


def test_a_repeated_subscription_is_told_again_and_an_unsubscribed_one_never() -> None:
    play = Play("delta", see(EDS="a b"))
    play >> say("EDS", "a b") << tell("EDS", "a b") >> ack("EDS") >> say("EDS", "a") << tell("EDS", "a")
    play >> ack("EDS") >> say("EDS", unsubscribe="a") << NOTHING >> see(EDS="a:2 b") << NOTHING


def test_unsubscribing_an_unknown_name_says_nothing_and_keeps_the_acknowledgement() -> None:
    play = Play("delta", see(CDS="a")) >> say("CDS") << tell("CDS", "a") >> ack("CDS")
    before = play.stream.status()
    assert (play >> say("CDS", unsubscribe="z") << NOTHING).stream.status() == before


def test_the_star_asks_for_all_of_any_type_and_can_be_taken_back() -> None:
    play = Play("delta", see(EDS="a b"))
    play >> say("EDS", "a") << tell("EDS", "a") >> ack("EDS") >> say("EDS", "*") << tell("EDS", "b") >> ack("EDS")
    play >> say("EDS", unsubscribe="*") >> see(EDS="a:2 b:2") << tell("EDS", "a")


def test_a_name_unsubscribed_under_a_wildcard_is_needed_again() -> None:
    play = Play("delta", see(CDS="a b")) >> say("CDS") << tell("CDS", "a b") >> ack("CDS")
    play >> say("CDS", "a") << tell("CDS", "a") >> ack("CDS") >> say("CDS", unsubscribe="a") << tell("CDS", "a")


def test_a_changed_cluster_is_followed_by_its_unchanged_endpoints() -> None:
    play = running()
    play >> see(**MESH | {"CDS": "a b:2"}) << (tell("CDS", "b"), tell("EDS", "b"))
    play >> ack("EDS") >> ack("CDS") << NOTHING


def test_listeners_and_routes_wait_until_changed_clusters_are_warm() -> None:
    play = running()
    play >> see(CDS="a b c", EDS="a b c", LDS="l:2", RDS="l:2") << tell("CDS", "c")
    assert play.stream.patience == ACK_PATIENCE
    play >> say("EDS", "c") << tell("EDS", "c") >> ack("EDS") << NOTHING
    play >> ack("CDS") << (tell("LDS", "l"), tell("RDS", "l"))
    assert play.stream.patience is None


def test_a_client_that_does_not_acknowledge_is_not_waited_for_for_ever() -> None:
    play = running() >> see(CDS="a b c", EDS="a b c", LDS="l", RDS="l:2") << tell("CDS", "c") >> LAPSE
    play << tell("RDS", "l")


def test_patience_that_ends_is_that_for_what_was_sent_when_it_began() -> None:
    play = running() >> see(CDS="a", EDS="a b", LDS="l", RDS="l:2") << tell("RDS", "l")
    began = play.stream.awaited
    play >> see(CDS="a", EDS="a b", LDS="l:2", RDS="l:2") << tell("LDS", "l")
    assert play.stream.awaits(began)
    play.stream.lapse(began)
    assert not play.stream.awaits(began)
    play << NOTHING
    assert play.stream.awaits(play.stream.awaited)
    play.stream.lapse(play.stream.awaited)
    play << tell("CDS", removed="b")


def test_patience_for_requests_is_another_than_that_for_acknowledgements() -> None:
    play = Play("delta", see(CDS="a", LDS="l", RDS="r")) >> say("CDS", known=[res("CDS", "a")]) << NOTHING
    assert (play.stream.patience, play.stream.awaited) == (BURST_PATIENCE, 0)
    assert play.stream.awaits(0)
    play >> say("LDS", known=[res("LDS", "l")]) >> say("RDS", "r", known=[res("RDS", "r")]) << tell("CDS")
    assert (play.stream.patience, play.stream.awaited) == (ACK_PATIENCE, 1)
    assert not play.stream.awaits(0)
    assert play.stream.awaits(1)


def test_a_refused_cluster_does_not_hold_up_routes() -> None:
    play = running() >> see(CDS="a b c", EDS="a b c", LDS="l", RDS="l:2") << tell("CDS", "c")
    play >> nack("CDS") << tell("RDS", "l")


def test_what_nobody_refers_to_any_more_goes_last() -> None:
    play = running() >> see(CDS="a", EDS="a", LDS="l", RDS="l:2") << tell("RDS", "l")
    play >> ack("RDS") << tell("CDS", removed="b") >> say("EDS", unsubscribe="b") >> ack("CDS") << NOTHING
    assert play.stream.settled


def test_endpoints_that_are_still_wanted_end_after_their_cluster() -> None:
    play = running() >> see(CDS="a", EDS="a", LDS="l", RDS="l") << tell("CDS", removed="b") >> ack("CDS")
    play << tell("EDS", "b")
    assert play.bodies["EDS", "b"] == empty("b").body


def test_a_listener_that_takes_the_place_of_another_comes_with_its_removal() -> None:
    play = running() >> see(CDS="a b", EDS="a b", LDS="m", RDS="l m") << tell("LDS", "m", removed="l")
    play >> say("RDS", "m", unsubscribe="l") << tell("RDS", "m")


def test_a_removed_resource_that_returns_in_time_is_not_told() -> None:
    play = running() >> see(CDS="a", EDS="a", LDS="l", RDS="l:2") << tell("RDS", "l") >> see(**MESH) << NOTHING
    play >> ack("RDS") << tell("RDS", "l")


def test_one_push_is_on_its_way_and_the_next_merges() -> None:
    play = running() >> see(**MESH | {"EDS": "a:2 b"}) << tell("EDS", "a")
    play >> see(**MESH | {"EDS": "a:3 b"}) << NOTHING >> see(**MESH | {"EDS": "a:4 b:4"}) << NOTHING
    play >> ack("EDS") << tell("EDS", "a b")
    assert play.bodies["EDS", "a"] == b"EDS a 4"


def test_what_is_sent_at_last_is_the_newest_even_if_nothing_remains() -> None:
    play = running() >> see(**MESH | {"EDS": "a:2 b"}) >> see(**MESH) << NOTHING
    assert play.stream.settled


def test_a_client_that_never_acknowledged_is_told_at_once() -> None:
    play = Play("delta", see(EDS="a b")) >> say("EDS", "a") << tell("EDS", "a") >> say("EDS", "b") << tell("EDS", "b")
    play >> see(EDS="a b:2") << tell("EDS", "b") >> see(EDS="a b:3") << tell("EDS", "b")


def test_a_refusal_is_reported_and_not_repeated_until_something_in_it_changes() -> None:
    play = running() >> see(**MESH | {"CDS": "a:2 b:2"}) << (tell("CDS", "a b"), tell("EDS", "a b")) >> ack("EDS")
    nonce = play.nonces["CDS"]
    play >> nack("CDS") << NOTHING
    assert play.events == (Nacked(type_url=SHORT["CDS"], nonce=nonce, names=("a", "b"), refusal=BAD),)
    status = play.stream.status().of(SHORT["CDS"])
    assert status is not None
    assert (status.sent_nonce, status.acked_nonce, status.nack) == (nonce, "1", BAD.message)
    assert not status.pending
    play >> see(CDS="a:2 b:2 c", EDS="a b c", LDS="l", RDS="l") << tell("CDS", "c") >> ack("CDS")
    play >> see(CDS="a:2 b:3 c", EDS="a b c", LDS="l", RDS="l") << (tell("CDS", "b a"), tell("EDS", "b a"))
    play >> ack("EDS") >> ack("CDS") << NOTHING
    status = play.stream.status().of(SHORT["CDS"])
    assert status is not None
    assert status.nack == ""


def test_an_unknown_nonce_is_ignored_but_its_subscription_is_not() -> None:
    play = Play("delta", see(EDS="a b")) >> say("EDS", "a") << tell("EDS", "a")
    play >> say("EDS", "b", nonce="77") << tell("EDS", "b")
    assert play.events == ()


def test_a_reconnecting_client_is_told_nothing_that_it_knows() -> None:
    known = {kind: [res(kind, name) for name in names.split()] for kind, names in MESH.items()}
    play = Play("delta", see(**MESH)) >> say("CDS", known=known["CDS"]) << NOTHING
    assert play.stream.patience == BURST_PATIENCE
    play >> say("EDS", "a b", known=known["EDS"]) << NOTHING >> say("LDS", known=known["LDS"]) << NOTHING
    play >> say("RDS", "l", known=known["RDS"]) << tell("CDS") >> ack("CDS") << tell("LDS") >> ack("LDS") << NOTHING
    assert play.stream.settled


def test_a_reconnecting_client_is_told_what_changed_and_what_vanished() -> None:
    known = [res("CDS", "a"), res("CDS", "b"), res("CDS", "old")]
    play = Play("delta", see(CDS="a b:2 c", EDS="a b c")) >> say("CDS", known=known) >> LAPSE
    play << tell("CDS", "b c", removed="old")
    play >> say("EDS", "a b c", known=[res("EDS", "a"), res("EDS", "b")]) << tell("EDS", "b c")


def test_a_reconnecting_client_keeps_a_cluster_until_its_routes_are_new() -> None:
    play = Play("delta", see(CDS="a", LDS="l", RDS="l:2"))
    play >> say("CDS", known=[res("CDS", "a"), res("CDS", "b")]) >> say("LDS", known=[res("LDS", "l")])
    play >> say("RDS", "l", known=[res("RDS", "l")]) << tell("CDS") >> ack("CDS") << (tell("LDS"), tell("RDS", "l"))
    play >> ack("LDS") << NOTHING >> ack("RDS") << tell("CDS", removed="b")


def test_endpoints_asked_for_before_clusters_are_told_whatever_is_known() -> None:
    play = Play("delta", see(CDS="a", EDS="a")) >> say("EDS", "a", known=[res("EDS", "a")]) << tell("EDS", "a")
    play >> ack("EDS") >> say("CDS", known=[res("CDS", "a")]) >> LAPSE << tell("CDS")


def test_other_types_and_an_unknown_one_come_last() -> None:
    play = Play("delta", see(NDS="table", SDS="default")) >> say("NDS") >> say("SDS", "default")
    play << (tell("SDS", "default"), tell("NDS", "table"))


def test_state_of_the_world_tells_all_clusters_at_each_change() -> None:
    play = Play("state", see(CDS="a b")) >> say("CDS") << tell("CDS", "a b") >> ack("CDS") << NOTHING
    play >> see(CDS="a b:2") << tell("CDS", "a b") >> ack("CDS") >> see(CDS="b:2") << tell("CDS", "b")


def test_state_of_the_world_tells_named_resources_one_by_one() -> None:
    play = Play("state", see(EDS="a b")) >> say("EDS", "a") << tell("EDS", "a") >> ack("EDS", "a") << NOTHING
    play >> ack("EDS", "a b") << tell("EDS", "b") >> ack("EDS", "a b") >> see(EDS="a:2 b") << tell("EDS", "a")
    play >> ack("EDS", "b") >> see(EDS="a:3 b") << NOTHING


def test_state_of_the_world_changed_clusters_are_followed_by_their_endpoints() -> None:
    play = Play("state", see(CDS="a b", EDS="a b")) >> say("CDS") << tell("CDS", "a b") >> ack("CDS")
    play >> say("EDS", "a b") << tell("EDS", "a b") >> ack("EDS", "a b") << NOTHING
    play >> see(CDS="a b:2", EDS="a b") << (tell("CDS", "a b"), tell("EDS", "b")) >> ack("EDS", "a b") >> ack("CDS")
    play << NOTHING


def test_state_of_the_world_keeps_a_cluster_until_its_routes_are_new() -> None:
    play = Play("state", see(CDS="a b", LDS="l", RDS="l")) >> say("CDS") << tell("CDS", "a b") >> ack("CDS")
    play >> say("LDS") << tell("LDS", "l") >> ack("LDS") >> say("RDS", "l") << tell("RDS", "l") >> ack("RDS", "l")
    play >> see(CDS="a c", LDS="l", RDS="l:2") << tell("CDS", "a c b") >> ack("CDS") << tell("RDS", "l")
    play >> ack("RDS", "l") << tell("CDS", "a c") >> ack("CDS") << NOTHING


def test_state_of_the_world_ignores_a_stale_nonce() -> None:
    play = Play("state", see(EDS="a b")) >> say("EDS", "a") << tell("EDS", "a")
    play >> say("EDS", "a b") << NOTHING >> ack("EDS", "a b") << tell("EDS", "b")


def test_state_of_the_world_does_not_repeat_a_refused_version() -> None:
    play = Play("state", see(CDS="a")) >> say("CDS") << tell("CDS", "a") >> nack("CDS") << NOTHING
    assert isinstance(play.events[0], Nacked)
    play >> see(CDS="a:2") << tell("CDS", "a")


def test_state_of_the_world_resumes_at_a_known_version() -> None:
    view = see(CDS="a", EDS="a")
    clusters = view.resources(SHORT["CDS"])
    assert clusters is not None
    play = Play("state", view) >> say("CDS", version=clusters.version) << NOTHING
    play >> say("EDS", "a", version="any") << tell("EDS", "a") >> ack("EDS", "a")
    play >> see(CDS="a:2", EDS="a") << (tell("CDS", "a"), tell("EDS", "a"))


def test_state_of_the_world_an_empty_list_of_names_ends_a_named_subscription() -> None:
    Play("state", see(RDS="r")) >> say("RDS", "r") << tell("RDS", "r") >> ack("RDS") >> see(RDS="r:2") << NOTHING
