"""`paidforby import --observed-on`: a day that has come somewhere, and one that has not."""

from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

import scrapers.commands.importing as importing
from paidforby import app

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(("day", "code"), [("2026-03-02", 0), ("2026-03-03", 2)])
def test_a_day_that_has_begun_in_no_zone_is_refused(tmp_path, monkeypatch, day, code):
    monkeypatch.setenv("PAIDFORBY_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(importing, "utc_now", lambda: NOON)
    (tmp_path / "empty").mkdir()

    words = ["import", "snap", str(tmp_path / "empty"), "--observed-on", day]
    told = CliRunner().invoke(app, [*words, "--no-evaluate", "--no-index"])
    assert (told.exit_code == 2) == (code == 2)
    assert ("has not come yet" in told.stderr) == (code == 2)
