"""A country that a source was asked for counts as reached where the source itself states none."""

import pytest
from sqlmodel import select

from archive.exports.downloads import What
from archive.ingest.ads.asked_countries import find_asked_country
from archive.models import RunCountry, WatchList
from archive.privacy.redactions import redact_field
from archive.reading import AdFilter, list_ads
from archive.reading.ads.ads import find_ad_row
from archive.reading.as_of.moment import Moment
from archive.reading.coverage import cover_weeks
from archive.records import MissingReason
from archive.spending import SpendBy, SpendQuery, summarise_spending
from archive.store.database import read, write
from archive.store.setup import write_sources
from tests.archive.asked import AD, LIBRARY, is_sound, where
from tests.archive.exports.streamed import fetch_rows
from tests.archive.moments import ask, day, held, known
from tests.sources_with_terms import make_source


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
