"""A worker says in one line that a run begins and in one how it went: which, with its counts and seconds."""

import json
from pathlib import Path

import pytest

from archive.models.runs import Outcome
from scrapers.replica.faults import Fault
from scrapers.replica.serve import running_replica
from scrapers.spiders import find_spiders
from scrapers.work.crawl.children import settings_environ
from tests.commands import start_paidforby
from tests.scrapers.crawls import Home, wait_for
from tests.scrapers.replica.http_faults import send_slowly


def schedule_snap(home: Home, url: str) -> None:
    folder = home.settings.home / "config" / "schedules"
    folder.mkdir(parents=True)
    for source in find_spiders():
        (folder / f"{source}.yaml").write_text("every: never\n")
    (folder / "meta_ad_library.yaml").write_text(f"every: 1d\nbase_url: {url}/meta_ad_library\n")


def begin_work(home: Home, folder: Path, form: str, *options: str):
    environ = {**settings_environ(home.settings), "PAIDFORBY_LOG": form}
    return start_paidforby("worker", *options, environ=environ, folder=folder)


def test_each_run_has_a_line_for_its_begin_and_one_for_its_end_with_its_counts(home, tmp_path):
    with running_replica() as url:
        schedule_snap(home, url)
        begin_work(home, tmp_path, "json", "--once").join()

    lines = [json.loads(line) for line in (tmp_path / "stderr").read_text().splitlines()]
    (run,) = home.runs()
    own = [line for line in lines if line.get("run") == run.id]
    assert [line["message"] for line in own] == ["the run begins", "the run is over"]
    assert {(line["source"], line["partition"]) for line in own} == {("meta_ad_library", "US")}
    assert (own[1]["outcome"], own[1]["seen"], own[1]["new"]) == (Outcome.DONE, run.seen, run.new)
    assert own[1]["seconds"] == pytest.approx(
        (run.ended_at - run.started_at).total_seconds(), abs=0.1
    )


def test_a_run_that_was_killed_is_told_by_whoever_waited_for_it_as_plain_text_too(home, tmp_path):
    with running_replica(faults=[Fault("/meta_ad_library/*", send_slowly(100))]) as url:
        schedule_snap(home, url)
        worker = begin_work(home, tmp_path, "text")
        wait_for(home.runs)
        worker.terminate()
        worker.join()

    said = (tmp_path / "stderr").read_text()
    (run,) = home.runs()
    place = f"source=meta_ad_library partition=US run={run.id}"
    assert f"the run begins {place}" in said
    assert any(f"{words} {place}" in said for words in ("the run was killed", "the run is over")), (
        said
    )
