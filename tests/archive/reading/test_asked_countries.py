"""A country that a source was asked for counts as reached where the source itself states none."""

from itertools import count
from operator import itemgetter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete
from sqlmodel import select

from archive.exports.downloads import What
from archive.ingest.ads.asked_countries import find_asked_country, note_unmarked
from archive.ingest.close_run import close_run
from archive.ingest.pages import ingest_page
from archive.models import AskedCountry, PublicAd, RunCountry, WatchList
from archive.models.runs import Outcome, RunKind
from archive.privacy.redactions import redact_field
from archive.reading import AdFilter, list_ads, read_ad
from archive.reading.ads.ads import find_ad_row
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.as_of.past import ads_at
from archive.reading.as_of.restored_rows import select_rows
from archive.reading.coverage import cover_weeks
from archive.reading.shown_rows import check_shown
from archive.records import AdRecord, MissingReason
from archive.runs.lease import begin_run
from archive.spending import SpendBy, SpendQuery, summarise_spending
from archive.store.database import read, write
from archive.store.setup import write_sources
from scrapers.work.shown_anew import show_anew
from tests.archive.asked import LIBRARY, ask_library
from tests.archive.exports.streamed import fetch_rows
from tests.archive.moments import ask, day, held, known
from tests.examples import few_or_many
from tests.sources_with_terms import make_source

__all__ = ["ask_library"]

AD = f"{LIBRARY}:a1"


def where(engine, moment=NOW, ad=AD):
    """Where an ad was shown, how that is known, and why it is not."""
    view = ask(engine, read_ad, ad, moment)
    return view.countries, view.countries_from, view.missing.get("countries")


def is_sound(engine):
    return check_shown(engine, lambda _: None).bad == []


def test_an_ad_of_a_source_that_states_no_country_was_shown_where_it_was_asked_for(
    engine, ask_library, make_ad
):
    ask_library("NO", [make_ad()], 0)
    assert where(engine) == (["NO"], "asked", None)
    assert is_sound(engine)


def test_a_country_left_blank_is_no_country_stated(engine, ask_library, make_ad):
    ask_library("NO valg", [make_ad(countries=[])], 0)
    assert where(engine) == (["NO"], "asked", None)


def test_an_ad_given_for_two_countries_was_shown_in_both(engine, ask_library, make_ad):
    ask_library("SE", [make_ad()], 0)
    ask_library("NO", [make_ad()], 1)
    ask_library("SE", [make_ad()], 2)
    assert where(engine) == (["NO", "SE"], "asked", None)
    assert is_sound(engine)


def test_countries_that_the_source_states_stand_alone(engine, ask_library, make_ad):
    ask_library("NO", [make_ad()], 0)
    ask_library("NO", [make_ad(countries=["SE"])], 1)
    assert where(engine) == (["SE"], "stated", None)

    ask_library("DK", [make_ad(countries=["SE"])], 2)
    assert where(engine) == (["SE"], "stated", None)

    ask_library("DK", [make_ad()], 3)
    assert where(engine) == (["DK", "NO"], "asked", None)
    assert is_sound(engine)


def test_a_source_that_is_not_asked_by_country_leaves_the_country_unknown(
    engine, ask_library, make_ad
):
    ask_library("NO", [make_ad()], 0, source="example")
    assert where(engine, ad="example:a1") == ([], None, "not_provided")


@pytest.mark.parametrize("reason", [MissingReason.UNREADABLE, MissingReason.REDACTED])
def test_what_the_source_stated_and_is_not_shown_is_not_replaced(
    engine, ask_library, make_ad, reason
):
    ask_library("NO", [make_ad(missing={"countries": reason})], 0)
    assert where(engine) == ([], None, reason)
    assert is_sound(engine)


def test_withheld_countries_stay_withheld_whatever_is_asked_for(engine, ask_library, make_ad):
    ask_library("NO", [make_ad(countries=["SE"])], 0)
    with write(engine) as session:
        redact_field(session, find_ad_row(session, AD), "countries", "Article 17", "Ada", day(1))
    ask_library("DK", [make_ad(countries=["SE"])], 2)
    assert where(engine) == ([], None, "redacted")
    assert is_sound(engine)


def test_a_decision_about_another_field_leaves_the_countries(engine, ask_library, make_ad):
    ask_library("NO", [make_ad(payer_name="Jo Pier")], 0)
    with write(engine) as session:
        redact_field(session, find_ad_row(session, AD), "payer_name", "Article 17", "Ada", day(1))
    assert where(engine) == (["NO"], "asked", None)
    assert is_sound(engine)


