"""Destroyed, restored on the other database, and crawled on: the same archive."""

import shutil
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from archive.exports.backup import make_backup, restore_backup
from archive.models import Capture
from archive.store.blobs import BlobStore
from archive.store.database import open_archive, read, write
from config.settings import Settings
from search.answering.found import search_now
from search.copies.sync import sync_index
from search.engines import open_search
from search.question.query import build_query
from tests.archive.exports.backups import RULE, dump_all, fill, make_home, root_of, tell
from tests.invented import NOW, record_run
from tests.invented_records import harbour_ads


@pytest.mark.parametrize("direction", ["to_postgresql", "to_sqlite"])
@pytest.mark.postgresql
def test_drill_destroyed_and_restored_on_the_other_database_and_crawled_on(
    direction, tmp_path, postgresql_url
):
    urls = [None, postgresql_url] if direction == "to_postgresql" else [postgresql_url, None]
    first, second = (make_home(tmp_path / str(i), url) for i, url in enumerate(urls))
    engine = fill(first)
    before, root = dump_all(engine), root_of(engine)
    manifest = make_backup(engine, first, tmp_path / "backup", NOW, tell)
    engine.dispose()
    shutil.rmtree(first.home)

    restore_backup(second, tmp_path / "backup", tell)

    engine = open_archive(second)
    assert all(before.values())
    assert dump_all(engine) == before
    assert root_of(engine) == manifest.ledger.root_sha256 == root
    assert (second.home / "config/rules/zz/own.yaml").read_text() == RULE
    with read(engine) as session:
        for capture in session.exec(select(Capture).where(Capture.sha256 != "")):
            if capture.url.startswith("https"):
                assert BlobStore(second.blobs_dir).read(capture.sha256)
    crawl_on(second, engine)
    engine.dispose()


def crawl_on(settings: Settings, engine: Engine) -> None:
    """A further run, and what it brings can be found."""
    later = NOW + timedelta(days=1)
    ads = [*harbour_ads(2), harbour_ads(0)[1].model_copy(update={"ref": "new-after-restore"})]
    with write(engine) as session:
        record_run(session, BlobStore(settings.blobs_dir), "harbour_ads", "2026", later, ads)
    search = open_search(settings, engine)
    sync_index(engine, search, later)
    with read(engine) as session:
        found = search_now(session, search, build_query(""))
    assert "harbour_ads:new-after-restore" in {hit.id for hit in found.hits}
