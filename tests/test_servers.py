"""The servers the other tests stand on are real, empty and apart from one another."""

import httpx2
import pytest
import sqlalchemy
from playwright.sync_api import Page

from tests import servers


def list_tables(url: str) -> list[str]:
    engine = sqlalchemy.create_engine(url)
    tables = sqlalchemy.inspect(engine).get_table_names()
    engine.dispose()
    return tables


@pytest.mark.parametrize("visit", ["first", "second"])
def test_every_test_gets_an_empty_database(database_url: str, visit: str) -> None:
    assert list_tables(database_url) == []
    engine = sqlalchemy.create_engine(database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE {visit} (n integer)")
    engine.dispose()
    assert list_tables(database_url) == [visit]


def test_meilisearch_answers_its_key_and_nobody_else(
    meilisearch_server: servers.Meilisearch,
) -> None:
    version = f"{meilisearch_server.url}/version"
    allowed = httpx2.get(version, headers={"Authorization": f"Bearer {meilisearch_server.key}"})
    assert allowed.json()["pkgVersion"].startswith("1.")
    assert httpx2.get(version).status_code == 401


def test_the_browser_runs_scripts_and_measures_what_it_shows(browser_page: Page) -> None:
    browser_page.set_content(
        "<h1 style='width:300px'>Harbour</h1><script>document.title='ran'</script>"
    )
    assert browser_page.title() == "ran"
    assert browser_page.locator("h1").bounding_box()["width"] == 300


def test_a_missing_server_is_skipped_on_a_desk_and_fails_in_ci(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("MEILISEARCH_BIN", str(tmp_path / "nothing-here"))
    with pytest.raises(servers.MissingServerError, match="nothing-here") as missing:
        servers.find_meilisearch()
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="MEILISEARCH_BIN"):
        servers.report_missing(missing.value)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="MEILISEARCH_BIN"):
        servers.report_missing(missing.value)


def test_a_server_that_dies_at_once_is_reported_with_its_own_words(monkeypatch, tmp_path) -> None:
    broken = tmp_path / "meilisearch"
    broken.write_text("#!/bin/sh\necho the disk is full\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("MEILISEARCH_BIN", str(broken))
    with (
        pytest.raises(servers.MissingServerError, match="the disk is full"),
        servers.run_meilisearch(tmp_path),
    ):
        pass
