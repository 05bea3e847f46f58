"""`paidforby sources` is a table that fits a terminal, and says in sentences what stands out."""

import json
from datetime import date, timedelta

import pytest
from typer.testing import CliRunner

from archive.models.runs import RunKind
from archive.runs.lease import begin_run
from archive.runs.promises import note_promises
from archive.store.database import open_engine, write
from archive.store.setup import write_sources
from paidforby import app
from scrapers.work.plan.credentials import CredentialStatus
from tests.invented import NOW, hold_something, make_archive, make_settings
from tests.sources_with_terms import make_source

RUNNER = CliRunner()
STANDING = CredentialStatus("meadow_library", "", "The Data Desk", date(2026, 11, 25))


@pytest.fixture
def ask(tmp_path, monkeypatch):
    monkeypatch.setenv("PAIDFORBY_HOME", str(tmp_path))
    monkeypatch.delenv("PAIDFORBY_DATABASE_URL", raising=False)
    monkeypatch.setattr("scrapers.commands.sources.utc_now", lambda: NOW)
    monkeypatch.setattr("scrapers.commands.sources.list_standings", lambda _: [STANDING])
    engine = make_archive(make_settings(tmp_path))
    hold_something(engine)
    with write(engine) as session:
        note_promises(
            session, "meadow_library", ["GR", "US"], timedelta(days=1), NOW - timedelta(days=9)
        )
    engine.dispose()

    def sources(*arguments):
        result = RUNNER.invoke(app, ["sources", *arguments])
        assert result.exit_code == 0, result.output
        return result.output

    return sources


def test_the_table_fits_80_columns_and_names_each_source_with_its_id(ask):
    lines = ask().splitlines()
    table = lines[: lines.index("  meadow_library") + 1]
    assert table[0].split() == ["source", "last", "complete", "records", "state", "alert"]
    assert max(map(len, table)) <= 80
    assert table[1].startswith("Harbour political ads file")
    assert table[2] == "  harbour_ads"


def test_a_source_that_is_silent_and_whose_key_ends_says_both(ask):
    told = ask()
    (row,) = [line for line in told.splitlines() if line.startswith("Meadow ad library")]
    assert row.endswith("3 alerts")
    assert "meadow_library: silent: GR: no complete look for 2 days" in told
    assert "key ends: The Data Desk answers for it" in told
    assert "meadow_library: US: the last run was" in told


def test_what_runs_is_told_and_a_first_run_is_the_state_of_its_source(ask, tmp_path):
    engine = open_engine(make_settings(tmp_path))
    with write(engine) as session:
        write_sources(session, [make_source(None, "lagoon_ads")])
        begin_run(session, "lagoon_ads", "import", RunKind.IMPORT, NOW)
    engine.dispose()
    told = ask()
    assert "lagoon_ads: import: running since" in told
    (row,) = [line for line in told.splitlines() if line.startswith("Lagoon_Ads")]
    assert row.endswith("running")
    sources = {source["id"]: source for source in json.loads(ask("--json"))}
    assert [run["partition"] for run in sources["lagoon_ads"]["running"]] == ["import"]


def test_a_source_that_is_well_has_no_alert(ask):
    (row,) = [line for line in ask().splitlines() if line.startswith("Island registry")]
    assert row.endswith("done")


def test_what_is_held_is_told_with_what_to_type(ask):
    assert "type: paidforby quarantine show batch-" in ask()


def test_programs_get_the_same_alerts(ask):
    sources = {source["id"]: source for source in json.loads(ask("--json"))}
    kinds = [alert["kind"] for alert in sources["meadow_library"]["alerts"]]
    assert kinds == ["credential", "silent", "silent"]
    assert sources["harbour_ads"]["quarantined_batches"]
    assert sources["island_registry"]["last_complete_at"]


def test_pages_are_written_without_an_archive(tmp_path, monkeypatch):
    monkeypatch.setenv("PAIDFORBY_HOME", str(tmp_path / "none"))
    told = RUNNER.invoke(app, ["sources", "--docs", str(tmp_path / "pages")])
    assert told.exit_code == 0
    assert (tmp_path / "pages" / "snap.md").exists()
