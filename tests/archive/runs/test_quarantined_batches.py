"""What a complete run no longer found is held when it is too much, and settled once by a person."""

import pytest
from sqlmodel import col, select

from archive.errors import ArchiveError, NotFoundError
from archive.ingest.close_run import accept_vanished, close_run
from archive.ingest.pages import ingest_page
from archive.models import PublicAd, QuarantinedBatch, QuarantinedPiece, Run, VanishedPeriod
from archive.models.runs import Outcome, PieceStatus, QuarantineReason, RunKind
from archive.runs.lease import begin_run
from archive.runs.plausibility import ImplausibleBatchError, open_gate
from archive.runs.quarantine import (
    NAME,
    list_quarantined,
    name_quarantined,
    read_quarantined,
    settle,
)
from archive.store.database import read, write
from tests.archive.moments import DAY, NOON
from tests.archive.runs.gated import write_source


@pytest.fixture
def sweep(engine, make_ad):
    """One complete run of the ads with these numbers, judged by the source's gate."""
    write_source(engine)

    def lease(numbers, now=NOON, *, is_unchanged=False, **values):
        with write(engine) as session:
            run = begin_run(session, "example", "2026", RunKind.CRAWL, now, is_sweep=True)
            gate = open_gate(session, "example")
            ads = [make_ad(f"a{number}", **values) for number in numbers]
            ingest_page(session, run, ads, None, now, gate=gate)
            return close_run(
                session,
                run,
                Outcome.DONE,
                now,
                covered=True,
                is_unchanged=is_unchanged,
                gate=gate,
            )

    return lease


def believe(session, now, by="Ada", because="the platform said so"):
    settle(session, "batch-1", PieceStatus.RELEASED, by, because, now)
    return accept_vanished(session, session.get_one(QuarantinedBatch, 1), now)


def states(engine):
    with read(engine) as session:
        return {ad.ref: ad.state for ad in session.exec(select(PublicAd))}


def vanished_periods(engine):
    with read(engine) as session:
        return list(session.exec(select(VanishedPeriod).order_by(col(VanishedPeriod.ad_id))))


def test_a_complete_run_that_lost_three_of_ten_ads_is_held_and_marks_none_vanished(engine, sweep):
    sweep(range(10))
    run = sweep(range(7), NOON + DAY)

    assert set(states(engine).values()) == {"seen"}
    assert (run.outcome, run.complete, run.vanished) == (Outcome.ATTENTION, False, 0)
    assert "quarantined as batch-1: 3 of 10 ads are gone at once (30%)" in run.reason
    with read(engine) as session:
        (batch,) = list_quarantined(session, PieceStatus.QUARANTINED, 10)
    assert (batch.cause, batch.figures["gone"], batch.run_id) == (
        QuarantineReason.SHRINK,
        3,
        run.id,
    )


def test_in_a_small_partition_a_third_may_go(engine, sweep):
    sweep(range(5))
    run = sweep(range(3), NOON + DAY)

    assert (run.outcome, run.complete, run.vanished) == (Outcome.DONE, True, 2)


def test_a_released_shrink_has_vanished_as_that_run_saw_it(engine, sweep):
    sweep(range(10))
    held = sweep(range(7), NOON + DAY)
    with write(engine) as session:
        run = believe(session, NOON + 2 * DAY)
        assert run.id == held.id
        assert (run.outcome, run.complete, run.vanished) == (Outcome.DONE, True, 3)
        assert run.reason == (
            "a mass takedown of 3 ads, accepted by Ada because: the platform said so"
        )
    assert sum(state == "vanished" for state in states(engine).values()) == 3
    interval = {(a.last_seen_at, a.missed_at, a.recorded_at) for a in vanished_periods(engine)}
    assert interval == {(NOON, NOON + DAY, NOON + 2 * DAY)}


def test_an_ad_seen_again_before_the_release_was_away_and_is_back(engine, sweep):
    sweep(range(10))
    sweep(range(7), NOON + DAY)
    sweep(range(8), NOON + 2 * DAY)
    with write(engine) as session:
        believe(session, NOON + 3 * DAY)

    assert states(engine)["a7"] == "seen"
    assert {state for ref, state in states(engine).items() if ref in {"a8", "a9"}} == {"vanished"}
    returned = [vanished_period.returned_at for vanished_period in vanished_periods(engine)]
    assert returned == [NOON + 2 * DAY, None, None]


def test_a_partition_that_stays_shrunk_is_one_batch_until_somebody_decides(engine, sweep):
    sweep(range(10))
    for day in (1, 2):
        sweep(range(7), NOON + day * DAY)
    with write(engine) as session:
        (batch,) = list_quarantined(session, None, 10)
        settle(session, "batch-1", PieceStatus.REJECTED, "Ada", "the file was cut", NOON + 3 * DAY)
    run = sweep(range(7), NOON + 4 * DAY)

    assert batch.id == 1
    assert run.reason.startswith("quarantined as batch-2: 3 of 10 ads are gone at once")


def test_a_rejected_shrink_leaves_the_ads_where_they_were(engine, sweep):
    sweep(range(10))
    sweep(range(7), NOON + DAY)
    with write(engine) as session:
        settle(session, "batch-1", PieceStatus.REJECTED, "Ada", "the file was cut", NOON + 2 * DAY)

    assert set(states(engine).values()) == {"seen"}
    assert vanished_periods(engine) == []
    with read(engine) as session:
        batch = read_quarantined(session, "batch-1")
        assert not session.get_one(Run, batch.run_id).complete
    assert (batch.status, batch.settled_by) == ("rejected", "Ada")
    assert (batch.settled_because, batch.settled_at) == ("the file was cut", NOON + 2 * DAY)


