"""`paidforby import --observed-on`: a day that has come somewhere, and those that cannot be meant."""

from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

import scrapers.commands.importing as importing
from paidforby import app

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "why"),
    [
        ("2026-03-02", ""),
        ("2026-03-03", "has not come yet"),
        ("1970-01-01", ""),
        ("0206-03-01", "nothing here is so old"),
    ],
)
def test_a_day_that_cannot_be_meant_is_refused(tmp_path, monkeypatch, day, why):
    monkeypatch.setenv("PAIDFORBY_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(importing, "utc_now", lambda: NOON)
    (tmp_path / "empty").mkdir()

    words = ["import", "snap", str(tmp_path / "empty"), "--observed-on", day]
    told = CliRunner().invoke(app, [*words, "--no-evaluate", "--no-index"])
    assert (told.exit_code == 2) == bool(why)
    assert why in told.stderr
    assert ("--observed-on" in told.stderr) == bool(why)
