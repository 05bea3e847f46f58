"""The doctor says what works, what is missing and how to fix it, and changes nothing."""

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.curation.people import add_key, add_user
from archive.exports.backup import make_backup
from archive.models.people import Role
from archive.runs.crawling_stops import stop_crawling
from archive.store.database import write
from archive.store.setup import init_archive
from config.settings import Settings
from scrapers.commands.doctor import examine
from scrapers.doctor.configuration import examine_variables
from scrapers.doctor.findings import tell_findings
from scrapers.replica.serve import running_replica
from search.copies.sync import sync_index
from search.engines import open_search
from search.port import Batch
from tests.invented import NOW
from tests.scrapers.crawls import TOKEN

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
META_KEY = "meta_ad_library"


def find(settings: Settings, name: str):
    return next(finding for finding in examine(settings, NOON) if finding.name == name)


def say_end(settings: Settings, expires_on: str) -> None:
    folder = settings.home / "config" / "credentials"
    folder.mkdir(parents=True)
    text = f"owner: The Data Desk\nexpires_on: {expires_on}\n"
    (folder / "meta_ad_library.yaml").write_text(text)


def test_a_made_archive_is_well(home):
    assert all(finding.works for finding in examine(home.settings, NOON) if finding.is_needed)


def test_a_stop_of_all_crawling_is_told_with_what_ends_it(home):
    with write(home.engine) as session:
        stop_crawling(session, "Ada", "a court asked us to", NOW)

    archive = find(home.settings, "archive")

    assert (archive.works, archive.warns) == (True, True)
    assert "crawling is stopped by the operator since 23 Nov 2026" in archive.detail
    assert archive.to_type.startswith("paidforby crawling resume")


def test_a_missing_archive_is_not_made_but_told(tmp_path):
    settings = Settings(home=tmp_path / "nowhere", meilisearch_url="http://127.0.0.1:9")

    archive = find(settings, "archive")

    assert (archive.works, archive.to_type) == (False, "paidforby init")
    assert not settings.home.exists()


def test_servers_that_do_not_answer_are_named_with_what_to_check(tmp_path):
    settings = Settings(
        home=tmp_path,
        database_url="postgresql+psycopg://nobody@127.0.0.1:9/none",
        meilisearch_url="http://127.0.0.1:9",
    )

    assert "PAIDFORBY_DATABASE_URL" in find(settings, "archive").to_type
    assert "PAIDFORBY_MEILISEARCH_URL" in find(settings, "search").to_type


def test_a_search_copy_that_is_short_is_told_with_what_repairs_it(home):
    engine = home.engine
    with running_replica() as url:
        home.crawl_meta(url)
    assert find(home.settings, "search").to_type == "paidforby index sync"
    search = open_search(home.settings, engine)
    sync_index(engine, search, NOON)
    assert re.fullmatch("SQLite FTS5: [1-9][0-9]* ads", find(home.settings, "search").detail)
    with write(engine) as session:
        search.write_batch(Batch(deleted=list(range(1, 9))), session)

    short = find(home.settings, "search")

    assert (short.works, short.to_type) == (False, "paidforby index sync")
    assert "Search holds " in short.detail


def test_what_is_only_optional_is_no_illness_and_no_token_is_shown(home):
    lines = "\n".join(tell_findings(examine(home.settings, NOON)))

    assert re.search("^Tesseract +(works|not set)", lines, re.MULTILINE)
    assert TOKEN not in lines