def test_only_what_was_asked_by_then_counts(engine, ask_library, make_ad):
    ask_library("NO", [make_ad()], 0)
    ask_library("SE", [make_ad()], 4)
    ask_library("DK", [make_ad()], 6, observed=2)

    assert where(engine, known(3)) == where(engine, held(1)) == (["NO"], "asked", None)
    assert where(engine, known(5))[0] == ["NO", "SE"]
    assert where(engine, held(3))[0] == ["DK", "NO"]
    assert where(engine, Moment(as_of=day(5), valid_at=day(3)))[0] == ["NO"]
    assert where(engine)[0] == where(engine, known(6))[0] == ["DK", "NO", "SE"]
    assert is_sound(engine)


def test_an_earlier_time_learned_later_moves_what_held_then_alone(engine, ask_library, make_ad):
    ask_library("NO", [make_ad()], 5)
    ask_library("NO", [make_ad()], 7, observed=1)
    ask_library("SE", [make_ad()], 8)
    assert where(engine, held(2))[0] == ["NO"]
    assert where(engine, known(6))[0] == where(engine, known(7))[0] == ["NO"]
    assert is_sound(engine)


def test_lists_sums_downloads_and_coverage_agree(engine, ask_library, make_ad):
    ask_library("NO", [make_ad("a1"), make_ad("a2"), make_ad("s", countries=["FI"])], 0)
    run = ask_library("SE", [make_ad("a2"), make_ad("a3")], 1)

    shown = {"NO": ["a1", "a2"], "SE": ["a2", "a3"], "FI": ["s"], "GR": []}
    for country, refs in shown.items():
        wanted = AdFilter(country=country)
        assert [ad.ref for ad in ask(engine, list_ads, wanted).items] == refs
        assert [row["ref"] for row in fetch_rows(engine, What.ADS, wanted)] == refs
        summary = ask(engine, summarise_spending, SpendQuery(country=country, by=SpendBy.PLATFORM))
        assert sum(group.ads for group in summary.groups) == len(refs)
    groups = ask(engine, summarise_spending, SpendQuery(by=SpendBy.COUNTRY)).groups
    assert {group.key: group.ads for group in groups} == {"NO": 1, "SE": 1, "FI": 1, "several": 1}
    then = ask(engine, summarise_spending, SpendQuery(by=SpendBy.COUNTRY, moment=known(0))).groups
    assert {group.key: group.ads for group in then} == {"NO": 2, "FI": 1}
    with read(engine) as session:
        counted = session.exec(select(RunCountry).where(RunCountry.run_id == run))
        assert {row.country: row.seen for row in counted} == {"*": 2, "NO": 1, "SE": 2}
        weeks = cover_weeks(session, day(2), source=LIBRARY, country="SE")
    assert [week.seen for week in weeks] == [2]


def test_how_countries_are_known_stands_in_lists_and_downloads(engine, ask_library, make_ad):
    ask_library("NO", [make_ad("a"), make_ad("s", countries=["FI"])], 0)
    listed = ask(engine, list_ads, AdFilter()).items
    assert [ad.countries_from for ad in listed] == ["asked", "stated"]
    assert [row["countries_from"] for row in fetch_rows(engine, What.ADS)] == ["asked", "stated"]


@pytest.mark.parametrize(
    ("partition", "country"),
    [
        *(("NO", "NO"), ("NO valg 2027", "NO"), ("watch:norway", "NO"), ("watch:norway:2", "NO")),
        *(("ALL", None), ("2026", None), ("import", None), ("NOvalg", None), ("no", None)),
        *(("watch:nordic", None), ("watch:unheard-of", None)),
    ],
)
def test_a_partition_tells_the_one_country_that_it_asks_for(engine, partition, country):
    with write(engine) as session:
        source = make_source(None, "meta_ad_library", asks_by_country=True)
        write_sources(session, [source, make_source(None)])
        for name, countries in (("nordic", ["DK", "SE"]), ("norway", ["NO"])):
            head = {"title": name, "added_by": "Ada", "reason": "a test", "recorded_at": day(0)}
            session.add(WatchList(id=name, source=source.id, countries=countries, **head))
        session.flush()
        assert find_asked_country(session, source.id, partition) == country
        assert find_asked_country(session, "example", partition) is None


def forget_asked(engine):
    """The archive as if nobody had ever noted what was asked for."""
    with write(engine) as session:
        session.connection().execute(delete(AskedCountry))
        session.connection().execute(delete(RunCountry))
        silent = {"countries": [], "countries_from": None}
        for ad in session.exec(select(PublicAd).where(PublicAd.countries_from == "asked")).all():
            ad.sqlmodel_update(silent | {"missing": ad.missing | {"countries": "not_provided"}})
            session.add(ad)


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
