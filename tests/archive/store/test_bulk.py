"""Rows written at the engine's pace read back as the same values that the models would have written."""

import gc
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from archive.models import Change, PublicAd
from archive.store.bulk import (
    find_storing,
    insert_rows,
    make_scratch,
    pause_collector,
    table_of,
    update_rows,
)
from archive.store.database import read, write

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NAMES = ("kind", "subject_id", "recorded_at")


def add_changes(engine, *rows):
    with write(engine) as session:
        insert_rows(session, table_of(Change), NAMES, rows)


def now_in(engine):
    with read(engine) as session:
        return find_storing(session).time(NOON)


def test_rows_get_their_numbers_in_the_order_given(engine):
    add_changes(engine, ("ad_content", 7, now_in(engine)), ("ad_state", 2**40, now_in(engine)))

    with read(engine) as session:
        changes = session.exec(select(Change).order_by(col(Change.seq))).all()
    assert [(c.kind, c.subject_id, c.recorded_at) for c in changes] == [
        ("ad_content", 7, NOON),
        ("ad_state", 2**40, NOON),
    ]


def test_an_instant_of_another_zone_is_kept_as_the_same_instant(engine):
    summer = datetime(2026, 3, 1, 14, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    with write(engine) as session:
        stored = find_storing(session).time(summer)
        insert_rows(session, table_of(Change), NAMES, [("ad_state", 1, stored)])

    with read(engine) as session:
        assert session.exec(select(Change.recorded_at)).one() == summer


def test_a_time_without_a_zone_is_refused(engine):
    with write(engine) as session, pytest.raises(ValueError, match="timezone"):
        find_storing(session).time(datetime(2026, 3, 1))  # noqa: DTZ001 (what is refused)


def test_texts_days_truths_and_nothing_come_back_as_they_went_in(
    engine, ingest_run, make_ad, know_source
):
    know_source("name")
    ad = make_ad(
        bodies=["łódź\u2028 'quoted' \"twice\" \\ 🗳", ""],
        payer_name="Tab\tand\nline",
        declared_political=False,
        started_on=date(1, 1, 1),
        ended_on=date(9999, 12, 31),
        source_fields={"name": "ü"},
        spend_lower_minor=0,
        spend_upper_minor=2**53,
    )
    ingest_run([ad])

    with read(engine) as session:
        row = session.exec(select(PublicAd)).one()
    for name in type(ad).model_fields:
        assert getattr(row, name) == getattr(ad, name), name


def test_an_update_changes_the_named_rows_and_columns_only(engine):
    add_changes(engine, *[("ad_state", n, now_in(engine)) for n in (1, 2, 3)])
    with write(engine) as session:
        update_rows(session, table_of(Change), ("seq", "kind"), [(1, "one"), (3, "three")])

    with read(engine) as session:
        kinds = session.exec(select(Change.kind).order_by(col(Change.seq))).all()
    assert kinds == ["one", "ad_state", "three"]


def test_different_columns_of_one_table_are_updated_in_one_transaction(engine):
    add_changes(engine, ("ad_state", 1, now_in(engine)))
    with write(engine) as session:
        update_rows(session, table_of(Change), ("seq", "kind"), [(1, "flag")])
        update_rows(session, table_of(Change), ("seq", "subject_id", "kind"), [(1, 9, "last")])

    with read(engine) as session:
        change = session.exec(select(Change)).one()
    assert (change.kind, change.subject_id) == ("last", 9)


def test_nothing_to_write_is_no_statement(engine):
    with write(engine) as session:
        insert_rows(session, table_of(Change), NAMES, [])
        update_rows(session, table_of(Change), ("seq", "kind"), [])

    with read(engine) as session:
        assert session.exec(select(Change)).all() == []


def test_a_scratch_table_is_empty_each_time_it_is_made(engine):
    with write(engine) as session:
        column = table_of(Change).c.kind
        for _ in range(2):
            scratch = make_scratch(session, "met", [column])
            insert_rows(session, scratch, ("kind",), [("x",)])
        assert session.connection().execute(text("SELECT count(*) FROM met")).scalar() == 1


def test_what_a_failed_transaction_wrote_in_bulk_is_not_there(engine):
    def fail():
        with write(engine) as session:
            insert_rows(session, table_of(Change), NAMES, [("ad_state", 1, now_in(engine))])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    with read(engine) as session:
        assert session.exec(select(Change)).all() == []


def test_the_collector_is_paused_and_runs_again_also_after_an_error():
    def fail_midway():
        with pause_collector():
            assert not gc.isenabled()
            raise RuntimeError("midway")

    with pytest.raises(RuntimeError, match="midway"):
        fail_midway()
    assert gc.isenabled()


def test_a_collector_that_somebody_else_stopped_stays_stopped():
    gc.disable()
    try:
        with pause_collector():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
