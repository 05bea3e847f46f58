"""What was asked for follows from runs and what they saw: it is learned once, kept, and made anew."""

from itertools import count
from operator import itemgetter

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import select

from archive.ingest.ads.asked_countries import note_unmarked
from archive.ingest.close_run import close_run
from archive.ingest.pages import ingest_page
from archive.models import RunCountry
from archive.models.runs import Outcome, RunKind
from archive.reading.as_of.moment import NOW
from archive.reading.as_of.past import ads_at
from archive.reading.as_of.restored_rows import select_rows
from archive.records import AdRecord
from archive.runs.lease import begin_run
from archive.store.database import read, write
from archive.store.setup import write_sources
from scrapers.work.shown_anew import show_anew
from tests.archive.asked import LIBRARY, forget_asked, is_sound, where
from tests.archive.moments import day, held, known
from tests.examples import few_or_many
from tests.sources_with_terms import make_source


def test_an_archive_older_than_the_question_learns_it_once_from_what_runs_saw(
    engine, ask_library, make_ad
):
    ask_library("NO", [make_ad("a1"), make_ad("s", countries=["FI"])], 0)
    ask_library("SE", [make_ad("a1")], 1)
    forget_asked(engine)
    assert not is_sound(engine)

    assert ask_write(engine, note_unmarked, day(5)) == 2
    assert ask_write(engine, note_unmarked, day(6)) == 0

    assert where(engine) == (["NO", "SE"], "asked", None)
    assert where(engine, held(0)) == (["NO"], "asked", None)
    # What was answered before does not change.
    assert where(engine, known(4)) == ([], None, "not_provided")
    with read(engine) as session:
        counted = session.exec(select(RunCountry).where(RunCountry.run_id == 2)).all()
    assert {row.country: row.seen for row in counted} == {"*": 1, "NO": 1, "SE": 1}
    assert is_sound(engine)


def ask_write(engine, function, *arguments):
    with write(engine) as session:
        return function(session, *arguments)


def test_what_was_asked_for_is_made_anew_from_sightings(engine, ask_library, make_ad):
    ask_library("NO", [make_ad("a1"), make_ad("a2", countries=["FI"])], 0)
    ask_library("SE", [make_ad("a1")], 1)
    before = list_shown(engine)
    forget_asked(engine)

    assert show_anew(engine, day(3))[0] == (
        "library: for which country it was asked when it gave 2 ads"
    )
    assert list_shown(engine) == before
    assert show_anew(engine, day(4)) == []
    assert is_sound(engine)


def list_shown(engine, moment=NOW, without=("recorded_at",), source=LIBRARY):
    """Every row of a source in the public view at a moment, column by column."""
    with read(engine) as session:
        rows = [
            {name: value for name, value in row.items() if name not in without}
            for ads in ads_at(session, moment)
            for row in session.connection().execute(select_rows(ads)).mappings()
        ]
    return sorted((row for row in rows if row["source"] == source), key=itemgetter("id"))


RUNS = st.lists(
    st.tuples(
        st.sampled_from(["NO", "SE", "DK", "ALL"]),
        st.integers(0, 6),
        st.dictionaries(
            st.sampled_from(["a", "b"]), st.sampled_from([None, (), ("FI",), ("NO", "SE")])
        ),
    ),
    max_size=6,
)
"""The partition asked for, the day of which the answer is, and what it states of each ad's countries."""

NUMBERS = count()


@settings(max_examples=few_or_many(15, 60))
@given(runs=RUNS)
def test_whatever_is_asked_and_stated_the_past_stays_and_everything_can_be_made_anew(engine, runs):
    source, told = f"library{next(NUMBERS)}", {}
    with write(engine) as session:
        write_sources(session, [make_source(None, source, asks_by_country=True)])
    for number, (partition, observed, stated) in enumerate(runs):
        take_run(engine, source, partition, stated, number, observed)
        told[number] = list_shown(engine, without=(), source=source)
        shown = {row["ref"]: row["countries"] for row in told[number]}
        assert shown == expect_countries(runs[: number + 1])

    for number, rows in told.items():
        assert list_shown(engine, known(number), without=(), source=source) == rows
    assert is_sound(engine)
    before = list_shown(engine, source=source)
    forget_asked(engine)
    show_anew(engine, day(20))
    assert list_shown(engine, source=source) == before
    assert is_sound(engine)


def take_run(engine, source, partition, stated, learned, observed):
    records = [
        AdRecord(ref=ref, platform="library", **({} if said is None else {"countries": [*said]}))
        for ref, said in stated.items()
    ]
    now, at = day(learned), day(observed)
    with write(engine) as session:
        run = begin_run(session, source, partition, RunKind.CRAWL, now, observed_on=at)
        ingest_page(session, run, records, None, now)
        close_run(session, run, Outcome.DONE, now)


def expect_countries(runs):
    """By the plain meaning: what the newest words state, else all that the ad was asked for."""
    asked, newest = {}, {}
    for partition, observed, stated in runs:
        for ref, said in stated.items():
            asked.setdefault(ref, set()).update({partition} - {"ALL"})
            if ref not in newest or observed >= newest[ref][0]:
                newest[ref] = (observed, said or ())
    return {ref: [*newest[ref][1]] or sorted(asked[ref]) for ref in newest}
