"""A list leaves as it is read: the first part at once, the rest without growing memory."""

import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event

from archive.exports.downloads import Form, RowStream, What, list_columns, write_stream
from archive.exports.downloads.as_parquet import ROW_GROUP_ROWS
from archive.exports.downloads.forms import WRITERS
from archive.exports.downloads.pages import PAGE_ROWS
from archive.reading import AdFilter
from archive.reading.as_of.moment import NOW
from archive.store.database import create_archive_engine, write
from archive.store.setup import migrate
from tests.archive.exports.streamed import fetch_rows
from tests.archive.moments import NOON
from tests.benchmarks.streams import copy_ads, fill_archive, measure_alone


def count_pulls(blocks: int) -> tuple[RowStream, list[int]]:
    """A stream of so many blocks, and a list that grows with each block that is asked for."""
    columns = list_columns(What.TARGETING)
    pulled: list[int] = []

    def make_blocks() -> Iterator[list[tuple[Any, ...]]]:
        for number in range(blocks):
            pulled.append(number)
            yield [("x:1", "x", "p", "age", "include", "18", {}, f"{number}")] * PAGE_ROWS

    return RowStream(columns, make_blocks(), NOON, NOW, None), pulled


@pytest.mark.parametrize("form", [Form.CSV, Form.PARQUET])
def test_the_first_part_leaves_before_any_row_is_read(form):
    stream, pulled = count_pulls(2 * ROW_GROUP_ROWS // PAGE_ROWS)
    parts = WRITERS[form](stream)
    assert next(parts)
    assert pulled == []
    assert next(parts)
    assert len(pulled) == (1 if form is Form.CSV else ROW_GROUP_ROWS // PAGE_ROWS)


def test_json_lines_leave_a_block_at_a_time():
    stream, pulled = count_pulls(30)
    parts = WRITERS[Form.JSON_LINES](stream)
    for number in range(1, 4):
        assert next(parts).count(b"\n") == PAGE_ROWS
        assert len(pulled) == number


# PostgreSQL plans by its statistics.
@pytest.mark.parametrize("archive_url", ["sqlite"], indirect=True)
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
    fill_archive(engine, 3)
    asked: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2:4]))
    fetch_rows(engine, what, wanted)
    query, values = next(pair for pair in asked if "ORDER BY" in pair[0] and ".id > " in pair[0])
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", values).all()
    assert not [step for step in plan if "TEMP B-TREE" in step[-1]]


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
    monkeypatch.setattr("archive.exports.downloads.pages.PAGE_ROWS", 50)
    monkeypatch.setattr("archive.exports.downloads.as_parquet.ROW_GROUP_ROWS", 50)
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
