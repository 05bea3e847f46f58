"""The night's upkeep: statistics, leftovers, counts that must agree; once a night, or at any time."""

import os
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, text, update
from sqlmodel import col
from typer.testing import CliRunner

import paidforby
from archive.errors import EvidenceError
from archive.exports.mirror import find_folder, sync_mirror
from archive.models import AdMetric, AdVersion, PublicAd
from archive.store.bulk import table_of
from archive.store.database import is_postgresql, read, write
from archive.store.home_facts import LAST_UPKEEP, note_backup, read_time
from archive.store.setup import init_archive
from scrapers.work.shown_anew import show_anew
from scrapers.work.upkeep import keep_up, keep_up_nightly
from search.copies.sync import sync_index
from search.engines import open_search
from tests.archive.exports.backups import make_home
from tests.archive.moments import DAY
from tests.invented import NOW, make_archive

HOUR = timedelta(hours=1)


@pytest.fixture
def kept(archive_url, tmp_path):
    """Settings and engine of an archive that is followed and backed up."""
    settings = make_home(tmp_path / "home", archive_url)
    engine = make_archive(settings)
    sync_index(engine, open_search(settings, engine), NOW)
    sync_mirror(engine, find_folder(settings), NOW)
    with write(engine) as session:
        note_backup(session, NOW)
    yield settings, engine
    engine.dispose()


def find_wrong(settings, engine, now=NOW):
    return {part.name: part.wrong for part in keep_up(settings, engine, now) if part.wrong}


def test_a_followed_archive_is_well_however_often_it_is_asked(kept):
    settings, engine = kept

    assert find_wrong(settings, engine) == {}
    assert find_wrong(settings, engine) == {}
    with engine.connect() as connection:
        known = "pg_stat_user_tables WHERE last_analyze IS NOT NULL"
        table = known if is_postgresql(engine) else "sqlite_stat1"
        assert connection.scalar(text(f"SELECT count(*) FROM {table}"))


def test_copies_and_counts_that_do_not_agree_are_named(kept):
    settings, engine = kept
    with write(engine) as session:
        gone = session.connection().execute(delete(PublicAd).where(col(PublicAd.id) == 1))
        session.connection().execute(delete(AdVersion).where(col(AdVersion.ad_id) == 1))
    assert gone.rowcount == 1
    next(find_folder(settings).rglob("*.parquet")).write_bytes(b"scratched")

    done = {part.name: part for part in keep_up(settings, engine, NOW)}
    assert sorted(name for name in done if done[name].wrong) == ["counts", "mirror", "shown"]
    # The search copy is what the archive shows, whatever that is.
    assert done["search"].told.endswith("1 document was of no ad; put right")
    assert ": 1 document was of no ad" not in find_told(settings, engine, "search")


def find_told(settings, engine, name):
    return next(part.told for part in keep_up(settings, engine, NOW) if part.name == name)


def test_the_search_copy_is_compared_every_night_and_an_engine_that_is_away_is_wrong(
    kept, meilisearch_away
):
    settings, engine = kept

    assert find_told(settings, engine, "search").endswith("compared: as the archive shows them")
    [wrong] = find_wrong(meilisearch_away, engine)["search"]
    assert "does not answer" in wrong


@pytest.fixture
def meilisearch_away(kept):
    return kept[0].model_copy(update={"meilisearch_url": "http://127.0.0.1:9"})


def test_rows_that_show_something_else_are_shown_anew_and_every_copy_follows(kept):
    settings, engine = kept
    with write(engine) as session:
        shown = select(table_of(PublicAd)).order_by(table_of(PublicAd).c.id)
        before = session.connection().execute(shown).all()
        session.connection().execute(update(PublicAd).values(payer_name="Somebody else"))
        session.connection().execute(delete(PublicAd).where(col(PublicAd.id) == 1))
    assert "type: paidforby verify" in find_wrong(settings, engine)["shown"][-1]

    told = show_anew(engine, NOW)
    sync_index(engine, open_search(settings, engine), NOW)
    sync_mirror(engine, find_folder(settings), NOW)

    assert len(told) == len(before)
    assert told[0].endswith("what was recorded is not shown")
    assert told[1].endswith("not shown as it was recorded: payer_name")
    with read(engine) as session:
        assert session.connection().execute(shown).all() == before
    assert find_wrong(settings, engine) == {}
    assert show_anew(engine, NOW) == []