def test_a_batch_is_settled_once(engine, sweep):
    sweep(range(10))
    sweep(range(7), NOON + DAY)
    with write(engine) as session:
        believe(session, NOON + 2 * DAY)
    again = "batch-1 was released by Ada before, because: the platform said so"
    with write(engine) as session:
        with pytest.raises(ArchiveError, match=again):
            believe(session, NOON + 3 * DAY, "Bob", "me too")
        with pytest.raises(ArchiveError, match=again):
            settle(session, "batch-1", PieceStatus.REJECTED, "Bob", "no", NOON + 3 * DAY)


@pytest.mark.parametrize(("by", "because"), [("", "why"), ("Ada", " ")])
def test_nobody_settles_a_batch_without_a_name_and_a_reason(engine, sweep, by, because):
    sweep(range(10))
    sweep(range(7), NOON + DAY)
    with write(engine) as session, pytest.raises(ArchiveError, match="must be said"):
        believe(session, NOON + 2 * DAY, by, because)


def test_a_batch_that_is_not_there_is_named(engine):
    with read(engine) as session, pytest.raises(NotFoundError, match="batch-7"):
        read_quarantined(session, "batch-7")


def test_the_bytes_of_a_run_that_was_held_cannot_pass_for_a_complete_look(engine, sweep):
    sweep(range(10))
    sweep(range(7), NOON + DAY)
    run = sweep([], NOON + 2 * DAY, is_unchanged=True)

    assert not run.complete
    assert "that run was not complete" in run.reason


def test_the_bytes_of_a_complete_run_seen_again_are_a_complete_look(engine, sweep):
    sweep(range(10))
    run = sweep([], NOON + DAY, is_unchanged=True)

    assert (run.complete, run.reason) == (True, "")


def test_a_page_that_lowers_what_is_known_by_half_is_refused(engine, sweep):
    sweep(range(20))
    lowered = {"spend_lower_minor": 50_00}
    with pytest.raises(ImplausibleBatchError, match="20 known ads, 20 state less"):
        sweep(range(20), NOON + DAY, **lowered)

    with read(engine) as session:
        assert {ad.spend_lower_minor for ad in session.exec(select(PublicAd))} == {100_00}


def test_ads_whose_words_alone_changed_bear_out_those_that_were_lowered(engine, sweep, make_ad):
    sweep(range(40))
    with write(engine) as session:
        lease = begin_run(session, "example", "2026", RunKind.CRAWL, NOON + DAY)
        ads = [make_ad(f"a{number}", bodies=["Other words"]) for number in range(37)]
        ads += [make_ad(f"a{number}", spend_lower_minor=0) for number in range(37, 40)]
        counts = ingest_page(
            session, lease, ads, None, NOON + DAY, gate=open_gate(session, "example")
        )
    assert counts.changed == 40


def test_an_amount_that_is_no_longer_stated_is_lowered_to_nothing(engine, sweep):
    sweep(range(20))
    with pytest.raises(ImplausibleBatchError, match="falls by 100%"):
        sweep(range(20), NOON + DAY, spend_lower_minor=None, spend_upper_minor=None)


def test_an_amount_in_another_currency_is_no_longer_one_in_the_first(engine, sweep):
    sweep(range(20))
    with pytest.raises(ImplausibleBatchError, match="from 2,000 EUR to 0 EUR"):
        sweep(range(20), NOON + DAY, currency="USD")


def test_an_amount_that_a_person_accepted_is_accepted_again(engine, sweep):
    enormous = {"spend_upper_minor": 200_000_000_00}
    with pytest.raises(ImplausibleBatchError, match="ad a1 states 200,000,000 EUR"):
        sweep([1], **enormous)
    run = sweep([2])
    with write(engine) as session:
        session.add(
            QuarantinedBatch(
                run_id=run.id,
                source="example",
                partition="2026",
                cause=QuarantineReason.ABSURD_AMOUNT,
                reason="large",
                figures={"currency": "EUR", "amount_minor": 200_000_000_00},
                status=PieceStatus.RELEASED,
                quarantined_at=NOON,
            )
        )
    sweep([1, 2], NOON + DAY, **enormous)
    with pytest.raises(ImplausibleBatchError, match="USD"):
        sweep([3], NOON + DAY, currency="USD", **enormous)


@pytest.mark.parametrize("name", ["batch-", "batch--7", "batch-²", "lot-7", "²", "", "7" * 19])
def test_what_is_no_name_names_nothing(engine, name):
    assert not NAME.fullmatch(name)
    with read(engine) as session, pytest.raises(NotFoundError):
        read_quarantined(session, name)


def test_a_piece_and_a_batch_of_the_same_number_go_by_names_of_their_own(engine, sweep):
    sweep(range(10))
    run = sweep(range(7), NOON + DAY)
    with write(engine) as session:
        cell = {"file": "a.csv", "reason": "is negative", "sha256": "0" * 64}
        session.add(QuarantinedPiece(run_id=run.id, source="example", quarantined_at=NOON, **cell))
    with write(engine) as session:
        both = list_quarantined(session, PieceStatus.QUARANTINED, 10)
        assert [name_quarantined(held) for held in both] == ["batch-1", "1"]
        assert [read_quarantined(session, name) for name in ("batch-1", "1")] == both
        settle(session, "1", PieceStatus.REJECTED, " Ada ", " a typing error ", NOON + DAY)
        assert list_quarantined(session, PieceStatus.QUARANTINED, 10) == both[:1]
        assert (both[1].settled_by, both[1].settled_because) == ("Ada", "a typing error")
