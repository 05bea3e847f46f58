"""The doctor forecasts by this archive's growth when the disk is full, and says how old its backup is."""

import shutil
from collections import namedtuple
from datetime import timedelta

import pytest

from archive.store.blobs import BlobStore
from archive.store.database import open_archive, read, write
from archive.store.growth import read_growth
from archive.store.home_facts import note_backup
from scrapers.doctor.keeping import LOOKED_AT, examine_backup, examine_disk
from tests.archive.moments import DAY
from tests.invented import NOW, make_archive, make_settings

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def settings(tmp_path):
    made = make_settings(tmp_path / "home")
    make_archive(made).dispose()
    return made


def grow(settings, now=NOW, most=LOOKED_AT):
    engine = open_archive(settings)
    with read(engine) as session:
        return read_growth(session, BlobStore(settings.blobs_dir), now, most)


def examine_with_room(settings, monkeypatch, days, now=NOW):
    free = (settings.disk_reserve_mb << 20) + days * grow(settings, now).bytes_per_day
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, free))
    return examine_disk(settings, now)


@pytest.mark.parametrize(
    ("days", "works", "warns", "told"),
    [
        (2, False, True, "room for about 2 days"),
        (29, True, True, "room for about 29 days"),
        (400, True, False, "room for about 400 days"),
        (9_000, True, False, "room for about more than ten years"),
    ],
)
def test_room_is_told_in_days_at_what_came_in_of_late(
    settings, monkeypatch, days, works, warns, told
):
    disk = examine_with_room(settings, monkeypatch, days)

    assert (disk.works, disk.warns) == (works, warns)
    assert told.replace("about more", "more") in disk.detail
    assert "what came in during the last 30 days, most of it harbour_ads" in disk.detail


def test_what_grew_is_each_piece_of_evidence_on_the_disk_once_and_a_share_of_the_database(settings):
    month, week = grow(settings), grow(settings, most=timedelta(days=8))
    on_disk = sum(path.stat().st_size for path in settings.blobs_dir.rglob("*.zst"))

    assert month.evidence_bytes.total() == on_disk
    assert month.days == 30
    assert 0 < week.evidence_bytes.total() < on_disk
    assert 0 < week.database_bytes < month.database_bytes
    assert month.database_bytes <= (settings.home / "archive.sqlite3").stat().st_size


def test_an_archive_that_nothing_came_into_has_no_forecast(settings):
    disk = examine_disk(settings, NOW + 60 * DAY)

    assert disk.works
    assert "nothing came in of late" in disk.detail


def test_less_room_than_is_to_stay_free_is_a_fault(settings):
    tight = settings.model_copy(update={"disk_reserve_mb": 1 << 40})

    assert not examine_disk(tight, NOW).works


@pytest.mark.parametrize(
    ("age", "warns", "told"),
    [(None, True, "there never was one"), (DAY, False, "22 Nov"), (3 * DAY, True, "20 Nov")],
)
def test_a_backup_that_was_never_made_or_is_old_is_a_warning(settings, age, warns, told):
    if age:
        with write(open_archive(settings)) as session:
            note_backup(session, NOW - age)
    backup = examine_backup(settings, NOW)

    assert (backup.works, backup.warns) == (True, warns)
    assert told in backup.detail
