"""Corrections as people and programs read them: page, feeds, API, CSV; and ids that changed."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree

import pytest
from sqlmodel import select

from archive.ingest.ads.moved_ids import ingest_moves
from archive.ingest.rows import Stamp
from archive.models import Run
from archive.models.runs import RunKind
from archive.records import AdvertiserMove, AdvertiserSpendRecord, Grain
from archive.runs.lease import begin_run
from archive.store.database import open_engine, write
from tests.api.conftest import HOSTILE, NOON, make_ad

NEXT_DAY = NOON + timedelta(minutes=10)


def state(amount, **values):
    return AdvertiserSpendRecord(
        dataset="weekly",
        platform="examplatform",
        grain=Grain.WEEK,
        period_start_on=date(2026, 2, 1),
        period_end_on=date(2026, 2, 7),
        advertiser_ref="page-1",
        currency="EUR",
        spend_lower_minor=amount,
        spend_upper_minor=amount,
        **({"advertiser_name": "Harbour Party"} | values),
    )


@pytest.fixture
def corrected(client, take_in):
    """A week of an advertiser and an ad that had ended, both with other amounts the next day."""
    take_in([state(100_00)])
    take_in([state(150_00), make_ad("a1", spend_upper_minor=299_00)], NEXT_DAY)
    return client


def read_items(client, **asked):
    return client.get("/api/v1/corrections", params=asked).json()["items"]


def test_the_newest_correction_comes_first_with_both_figures(corrected):
    statement = next(one for one in read_items(corrected) if one["measure"] == "reported")

    assert statement["figure"] == "Harbour Party, the week from 2026-02-01, in weekly"
    assert statement["before"]["spend_lower_minor"] == 100_00
    assert statement["after"]["spend_lower_minor"] == 150_00


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"measure": "ads"}, ["example:a1"]),
        ({"measure": "disclosed"}, []),
        ({"source": "example", "measure": "ads"}, ["example:a1"]),
        ({"subject": "example:a1"}, ["example:a1"]),
        ({"subject": "weekly|page-1|week|2026-02-01"}, ["weekly|page-1|week|2026-02-01"]),
    ],
)
def test_a_filter_leaves_what_it_says(corrected, asked, found):
    assert [one["subject"] for one in read_items(corrected, **asked)] == found


def test_an_advertiser_s_corrections_are_those_of_its_ads_and_of_its_statements(corrected):
    found = read_items(corrected, advertiser_id="example:page-1")

    assert sorted(one["measure"] for one in found) == ["ads", "reported"]


def test_pages_of_the_list_join_without_a_gap(corrected):
    first = corrected.get("/api/v1/corrections", params={"limit": 1}).json()
    second = corrected.get(first["next"]).json()

    assert [one["id"] for one in (*first["items"], *second["items"])] == [
        one["id"] for one in read_items(corrected)
    ]
    assert second["next"] is None


def test_before_the_archive_learned_them_there_are_none(corrected):
    assert read_items(corrected, as_of=NOON.isoformat()) == []


def test_the_same_rows_are_a_table(corrected):
    answer = corrected.get("/api/v1/corrections", params={"format": "csv"})

    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["subject"] for row in rows] == [one["subject"] for one in read_items(corrected)]


def test_the_page_says_before_and_after_in_words(corrected):
    page = corrected.get("/corrections").text

    assert "exactly 100 EUR" in page
    assert "exactly 150 EUR" in page
    assert "100 to 299 EUR" in page


def test_a_file_that_does_not_say_when_is_never_the_day_the_source_spoke(corrected):
    with write(open_engine(corrected.app.state.rooms.settings)) as session:
        for run in session.exec(select(Run)):
            run.observed_how = RunKind.IMPORT
    page = corrected.get("/corrections").text

    assert "the file does not say when" in page
    assert {item["is_dated"] for item in read_items(corrected)} == {False}


def test_a_run_that_was_dated_says_when_the_source_spoke(corrected):
    assert "the file does not say when" not in corrected.get("/corrections").text
    assert {item["is_dated"] for item in read_items(corrected)} == {True}


def test_the_page_of_one_kind_shows_no_other(corrected):
    page = corrected.get("/corrections", params={"measure": "ads"}).text

    assert "100 to 299 EUR" in page
    assert "exactly 150 EUR" not in page


def test_a_kind_that_does_not_exist_is_refused_with_those_there_are(corrected):
    page = corrected.get("/corrections", params={"measure": "?"})
    assert page.status_code == 400
    assert "ads, reported, disclosed" in page.text


def test_the_ad_s_and_the_advertiser_s_pages_show_their_corrections(corrected):
    ad = corrected.get("/ads/example/a1").text
    advertiser = corrected.get("/advertisers/example%3Apage-1").text

    assert "Figures the source corrected" in ad
    assert "One statement covers" in advertiser
    assert "exactly 150 EUR" not in ad
    assert "exactly 150 EUR" in advertiser
    assert "Figures the source corrected" not in corrected.get("/ads/example/a3").text


def test_both_feeds_hold_every_correction_and_lead_to_it(corrected):
    items = corrected.get("/corrections/feed.json").json()["items"]
    atom = ElementTree.fromstring(corrected.get("/corrections/feed.atom").content)

    ids = [entry.find("{*}id").text for entry in atom.findall("{*}entry")]
    assert ids == [item["id"] for item in items]
    assert len(ids) == 2
    told = next(item for item in items if "weekly" in item["title"])
    assert told["content_text"] == (
        "Harbour Party, the week from 2026-02-01, in weekly. "
        "The source had said: exactly 100 EUR. It says now: exactly 150 EUR."
    )
    path = told["url"].removeprefix("http://127.0.0.1:8000")
    assert "exactly 150 EUR" in corrected.get(path).text


def test_a_name_that_is_markup_stays_text(client, take_in):
    name = f"<script>alert(1)</script>{HOSTILE}"
    take_in([state(100_00, advertiser_name=name)])
    take_in([state(150_00, advertiser_name=name)], NEXT_DAY)

    assert "<script>" not in client.get("/corrections").text
    assert "<script>alert" not in client.get("/corrections/feed.atom").text


@pytest.fixture
def moved(client, settings, take_in):
    """An advertiser that was page-1 and is page-2 now."""
    take_in([make_ad("b1", advertiser_ref="page-2", advertiser_name="Port Party")], NEXT_DAY)
    engine = open_engine(settings)
    now = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    with write(engine) as session:
        run = begin_run(session, "example", "ids", RunKind.IMPORT, now)
        move = AdvertiserMove(old_ref="page-1", new_ref="page-2")
        ingest_moves(session, Stamp(run, None, now), [move])
    engine.dispose()
    return client


def test_an_old_id_answers_with_the_present_advertiser(moved):
    answer = moved.get("/api/v1/advertisers/example:page-1")

    assert answer.status_code == 200
    advertiser = answer.json()
    assert advertiser["id"] == "example:page-2"
    assert advertiser["former_ids"] == ["example:page-1"]
    assert [name["name"] for name in advertiser["names"]] == ["Harbour Party", "Port Party"]


def test_an_old_link_opens_the_present_page_and_says_so(moved):
    page = moved.get("/advertisers/example%3Apage-1")

    assert page.status_code == 200
    assert "You came by" in page.text
    assert "You came by" not in moved.get("/advertisers/example%3Apage-2").text


def test_an_old_name_finds_the_present_advertiser(moved):
    found = moved.get("/api/v1/advertisers", params={"name": "harbour"}).json()["items"]

    assert "example:page-2" in [one["id"] for one in found]
    nobody = moved.get("/api/v1/advertisers", params={"name": "%"}).json()["items"]
    assert nobody == []


def test_corrections_under_an_old_id_are_the_present_advertiser_s(moved, take_in):
    take_in([state(100_00)], NOON + timedelta(minutes=40))
    take_in([state(150_00)], NOON + timedelta(minutes=41))

    found = read_items(moved, advertiser_id="example:page-2")
    assert [one["advertiser_id"] for one in found] == ["example:page-1"]