def test_a_version_that_the_ledger_does_not_hold_is_not_shown_anew(kept):
    _, engine = kept
    with write(engine) as session:
        words = {"content": {"ref": "other"}}
        session.connection().execute(update(AdVersion).where(col(AdVersion.id) == 2).values(words))

    with pytest.raises(EvidenceError, match="ad_version 2: its words are not those of its hash"):
        show_anew(engine, NOW)


def test_a_number_that_is_not_of_its_hash_is_not_shown_anew(kept):
    _, engine = kept
    with write(engine) as session:
        rewritten = update(AdMetric).where(col(AdMetric.id) == 2).values(spend_lower_minor=1)
        session.connection().execute(rewritten)

    with pytest.raises(EvidenceError, match="ad_metric 2: its words are not those of its hash"):
        show_anew(engine, NOW)


def test_an_old_backup_is_wrong(kept):
    assert list(find_wrong(*kept, NOW + 3 * DAY)) == ["backup"]


def test_what_killed_processes_left_is_swept_and_what_is_being_written_is_left(kept):
    settings, engine = kept
    folder = next(path for path in settings.blobs_dir.glob("*/*"))
    left, new = folder / "tmpleft.part", folder / "tmpnew.part"
    for path in (left, new):
        path.write_bytes(b"half a picture")
    old = (NOW - 2 * DAY).timestamp()
    os.utime(left, (old, old))

    swept = next(part for part in keep_up(settings, engine, NOW) if part.name == "leftovers")

    assert swept.told.startswith("1 file swept")
    assert (left.exists(), new.exists()) == (False, True)


@pytest.mark.engines_alike
def test_it_is_done_once_a_night_and_not_before_the_first(kept):
    settings, engine = kept
    done = []
    for hour in range(3 * 24):
        now = NOW.replace(hour=12) + hour * HOUR
        keep_up_nightly(settings, engine, now)
        with read(engine) as session:
            done.append(read_time(session, LAST_UPKEEP))

    assert [f"{at:%d %H}" for at in dict.fromkeys(done)] == ["23 12", "24 02", "25 02", "26 02"]


def test_the_command_ends_with_one_until_there_is_a_backup(tmp_path):
    home = {"PAIDFORBY_HOME": str(tmp_path / "home")}
    init_archive(make_home(tmp_path / "home"), []).dispose()

    def run(*words):
        return CliRunner().invoke(paidforby.app, list(words), env=home)

    assert run("maintain").exit_code == 1
    assert run("backup", "--to", str(tmp_path / "backup")).exit_code == 0
    well = run("maintain")
    assert well.exit_code == 0, well.output
    assert "next: paidforby doctor" in well.output


def test_the_command_shows_anew_and_names_what_it_had_found(tmp_path):
    settings = make_home(tmp_path / "home")
    engine = make_archive(settings)
    sync_index(engine, open_search(settings, engine), NOW)
    with write(engine) as session:
        session.connection().execute(
            update(PublicAd).where(col(PublicAd.id) == 2).values(payer_name="Somebody else")
        )
    home = {"PAIDFORBY_HOME": str(settings.home)}

    done = CliRunner().invoke(paidforby.app, ["maintain", "--show-anew"], env=home)
    again = CliRunner().invoke(paidforby.app, ["verify", "--json"], env=home)
    engine.dispose()

    assert "shown anew: public_ad 2 (" in done.stderr
    assert "payer_name" in done.stderr
    assert again.exit_code == 0, again.output