def test_whether_words_in_pictures_can_be_read_is_told(home, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    tesseract = find(home.settings, "Tesseract")

    assert (tesseract.works, tesseract.is_needed) == (False, False)
    assert tesseract.to_type == "install the package tesseract-ocr"


def test_the_command_ends_with_one_when_something_needed_lacks(tmp_path, home):
    nowhere = type(home)(home.settings.model_copy(update={"home": tmp_path / "no"}), home.engine)
    assert home.command("doctor").returncode == 0
    assert nowhere.command("doctor", "--json").returncode == 1


@pytest.mark.parametrize(
    ("expires_on", "works", "warns"),
    [
        ("2027-03-01", True, False),
        ("2026-03-15", True, True),
        ("2026-03-02", True, True),
        ("2026-03-01", False, False),
    ],
)
def test_a_key_that_ends_soon_is_a_warning_and_one_that_has_ended_an_illness(
    home, expires_on, works, warns
):
    say_end(home.settings, expires_on)
    key = find(home.settings, META_KEY)
    assert (key.works, key.warns) == (works, warns)
    assert expires_on in key.detail
    assert "The Data Desk" in key.detail
    assert key.is_needed or works


def test_a_person_whose_last_key_ends_is_told_before_and_one_with_a_longer_key_is_not(home):
    soon, later = NOON.date() + timedelta(days=9), NOON.date() + timedelta(days=90)
    with write(home.engine) as session:
        for name, ends in {"Ada": [soon], "Bob": [soon, later], "Cleo": [soon, None]}.items():
            add_user(session, name, [Role.ANALYST], NOON, ends[0])
            for ends_on in ends[1:]:
                add_key(session, name, NOON, ends_on)

    keys = [each for each in examine(home.settings, NOON) if each.name == "key"]

    assert [(key.detail, key.to_type, key.warns) for key in keys] == [
        ("the last key of Ada ends on 2026-03-10", "paidforby keys add 'Ada'", True)
    ]


def test_a_variable_that_is_no_setting_is_told_with_the_one_that_was_meant() -> None:
    (odd,) = examine_variables({"PAIDFORBY_META_COUNTRY": "FR", "PAIDFORBY_HOME": "x", "HOME": "y"})

    assert (odd.detail, odd.warns) == ("PAIDFORBY_META_COUNTRY is no setting", True)
    assert odd.to_type == "write PAIDFORBY_META_COUNTRIES, or unset it"


def test_a_key_nobody_answers_for_is_told_with_the_file_to_write(home):
    key = find(home.settings, META_KEY)
    assert (key.works, key.warns) == (True, True)
    assert key.to_type.endswith("config/credentials/meta_ad_library.yaml")


def test_a_key_that_is_not_given_keeps_a_source_out_and_is_no_illness(home):
    key = find(home.settings.model_copy(update={"of_sources": ()}), META_KEY)
    assert (key.works, key.is_needed) == (False, False)
    assert "export PAIDFORBY_META_ACCESS_TOKEN=" in key.to_type


def test_a_credential_file_that_is_wrong_is_named(home):
    say_end(home.settings, "soon")
    assert "meta_ad_library.yaml, line 2: expires_on" in find(home.settings, "file").detail


@pytest.fixture
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def read_mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.usefixtures("usual_umask")
def test_a_new_home_its_database_and_a_backup_are_for_their_owner_alone(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "deep" / "home")
    apart = Settings(home=tmp_path / "b", database_url=f"sqlite:///{tmp_path}/open/a.sqlite3")
    (tmp_path / "open").mkdir()
    engine = init_archive(settings, [])
    make_backup(engine, settings, tmp_path / "copies" / "backup", NOON, lambda *_: None)
    init_archive(apart, []).dispose()
    engine.dispose()

    for folder in (settings.home, apart.home, tmp_path / "copies" / "backup"):
        assert read_mode(folder) == 0o700
    assert read_mode(settings.home / "archive.sqlite3") == 0o600
    assert {read_mode(path) for path in (tmp_path / "open").iterdir()} == {0o600}
    assert read_mode(tmp_path / "open") == 0o755, "a folder that was there stays as it is"
    assert not find(settings, "home").warns
    assert not find(apart, "home").warns


def test_a_home_that_is_wider_is_told_and_left(home) -> None:
    home.settings.home.chmod(0o750)
    found = find(home.settings, "home")
    told = home.command("init")
    assert (found.works, found.warns) == (True, True)
    assert found.to_type == f"chmod 700 {home.settings.home}"
    assert found.to_type in told.stderr
    assert read_mode(home.settings.home) == 0o750
