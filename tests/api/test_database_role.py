"""The site works under docs/run/api-role.sql, which lets it change nothing that was collected."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import make_url

from archive.store.database import create_archive_engine
from config.settings import Settings
from scrapers.work.dispatch.queue_schema import open_queue_tables
from tests.api.conftest import DECISION, Filled

ROLE = "paidforby_api"
SQL = (Path(__file__).parent.parent.parent / "docs/run/api-role.sql").read_text()


@pytest.fixture
def database() -> str:
    return "postgresql"


def connect(url: str) -> "psycopg.Connection[tuple[object, ...]]":
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(address, autocommit=True)


@pytest.fixture
def settings(archive: Filled) -> Iterator[Settings]:
    """The site's settings, with an address of its own; the queue was made after the role was."""
    assert archive.database
    with connect(archive.database) as owner:
        owner.execute(SQL)
        owner.execute(SQL)
        owner.execute(f"ALTER ROLE {ROLE} PASSWORD 'invented'")
        engine = create_archive_engine(archive.database)
        open_queue_tables(engine)
        engine.dispose()
        url = make_url(archive.database).set(username=ROLE, password="invented")
        address = url.render_as_string(hide_password=False)
        yield Settings(home=archive.home, database_url=address)
        owner.execute(f"DROP OWNED BY {ROLE}")
        owner.execute(f"DROP ROLE {ROLE}")


def test_readers_and_people_with_keys_do_all_they_may(client, ask, raise_flag, settings):
    for path in ("/", "/search?q=harbour", "/spend", "/sources", "/missing", "/about", "/coverage"):
        assert client.get(path, follow_redirects=True).status_code in {200, 404}, path
    for path in ("/health", "/health/ready", "/ads", "/search", "/downloads/ads.csv", "/runs"):
        assert ask("GET", path).status_code == 200, path
    assert 'paidforby_queue_jobs{status="todo"} 0.0' in client.get("/metrics").text

    notice = {"ad_address": "example:a1", "concern": "Nobody is named."}
    reported = ask("POST", "/notices", body=notice)
    assert reported.status_code == 201, reported.text
    receipt = reported.json()["receipt"]
    assert ask("GET", f"/notices/{receipt}/content", "reviewer").status_code == 200
    closing = {"outcome": "no_ground", "reasons": "Somebody is."}
    assert ask("POST", f"/notices/{receipt}/close", "reviewer", closing).status_code == 200

    flag = raise_flag()
    assert flag.status_code == 201, flag.text
    decided = ask("POST", f"/flags/{flag.json()['reference']}/decision", "reviewer", DECISION)
    assert decided.status_code == 201, decided.text
    with connect(settings.database_url) as site:
        used = site.execute(
            "SELECT count(*) FROM api_key WHERE last_used_on IS NOT NULL"
        ).fetchone()
    assert used == (2,)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM ad",
        "UPDATE ad_version SET content_sha256 = ''",
        "INSERT INTO ad SELECT * FROM ad",
        "UPDATE ledger_leaf SET kind = ''",
        "DELETE FROM notice",
        "DELETE FROM change",
        "UPDATE decision SET reasons = ''",
        "TRUNCATE flag",
        "DROP TABLE ad",
        "CREATE TABLE mine (n integer)",
        "SELECT * FROM archive_secret",
        "INSERT INTO \"user\" (name) VALUES ('me')",
        "INSERT INTO api_key SELECT * FROM api_key",
        "UPDATE api_key SET revoked_at = NULL",
        "UPDATE api_key SET ends_on = NULL",
        "UPDATE work_queue.procrastinate_jobs SET status = 'todo'",
    ],
)
def test_what_was_collected_is_out_of_its_reach(settings, statement):
    with connect(settings.database_url) as site, pytest.raises(InsufficientPrivilege):
        site.execute(statement)
