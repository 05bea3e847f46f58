"""Whole lists: every row of a filter once, in one snapshot, and an end that proves it."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import col, select

from archive.exports.downloads import AdvertiserSpendFilter, Form, What, list_columns, write_stream
from archive.models import AdMetric, AdVersion, AdvertiserSpend, Disclosure, PublicAd
from archive.reading import AdFilter, CursorError, list_ads
from archive.reading.as_of.moment import Moment
from archive.reading.disclosures import DisclosureFilter
from archive.reading.views import AdItem, DisclosureView, MetricView
from archive.records import AdRecord, AdvertiserSpendRecord, AnyRecord, DisclosureRecord, Grain
from archive.store.database import read
from tests.archive.exports.streamed import (
    EVERYTHING,
    fetch_rows,
    invent_records,
    read_lines,
    read_sidecar,
)
from tests.archive.moments import DAY, NOON
from tests.examples import few_or_many


def test_an_empty_question_lists_every_ad_once_by_list_and_by_stream(engine, ingest_run, make_ad):
    refs = [f"a{number}" for number in range(250)]
    ingest_run([make_ad(ref) for ref in refs])

    listed, cursor = [], None
    with read(engine) as session:
        while not listed or cursor:
            page = list_ads(session, AdFilter(), cursor, 100)
            listed += [ad.ref for ad in page.items]
            cursor = page.next_cursor
    streamed = [row["ref"] for row in fetch_rows(engine, What.ADS)]

    assert listed == streamed == refs


def test_a_stream_shows_what_the_list_shows(filled):
    with read(filled) as session:
        listed = list_ads(session, AdFilter(), limit=100).items
    rows = fetch_rows(filled, What.ADS)
    assert [{k: v for k, v in row.items() if k != "cursor"} for row in rows] == [
        ad.model_dump(mode="json") for ad in listed
    ]


def test_columns_are_those_of_the_views_and_say_what_they_mean():
    names = {what: [column.name for column in list_columns(what)] for what in What}
    assert names[What.ADS] == [*AdItem.model_fields, "cursor"]
    assert names[What.METRICS] == ["ad_id", *MetricView.model_fields, "cursor"]
    assert names[What.DISCLOSURES] == [*DisclosureView.model_fields, "cursor"]
    assert all(column.description for what in What for column in list_columns(what))


AD_FILTERS = st.builds(
    AdFilter,
    source=st.sampled_from([None, "example", "elsewhere"]),
    platform=st.sampled_from([None, "harbour", "examplatform"]),
    country=st.sampled_from([None, "GR", "US", 'G"R']),
    advertiser_id=st.sampled_from([None, "example:page-1"]),
    payer=st.sampled_from([None, ("Old Mill",), ("' OR 1=1 --", "Old Mill"), ()]),
    currency=st.sampled_from([None, "EUR", "USD"]),
    state=st.sampled_from([None, "seen", "vanished"]),
)


@settings(max_examples=few_or_many(25))
@given(wanted=AD_FILTERS)
@example(wanted=AdFilter(country="US", currency="USD"))
def test_any_filter_of_ads_leaves_the_rows_that_reading_every_ad_leaves(filled, wanted):
    with read(filled) as session:
        kept = [
            ad
            for ad in session.exec(select(PublicAd).order_by(col(PublicAd.id)))
            if keeps(wanted, ad)
        ]
        ids = {ad.id: ad.public_id for ad in kept}
        counts = {
            table: len([row for row in session.exec(select(table)) if row.ad_id in ids])
            for table in (AdVersion, AdMetric)
        }

    assert [row["id"] for row in fetch_rows(filled, What.ADS, wanted)] == list(ids.values())
    assert len(fetch_rows(filled, What.VERSIONS, wanted)) == counts[AdVersion]
    assert len(fetch_rows(filled, What.METRICS, wanted)) == counts[AdMetric]
    cells = sum(len(ad.delivery) for ad in kept)
    assert len(fetch_rows(filled, What.DELIVERY, wanted)) == cells


def keeps(wanted: AdFilter, ad: PublicAd) -> bool:
    asked = {name: value for name, value in vars(wanted).items() if value is not None}
    country, payer = asked.pop("country", None), asked.pop("payer", None)
    return (
        all(getattr(ad, name) == value for name, value in asked.items())
        and (country is None or country in ad.countries)
        and (payer is None or ad.payer_name in payer)
    )


@pytest.mark.parametrize(
    ("what", "table", "wanted", "condition"),
    [
        (What.ADVERTISER_SPEND, AdvertiserSpend, AdvertiserSpendFilter(), "1 = 1"),
        (
            What.ADVERTISER_SPEND,
            AdvertiserSpend,
            AdvertiserSpendFilter(currency="EUR", grain=Grain.WEEK, country="GR"),
            "currency = 'EUR' AND CAST(grain AS text) IN ('week', 'WEEK')",
        ),
        (
            What.ADVERTISER_SPEND,
            AdvertiserSpend,
            AdvertiserSpendFilter(advertiser_id="example:page-1", is_current=True),
            "advertiser_id = 'example:page-1'",
        ),
        (What.DISCLOSURES, Disclosure, DisclosureFilter(), "1 = 1"),
        (
            What.DISCLOSURES,
            Disclosure,
            DisclosureFilter(committee_ref="C1", payee=("=1+1",)),
            "committee_ref = 'C1' AND payee_name = '=1+1'",
        ),
    ],
)
def test_statements_and_filings_are_as_many_as_sql_counts(filled, what, table, wanted, condition):
    with read(filled) as session:
        query = text(f"SELECT count(*) FROM {table.__tablename__} WHERE {condition}")
        counted = session.connection().scalar(query)
    assert len(fetch_rows(filled, what, wanted)) == counted > 0


def test_a_filing_names_its_filer_where_it_is_registered(filled):
    rows = fetch_rows(filled, What.DISCLOSURES)
    names = {row["committee_ref"]: row["committee_name"] for row in rows}
    assert names == {"C0": None, "C1": "Old Mill Trust"}
    assert rows[0]["id"] == "example:000000000000"


@pytest.mark.parametrize("what", What)
def test_a_cut_download_goes_on_after_any_row_without_gap_or_duplicate(filled, what):
    whole = fetch_rows(filled, what)
    assert len(whole) > 5
    for cut in (0, 1, len(whole) // 2, len(whole) - 1):
        rest = fetch_rows(filled, what, after=whole[cut]["cursor"])
        assert whole[: cut + 1] + rest == whole


def test_what_is_learned_later_comes_after_the_end(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1")], sweep=False)
    after = read_sidecar(engine, What.ADS)["next_after"]
    ingest_run([make_ad("a2")], NOON + DAY, sweep=False)
    assert [r["ref"] for r in fetch_rows(engine, What.ADS, after=after)] == ["a2"]


@pytest.mark.parametrize("after", ["", "x", "WyJhZHMiLCAxXQ", "💥"])
@pytest.mark.parametrize("what", [What.ADS, What.DELIVERY])
def test_a_cursor_of_another_list_is_refused_before_the_first_byte(engine, what, after):
    with pytest.raises(CursorError):
        next(write_stream(engine, what, Form.CSV, AdFilter(), after))


def change_record(record: AnyRecord) -> AnyRecord:
    """The same with other words and amounts."""
    match record:
        case AdRecord():
            return record.model_copy(
                update={"bodies": ["Other"], "spend_lower_minor": 1, "delivery": []}
            )
        case AdvertiserSpendRecord():
            return record.model_copy(update={"spend_lower_minor": 0})
        case DisclosureRecord():
            return record.model_copy(update={"amount_minor": 1, "is_correction": False})
    return record


@pytest.mark.parametrize("what", What)
def test_a_list_of_an_earlier_moment_never_changes(engine, ingest_run, make_ad, what):
    ingest_run(invent_records(make_ad))
    now = fetch_rows(engine, what)
    then = Moment(as_of=NOON)
    before = b"".join(write_stream(engine, what, Form.JSON_LINES, EVERYTHING[what], None, then))
    changed = [change_record(record) for record in invent_records(make_ad)]
    ingest_run([*changed, make_ad("new")], NOON + DAY)

    after = b"".join(write_stream(engine, what, Form.JSON_LINES, EVERYTHING[what], None, then))
    assert after == before
    assert read_lines(after) == now
