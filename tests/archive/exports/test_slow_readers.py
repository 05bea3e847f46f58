"""A list that is read slowly: nothing of the database waits for its reader, and it tells of one moment."""

import pytest
from sqlalchemy import text
from sqlmodel import select

from archive.exports.downloads import (
    AdvertiserSpendFilter,
    Form,
    What,
    stream_rows,
    write_rows,
    write_stream,
)
from archive.models import Ad
from archive.privacy.redactions import redact_field
from archive.reading import AdFilter
from archive.reading.as_of.moment import NOW, Moment
from archive.store.database import is_postgresql, write
from tests.archive.exports.streamed import EVERYTHING, invent_records, read_lines
from tests.archive.exports.test_downloads import change_record
from tests.archive.moments import DAY, NOON, day

GREEK = {what: AdFilter(country="GR") for what in What} | {
    What.ADVERTISER_SPEND: AdvertiserSpendFilter(is_current=True),
    What.DISCLOSURES: EVERYTHING[What.DISCLOSURES],
}


@pytest.fixture
def short_pages(monkeypatch):
    monkeypatch.setattr("archive.exports.downloads.pages.PAGE_ROWS", 3)


def take_in_other_words(ingest_run, make_ad):
    """A complete file in which every ad is changed, moved or gone, and others are new."""
    changed = [change_record(record) for record in invent_records(make_ad)]
    abroad = [
        ad.model_copy(update={"countries": ["US"]}) if number % 2 else ad
        for number, ad in enumerate(changed[:20])
    ]
    new = [make_ad(f"new{number}", countries=["GR"]) for number in range(9)]
    ingest_run([*abroad, *changed[30:], *new], NOON + 3 * DAY)


@pytest.mark.parametrize(
    ("wanted", "moment"),
    [
        (GREEK, NOW),
        pytest.param(EVERYTHING, NOW, marks=pytest.mark.slow),
        pytest.param(GREEK, Moment(valid_at=day(0)), marks=pytest.mark.slow),
    ],
    ids=["greek", "everything", "then"],
)
@pytest.mark.parametrize("what", What)
def test_an_import_in_its_midst_takes_no_row_from_a_list_adds_none_and_changes_none(
    filled, ingest_run, make_ad, short_pages, what, wanted, moment
):
    def begin():
        return write_stream(filled, what, Form.JSON_LINES, wanted[what], None, moment)

    before = b"".join(begin())
    parts = begin()
    taken = next(parts)
    take_in_other_words(ingest_run, make_ad)

    assert taken + b"".join(parts) == before
    assert len(read_lines(before)) > 3


def test_what_is_withheld_while_a_list_is_read_is_not_in_the_rest_of_it(
    filled, ingest_run, make_ad, short_pages
):
    stream = stream_rows(filled, What.VERSIONS, AdFilter())
    parts = write_rows(stream, Form.JSON_LINES)
    first = next(parts)
    with write(filled) as session:
        ad = session.exec(select(Ad).where(Ad.ref == "a20")).one()
        redact_field(session, ad, "bodies", "a court", "Officer Lamp", NOON + 2 * DAY)
    take_in_other_words(ingest_run, make_ad)
    rows = read_lines(first + b"".join(parts))

    [withheld] = [row for row in rows if row["ad_id"] == "example:a20"]
    assert withheld["content"]["bodies"] == []
    assert stream.data_as_of < NOON + 2 * DAY


@pytest.mark.parametrize("what", [What.ADS, What.VERSIONS])
def test_nothing_of_the_database_is_held_while_a_reader_takes_its_time(
    filled, ingest_run, make_ad, short_pages, what
):
    parts = write_stream(filled, what, Form.JSON_LINES, EVERYTHING[what])
    next(parts)
    take_in_other_words(ingest_run, make_ad)
    next(parts)

    assert filled.pool.checkedout() == 0
    with filled.connect() as connection:
        if is_postgresql(filled):
            held = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            others = f"{held} AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
            assert connection.scalar(text(others)) == 0
        else:
            # Busy, or frames that a reader still needs: it would not be cut to nothing.
            done = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
            assert done == (0, 0, 0)
    parts.close()
