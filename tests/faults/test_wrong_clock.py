"""A clock that was a day ahead, really so: the right time is refused until a person says that it is right."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from archive.models.runs import Outcome
from archive.store.database import open_archive
from config.settings import Settings
from scrapers.replica.serve import running_replica
from scrapers.spiders import find_spiders
from scrapers.work.crawl.children import settings_environ
from tests import servers
from tests.faults.scenes import make_archive, make_settings
from tests.scrapers.crawls import Home

DAY_AHEAD = ("-m", "-f", "+1d")


@pytest.fixture
def faketime() -> str:
    program = shutil.which("faketime")
    if program is None:
        servers.report_missing(
            servers.MissingServerError("no faketime: on Debian, apt-get install faketime")
        )
    return str(program)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An archive that crawls nothing by itself yet."""
    made = make_settings(tmp_path / "home")
    make_archive(made)
    folder = made.home / "config" / "schedules"
    folder.mkdir(parents=True)
    for source in find_spiders():
        (folder / f"{source}.yaml").write_text("every: never\n")
    return made


def work_a_day_ahead(faketime: str, settings: Settings) -> int:
    """`worker --once` where it is tomorrow; what waits for some seconds waits for as many."""
    environ = {**os.environ, **settings_environ(settings), "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    command = [faketime, *DAY_AHEAD, sys.executable, "-m", "paidforby", "worker", "--once"]
    root = Path(__file__).parents[2]
    return subprocess.run(command, cwd=root, env=environ, check=False).returncode


@pytest.mark.slow
def test_after_a_day_ahead_the_right_time_writes_nothing_until_it_is_accepted_and_all_is_due(
    faketime: str, settings: Settings
) -> None:
    with running_replica() as url:
        schedule = settings.home / "config" / "schedules" / "meta_ad_library.yaml"
        schedule.write_text(f"every: 1d\nbase_url: {url}/meta_ad_library\n")
        home = Home(settings, open_archive(settings))
        assert work_a_day_ahead(faketime, settings) == 0
        refused = home.command("worker", "--once")
        meanwhile = len(home.runs())
        accepted = home.command("schedule", "reset")
        again = home.command("worker", "--once")

    assert (refused.returncode, meanwhile) == (1, 1)
    (line,) = [line for line in refused.stderr.splitlines() if "clock" in line]
    assert "type: paidforby schedule reset" in line
    assert "Traceback" not in refused.stderr
    assert accepted.returncode == 0
    assert "1 of the runs began at a time to come" in accepted.stdout
    assert again.returncode == 0, again.stderr
    first, second = home.runs()
    home.engine.dispose()
    assert (first.outcome, second.outcome) == (Outcome.DONE, Outcome.DONE)
    assert second.started_at < first.started_at
    assert (second.new, second.changed, second.unchanged) == (0, 0, first.new)
