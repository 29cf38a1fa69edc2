"""Who may hold a Lease, by a clock of one's own."""

import datetime as dt

import msgspec

from pillion.controlplane.writing.lease import Candidate, Lease, LeaseSpec, Terms

TERMS = Terms(lasts=15.0)
NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


def lease(holder: str | None, renewed: str = "r1", seconds: int | None = 15) -> Lease:
    return Lease(spec=LeaseSpec(holder_identity=holder, renew_time=renewed, lease_duration_seconds=seconds))


def test_what_nobody_holds_is_free_and_what_is_ours_stays_ours() -> None:
    for holder in (None, "", "me"):
        assert Candidate("me", TERMS).may_hold(lease(holder), 0.0)


def test_what_another_holds_is_free_when_it_was_unchanged_for_as_long_as_it_lasts() -> None:
    me = Candidate("me", TERMS)
    assert not me.may_hold(lease("other"), 100.0)
    assert not me.may_hold(lease("other"), 114.9)
    assert not me.may_hold(lease("other", "r2"), 115.0)
    assert not me.may_hold(lease("other", "r2"), 129.9)
    assert me.may_hold(lease("other", "r2"), 130.0)


def test_the_lease_itself_says_how_long_it_lasts() -> None:
    me = Candidate("me", TERMS)
    assert not me.may_hold(lease("other", seconds=1), 0.0)
    assert me.may_hold(lease("other", seconds=1), 1.0)
    assert not me.may_hold(lease("other", seconds=None), 2.0)
    assert me.may_hold(lease("other", seconds=None), 17.0)


def test_what_is_written_when_it_is_taken_renewed_and_given_up() -> None:
    me, later = Candidate("me", TERMS), NOON + dt.timedelta(seconds=2)
    first = me.held(Lease(), NOON)
    assert first == {
        "holderIdentity": "me", "leaseDurationSeconds": 15, "leaseTransitions": 0,
        "acquireTime": "2026-01-01T12:00:00.000000Z", "renewTime": "2026-01-01T12:00:00.000000Z",
    }  # fmt: skip
    held = Lease(spec=msgspec.convert(first, LeaseSpec))
    renewed = me.held(held, later)
    assert renewed == {**first, "renewTime": "2026-01-01T12:00:02.000000Z"}
    assert me.released(held, later) == {**renewed, "holderIdentity": "", "leaseDurationSeconds": 1}
    taken = Candidate("other", TERMS).held(held, later)
    assert (taken["leaseTransitions"], taken["acquireTime"]) == (1, "2026-01-01T12:00:02.000000Z")


def test_nobody_gives_up_what_another_holds() -> None:
    assert Candidate("me", TERMS).released(lease("other"), NOON) is None
