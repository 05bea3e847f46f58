"""Whole lists: every row of a filter once, in one snapshot, in any form, and an end that proves it."""

import csv
import io
import json
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, text
from sqlmodel import select

from archive.database import create_archive_engine, read, write
from archive.models import AdMetric, AdVersion, AdvertiserSpend, Disclosure, PublicAd
from archive.reading import AdFilter, CursorError, list_ads
from archive.reading.disclosures import DisclosureFilter
from archive.reading.moment import NOW, Moment
from archive.reading.views import AdItem, DisclosureView, MetricView
from archive.records import (
    AdRecord,
    AdvertiserSpendRecord,
    AnyRecord,
    CommitteeRecord,
    DisclosureRecord,
    Grain,
)
from archive.setup import migrate
from archive.streams import (
    AdvertiserSpendFilter,
    Form,
    RowStream,
    Wanted,
    What,
    list_columns,
    stream_rows,
    write_stream,
)
from archive.streams.as_parquet import ROW_GROUP_ROWS
from archive.streams.cells import FORMULA_STARTS, write_line
from archive.streams.forms import WRITERS
from archive.streams.select import BLOCK_ROWS
from scrapers.replica.fixtures import FIXTURES
from tests.benchmarks.streams import copy_ads, fill_archive, measure_alone
from tests.scrapers.samples import read_all, records

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)

Row = dict[str, Any]

EVERYTHING: dict[What, Wanted] = {what: AdFilter() for what in What} | {
    What.ADVERTISER_SPEND: AdvertiserSpendFilter(),
    What.DISCLOSURES: DisclosureFilter(),
}


def write_whole(engine: Engine, what: What, form: Form, wanted: Wanted | None = None) -> bytes:
    return b"".join(write_stream(engine, what, form, wanted or EVERYTHING[what]))


def split_end(data: bytes) -> tuple[list[Row], Row]:
    """The rows of JSON Lines, and what its last line says."""
    *rows, end = [json.loads(line) for line in data.decode().split("\n")[:-1]]
    return rows, end["end"]


def fetch_rows(
    engine: Engine, what: What, wanted: Wanted | None = None, after: str | None = None
) -> list[Row]:
    """Every row of a list, its end checked."""
    parts = write_stream(engine, what, Form.JSON_LINES, wanted or EVERYTHING[what], after)
    rows, end = split_end(b"".join(parts))
    assert end["rows"] == len(rows)
    assert end["next_after"] == (rows[-1]["cursor"] if rows else after)
    return rows


def invent_records(make_ad: Callable[..., AdRecord]) -> list[AnyRecord]:
    """Ads, statements and filings that differ in every way a filter asks for."""
    ads = [
        make_ad(
            f"a{number}",
            platform=("harbour", "meadow")[number % 2],
            countries=[["GR"], ["GR", "US"], []][number % 3],
            currency=("EUR", "USD", None)[number % 3],
            payer_name=("Old Mill", None)[number % 2],
            advertiser_ref=f"page-{number % 5}",
            delivery=[
                {"by": "region", "region": f"R{cell}", "share": 0.5} for cell in range(number % 4)
            ],
            targeting=[{"dimension": "age", "mode": "exclude", "text": "13-17"}] * (number % 2),
        )
        for number in range(30)
    ]
    statements = [
        AdvertiserSpendRecord(
            dataset="weekly",
            platform="harbour",
            grain=(Grain.WEEK, Grain.LIFETIME)[number % 2],
            period_start_on=(NOON + number * DAY).date(),
            advertiser_ref=f"page-{number % 3}",
            countries=[["GR"], ["US"]][number % 2],
            currency=("EUR", "USD")[number % 2],
            spend_lower_minor=number,
            spend_upper_minor=number,
        )
        for number in range(9)
    ]
    filed = [
        DisclosureRecord(
            ref=f"{number:012}",
            committee_ref=f"C{number % 2}",
            payee_name=("Harbour Ads", "=1+1")[number % 2],
            currency="USD",
            amount_minor=100 - 50 * number,
            is_memo=False,
            is_notice=False,
            is_correction=number > 2,
        )
        for number in range(7)
    ]
    return [*ads, *statements, CommitteeRecord(ref="C1", name="Old Mill Trust"), *filed]


