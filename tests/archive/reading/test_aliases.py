"""An advertiser keeps every id a source ever gave it; the old ones lead to the present one."""

from datetime import UTC, datetime, timedelta

import pytest

from archive.ingest.ads.moved_ids import ingest_moves
from archive.ingest.rows import Stamp
from archive.models.runs import RunKind
from archive.reading.ads.aliases import find_present_id, list_former_ids
from archive.reading.as_of.moment import Moment
from archive.records import AdvertiserMove
from archive.runs.lease import begin_run
from archive.store.database import read, write

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def move(engine):
    def take_in(*pairs, at=NOON, learned_at=None):
        now = learned_at or at
        with write(engine) as session:
            partition = f"{now.isoformat()} {at.isoformat()}"
            lease = begin_run(session, "example", partition, RunKind.IMPORT, now, observed_on=at)
            records = [AdvertiserMove(old_ref=old, new_ref=new) for old, new in pairs]
            return ingest_moves(session, Stamp(lease, None, now), records)

    return take_in


@pytest.fixture
def ask(engine, ingest_run, make_ad):
    ingest_run([make_ad(f"of {ref}", advertiser_ref=ref) for ref in ("a", "b", "c")])

    def find(ref, **moment):
        with read(engine) as session:
            return find_present_id(session, f"example:{ref}", Moment(**moment))

    return find


def test_an_old_id_leads_to_the_present_one(move, ask):
    move(("a", "b"))

    assert ask("a") == "example:b"
    assert ask("b") == "example:b"


def test_an_id_that_changed_twice_leads_on(move, ask):
    move(("a", "b"))
    move(("b", "c"), at=NOON + DAY)

    assert ask("a") == "example:c"


def test_an_id_of_which_the_archive_knows_nothing_is_not_led_to(move, ask):
    move(("a", "never seen"))

    assert ask("a") == "example:a"


def test_an_id_the_archive_never_saw_leads_to_the_one_it_knows(move, ask):
    move(("before our time", "c"))

    assert ask("before our time") == "example:c"


def test_ids_that_lead_in_a_circle_lead_somewhere(move, ask):
    move(("a", "b"), ("b", "a"))

    assert ask("a") in {"example:a", "example:b"}


def test_before_the_archive_learned_it_an_id_leads_nowhere_else(move, ask):
    move(("a", "b"), at=NOON, learned_at=NOON + DAY)

    assert ask("a", as_of=NOON) == "example:a"
    assert ask("a", as_of=NOON + DAY) == "example:b"


def test_every_former_id_is_named(engine, move):
    move(("a", "b"), ("x", "c"))
    move(("b", "c"), at=NOON + DAY)

    with read(engine) as session:
        assert list_former_ids(session, "example:c") == ["example:b", "example:x", "example:a"]


def test_the_same_word_twice_is_unchanged(move):
    assert move(("a", "b")).new == 1
    assert move(("a", "b"), at=NOON + DAY).unchanged == 1


def test_of_two_words_about_one_id_the_newer_counts(move, ask):
    move(("a", "b"), at=NOON + DAY)
    counts = move(("a", "c"), at=NOON, learned_at=NOON + 2 * DAY)
    assert counts.changed == 0
    assert ask("a") == "example:b"

    assert move(("a", "c"), at=NOON + 3 * DAY).changed == 1
    assert ask("a") == "example:c"
