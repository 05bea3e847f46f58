"""The doctor says what works, what is missing and how to fix it, and changes nothing."""

import re
from datetime import date

import pytest

from archive.runs.crawling_stops import stop_crawling
from archive.store.database import write
from config.settings import Settings
from scrapers.commands.doctor import examine, tell_findings
from tests.invented import NOW
from tests.scrapers.crawls import TOKEN

TODAY = date(2026, 3, 1)
META_KEY = "meta_ad_library"


def find(settings: Settings, name: str):
    return next(finding for finding in examine(settings, TODAY) if finding.name == name)


def say_end(settings: Settings, expires_on: str) -> None:
    folder = settings.home / "config" / "credentials"
    folder.mkdir(parents=True)
    text = f"owner: The Data Desk\nexpires_on: {expires_on}\n"
    (folder / "meta_ad_library.yaml").write_text(text)


def test_a_made_archive_is_well(home):
    assert all(finding.works for finding in examine(home.settings, TODAY) if finding.is_needed)


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
    assert "PAIDFORBY_MEILISEARCH_URL" in find(settings, "Meilisearch").to_type


def test_what_is_only_optional_is_no_illness_and_no_token_is_shown(home):
    lines = "\n".join(tell_findings(examine(home.settings, TODAY)))

    assert re.search("^Meilisearch +not set", lines, re.MULTILINE)
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
    assert "meta_ad_library.yaml, line 2: expires_on" in find(home.settings, "credentials").detail