@pytest.fixture
def filled(engine, look_at, make_ad) -> Engine:
    """An archive with every kind of rows, some of them changed or vanished by a second look."""
    look_at(invent_records(make_ad))
    again = [make_ad(f"a{number}", spend_lower_minor=number) for number in range(3)]
    look_at([*again, make_ad("a3", bodies=["Other words"])], NOON + DAY)
    return engine


# Every row, once


def test_an_empty_question_lists_every_ad_once_by_list_and_by_stream(engine, look_at, make_ad):
    refs = [f"a{number}" for number in range(250)]
    look_at([make_ad(ref) for ref in refs])

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
    payer_name=st.sampled_from([None, "Old Mill", "' OR 1=1 --"]),
    currency=st.sampled_from([None, "EUR", "USD"]),
    state=st.sampled_from([None, "seen", "vanished"]),
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(wanted=AD_FILTERS)
@example(wanted=AdFilter(country="US", currency="USD"))
def test_any_filter_of_ads_leaves_the_rows_that_reading_every_ad_leaves(filled, wanted):
    with read(filled) as session:
        kept = [ad for ad in session.exec(select(PublicAd)) if keeps(wanted, ad)]
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
    country = asked.pop("country", None)
    return all(getattr(ad, name) == value for name, value in asked.items()) and (
        country is None or country in ad.countries
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
            DisclosureFilter(committee_ref="C1", payee_name="=1+1"),
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


# Going on, and refusing


@pytest.mark.parametrize("what", What)
def test_a_cut_download_goes_on_after_any_row_without_gap_or_duplicate(filled, what):
    whole = fetch_rows(filled, what)
    assert len(whole) > 5
    for cut in (0, 1, len(whole) // 2, len(whole) - 1):
        rest = fetch_rows(filled, what, after=whole[cut]["cursor"])
        assert whole[: cut + 1] + rest == whole


def test_what_is_learned_later_comes_after_the_end(engine, look_at, make_ad):
    look_at([make_ad("a1")], sweep=False)
    _, end = split_end(write_whole(engine, What.ADS, Form.JSON_LINES))
    look_at([make_ad("a2")], NOON + DAY, sweep=False)
    assert [r["ref"] for r in fetch_rows(engine, What.ADS, after=end["next_after"])] == ["a2"]


@pytest.mark.parametrize("after", ["", "x", "WyJhZHMiLCAxXQ", "💥"])
@pytest.mark.parametrize("what", [What.ADS, What.DELIVERY])
def test_a_cursor_of_another_list_is_refused_before_the_first_byte(engine, what, after):
    with pytest.raises(CursorError):
        next(write_stream(engine, what, Form.CSV, AdFilter(), after))


# At an earlier moment


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
def test_a_list_of_an_earlier_moment_never_changes(engine, look_at, make_ad, what):
    look_at(invent_records(make_ad))
    now = fetch_rows(engine, what)
    then = Moment(as_of=NOON)
    before = b"".join(write_stream(engine, what, Form.JSON_LINES, EVERYTHING[what], None, then))
    changed = [change_record(record) for record in invent_records(make_ad)]
    look_at([*changed, make_ad("new")], NOON + DAY)

    after = b"".join(write_stream(engine, what, Form.JSON_LINES, EVERYTHING[what], None, then))
    rows, end = split_end(after)
    assert after == before
    assert rows == now
    assert end["as_of"] == "2026-03-01T12:00:00Z"


# While ingest runs


@contextmanager
def in_thread(work: Callable[[], None]) -> Iterator[None]:
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join()


@pytest.mark.parametrize("form", [Form.JSON_LINES, Form.CSV])
def test_what_another_thread_takes_in_meanwhile_changes_nothing_of_a_download(
    engine, look_at, make_ad, form, monkeypatch
):
    monkeypatch.setattr("archive.streams.select.BLOCK_ROWS", 100)
    fill_archive(engine, 250)
    before = write_whole(engine, What.ADS, form)
    changed = [make_ad(f"a{number}", bodies=["Other"]) for number in (1, 150, 240)]

    parts = write_stream(engine, What.ADS, form, AdFilter())
    taken = [next(parts), next(parts)]
    with in_thread(lambda: look_at([*changed, make_ad("new")], NOON + DAY, sweep=False)):
        pass
    taken += parts

    assert b"".join(taken) == before
    assert write_whole(engine, What.ADS, form) != before


def test_downloads_beside_a_busy_writer_hold_whole_pages_in_order(engine, look_at, make_ad):
    page = 50
    look_at([make_ad(f"a{number}") for number in range(page)], sweep=False)
    stop = threading.Event()

    def take_in() -> None:
        for start in range(page, 20 * page, page):
            if stop.is_set():
                return
            look_at(
                [make_ad(f"a{start + number}") for number in range(page)],
                NOON + timedelta(minutes=start),
                partition=f"{start}",
                sweep=False,
            )

    with in_thread(take_in):
        try:
            downloads = [[row["ref"] for row in fetch_rows(engine, What.ADS)] for _ in range(8)]
        finally:
            stop.set()
    for refs in downloads:
        assert refs == [f"a{number}" for number in range(len(refs))]
        assert len(refs) % page == 0


def page_while_inserting(engine: Engine, look_at, make_ad, rows: int, every: int) -> None:
    """Page through the list of ads; before every so many pages twenty further ads come in."""
    fill_archive(engine, rows)
    seen, cursor, added, pages = [], None, 0, 0
    while not pages or cursor:
        if pages % every == 0 and added < 200:
            new = [make_ad(f"new{added + number}") for number in range(20)]
            look_at(new, NOON + timedelta(days=1, minutes=pages), sweep=False)
            added += 20
        with read(engine) as session:
            page = list_ads(session, AdFilter(), cursor, 100)
        seen += [ad.ref for ad in page.items]
        cursor, pages = page.next_cursor, pages + 1
    assert seen == [f"a{n + 1}" for n in range(rows)] + [f"new{n}" for n in range(added)]


def test_paging_through_a_list_that_grows_has_no_gap_and_no_duplicate(engine, look_at, make_ad):
    page_while_inserting(engine, look_at, make_ad, rows=5_000, every=7)


@pytest.mark.slow
def test_paging_through_100_000_ads_that_grow_has_no_gap_and_no_duplicate(engine, look_at, make_ad):
    page_while_inserting(engine, look_at, make_ad, rows=100_000, every=100)


# Forms


@pytest.mark.parametrize("what", What)
def test_parquet_holds_what_json_lines_hold(filled, tmp_path, what):
    rows, end = split_end(write_whole(filled, what, Form.JSON_LINES))
    path = tmp_path / "rows.parquet"
    path.write_bytes(write_whole(filled, what, Form.PARQUET))

    file = pq.ParquetFile(path)
    columns = list_columns(what)
    assert [as_json(row, columns) for row in file.read().to_pylist()] == rows
    assert file.metadata.num_rows == end["rows"]
    said = {name: file.metadata.metadata[name.encode()].decode() for name in end}
    assert said == {name: str(value).replace("None", "null") for name, value in end.items()}
    field = file.schema_arrow.field(columns[0].name)
    assert field.metadata[b"description"].decode() == columns[0].description

    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        duck = connection.read_parquet(str(path)).to_arrow_table().to_pylist()
    assert [as_json(row, columns) for row in duck] == rows


def as_json(row: Row, columns: list[Any]) -> Row:
    """A row read from Parquet as JSON Lines write it."""
    return {column.name: as_json_value(row[column.name], column.kind) for column in columns}


def as_json_value(value: Any, kind: type) -> Any:
    if kind is list:
        return json.loads(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat() if hasattr(value, "isoformat") else value


def test_amounts_times_and_days_have_their_own_types_in_parquet(filled):
    schema = pq.read_schema(io.BytesIO(write_whole(filled, What.ADS, Form.PARQUET)))
    kinds = {name: str(schema.field(name).type) for name in schema.names}
    assert kinds["spend_lower_minor"] == "int64"
    assert kinds["recorded_at"] == "timestamp[us, tz=UTC]"
    assert kinds["started_on"] == "date32[day]"
    assert kinds["declared_political"] == "bool"
    assert kinds["ref"] == "string"


@pytest.mark.parametrize("what", What)
def test_a_table_has_the_rows_of_json_lines_and_one_comment_at_its_end(filled, tmp_path, what):
    rows, end = split_end(write_whole(filled, what, Form.JSON_LINES))
    data = write_whole(filled, what, Form.CSV).decode()
    header, *table, last = csv.reader(io.StringIO(data, newline=""))

    assert header == [column.name for column in list_columns(what)]
    assert [row[-1] for row in table] == [row["cursor"] for row in rows]
    assert last[0].startswith(f"# end: rows: {end['rows']}; data_as_of: {end['data_as_of']}")
    assert end["next_after"] in last[0]

    path = tmp_path / "rows.csv"
    path.write_text(data, newline="")
    with duckdb.connect() as connection:
        query = "SELECT count(*) FROM read_csv(?, header = true, quote = '\"', comment = '#')"
        assert connection.execute(query, [str(path)]).fetchone() == (end["rows"],)


def test_an_empty_list_has_a_header_and_an_end_in_every_form(engine):
    table = write_whole(engine, What.ADS, Form.CSV).decode().splitlines()
    assert len(table) == 2
    assert table[1] == "# end: rows: 0"
    assert split_end(write_whole(engine, What.ADS, Form.JSON_LINES)) == (
        [],
        {"rows": 0, "data_as_of": None, "as_of": None, "valid_at": None, "next_after": None},
    )
    parquet = pq.ParquetFile(io.BytesIO(write_whole(engine, What.ADS, Form.PARQUET)))
    assert parquet.metadata.num_rows == 0
    assert parquet.schema_arrow.names == [column.name for column in list_columns(What.ADS)]


INJECTIONS = [
    "=1+1",
    '=HYPERLINK("https://example.org","x")',
    "+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\0=1",
]
SPOILT = ["123456789012", "999000000000001", "007", "3543e12", "1E5"]
PLAIN = ["", "0", "12", "a=1", "2020", "abc123456789012", "1-2-3", '"', "a,b\r\nc", "# end: 3 rows"]


@pytest.mark.parametrize("danger", INJECTIONS + SPOILT)
def test_a_spreadsheet_keeps_as_text_what_it_would_run_or_spoil(danger):
    [[cell]] = csv.reader(io.StringIO(write_line([danger]), newline=""))
    assert cell == f"'{danger}"


@pytest.mark.parametrize("harmless", PLAIN)
def test_other_texts_stay_as_they_are(harmless):
    assert list(csv.reader(io.StringIO(write_line([harmless, 1]), newline=""))) == [[harmless, "1"]]


def test_numbers_stay_numbers():
    assert write_line([-5, 0.25, 10**15, True, None]) == '-5,0.25,1000000000000000,"true",""\r\n'


@given(st.lists(st.none() | st.text() | st.integers() | st.floats(allow_nan=False), min_size=2))
def test_no_text_makes_a_cell_that_runs_or_moves_another(values):
    [cells] = csv.reader(io.StringIO(write_line(values), newline=""))
    assert len(cells) == len(values)
    for cell, value in zip(cells, values, strict=True):
        if isinstance(value, str):
            assert not cell.startswith(FORMULA_STARTS)
            assert cell in {value, f"'{value}"}


# Lazily, and flat


def count_pulls(blocks: int) -> tuple[RowStream, list[int]]:
    """A stream of so many blocks, and a list that grows with each block that is asked for."""
    columns = list_columns(What.TARGETING)
    pulled: list[int] = []

    def make_blocks() -> Iterator[list[tuple[Any, ...]]]:
        for number in range(blocks):
            pulled.append(number)
            yield [("x:1", "x", "p", "age", "include", "18", {}, f"{number}")] * BLOCK_ROWS

    return RowStream(columns, make_blocks(), NOON, NOW, None), pulled


@pytest.mark.parametrize("form", [Form.CSV, Form.PARQUET])
def test_the_first_part_leaves_before_any_row_is_read(form):
    stream, pulled = count_pulls(2 * ROW_GROUP_ROWS // BLOCK_ROWS)
    parts = WRITERS[form](stream)
    assert next(parts)
    assert pulled == []
    assert next(parts)
    assert len(pulled) == (1 if form is Form.CSV else ROW_GROUP_ROWS // BLOCK_ROWS)


def test_json_lines_leave_a_block_at_a_time():
    stream, pulled = count_pulls(30)
    parts = WRITERS[Form.JSON_LINES](stream)
    for number in range(1, 4):
        assert next(parts).count(b"\n") == BLOCK_ROWS
        assert len(pulled) == number


@pytest.mark.parametrize(
    "wanted",
    [
        AdFilter(),
        AdFilter(source="example"),
        AdFilter(source="example", country="GR", state="seen"),
    ],
)
@pytest.mark.parametrize("what", [What.ADS, What.VERSIONS, What.METRICS, What.DELIVERY])
def test_sqlite_walks_the_key_and_sorts_nothing(engine, what, wanted):
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL plans by its statistics; the setting for cursors is asserted below")
    asked: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2:4]))
    fetch_rows(engine, what, wanted)
    query, values = next(pair for pair in asked if "ORDER BY" in pair[0] and ".id > " in pair[0])
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", values).all()
    assert not [step for step in plan if "TEMP B-TREE" in step[-1]]


def test_postgresql_is_told_to_bring_the_first_rows_soon(engine):
    if engine.dialect.name != "postgresql":
        pytest.skip("a setting of PostgreSQL")
    with read(engine) as session:
        next(stream_rows(session, What.ADS, AdFilter()).blocks, None)
        assert float(session.connection().scalar(text("SHOW cursor_tuple_fraction"))) < 0.001


def measure_peak(engine: Engine, form: Form, after: str | None = None) -> int:
    """Bytes held at most while a list is written to nowhere."""
    tracemalloc.start()
    try:
        for _ in write_stream(engine, What.ADS, form, AdFilter(), after):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("form", Form)
def test_memory_does_not_grow_with_the_list(engine, form, monkeypatch):
    monkeypatch.setattr("archive.streams.select.BLOCK_ROWS", 50)
    monkeypatch.setattr("archive.streams.as_parquet.ROW_GROUP_ROWS", 50)
    fill_archive(engine, 600)
    late = fetch_rows(engine, What.ADS)[400]["cursor"]
    measure_peak(engine, form)  # whatever is loaded once is loaded now
    assert measure_peak(engine, form) < 1.3 * measure_peak(engine, form, late)


@pytest.mark.slow
@pytest.mark.parametrize("form", Form)
def test_memory_of_a_process_that_writes_200_000_ads_stays_that_of_a_few(tmp_path, form):
    url = f"sqlite:///{tmp_path / 'archive.sqlite3'}"
    engine = create_archive_engine(url)
    migrate(engine)
    fill_archive(engine, 20_000)
    few = measure_alone(url, What.ADS, form)["peak_rss_mb"]
    with write(engine) as session:
        for start in range(20_001, 200_001, 5_000):
            copy_ads(session, range(start, start + 5_000))
    engine.dispose()
    assert measure_alone(url, What.ADS, form)["peak_rss_mb"] < few + 50


# Who saw it, and whom it was aimed at


def read_fixture_ads() -> list[AdRecord]:
    """The invented ads of Meta's and Snap's shapes that the replica serves."""
    found: list[AnyRecord] = []
    for path in sorted(FIXTURES.glob("meta_ad_library/day-1/**/*.json")):
        ads = json.loads(path.read_text(encoding="utf-8")).get("ads", [])
        found += records(read_all("meta_ad_library", "answer.json", json.dumps(ads)))
    for path in sorted(FIXTURES.glob("snap/day-1/**/PoliticalAds.csv")):
        found += records(read_all("snap", "PoliticalAds.csv", path.read_bytes()))
    by_ref = {record.ref: record for record in found if isinstance(record, AdRecord)}
    return list(by_ref.values())


@pytest.mark.parametrize(("what", "name"), [("delivery", "delivery"), ("targeting", "targeting")])
def test_delivery_and_targeting_of_the_fixtures_come_back_cell_by_cell(engine, look_at, what, name):
    ads = read_fixture_ads()
    look_at(ads)
    told = {f"example:{ad.ref}": getattr(ad, name) for ad in ads if getattr(ad, name)}

    back: dict[str, list[Row]] = {}
    for row in fetch_rows(engine, What(what)):
        facts = ("ad_id", "source", "platform", "cursor", "rest")
        cell = {k: v for k, v in row.items() if k not in facts and v is not None}
        back.setdefault(row["ad_id"], []).append(cell | row["rest"])

    assert len(told) > 3
    assert back == told


def test_excluded_audiences_are_told_apart(engine, look_at):
    look_at(read_fixture_ads())
    modes = {row["mode"] for row in fetch_rows(engine, What.TARGETING)}
    assert modes == {"include", "exclude"}


def test_a_cell_of_an_unforeseen_shape_is_kept_whole(engine, look_at, make_ad):
    odd = {"by": "age_gender", "share": "half", "count": 2**70, "age": ["18"], "more": {"x": 1}}
    look_at([make_ad(delivery=[odd])])
    [row] = fetch_rows(engine, What.DELIVERY)
    assert (row["by"], row["share"], row["count"], row["age"]) == ("age_gender", None, None, None)
    assert row["rest"] == {k: v for k, v in odd.items() if k != "by"}
