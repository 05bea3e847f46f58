"""`paidforby media fetch` and the worker's step, as an operator meets them."""

import errno
import json

import pytest
from starlette.responses import Response
from typer.testing import CliRunner

from archive.store.database import write
from archive.store.realm import claim_realm
from config.settings import Realm
from scrapers.commands.media import app
from scrapers.media import collecting as media_module
from scrapers.media.collecting import keep_due_media
from tests.scrapers.media.conftest import HOST


@pytest.fixture
def run(settings, engine, monkeypatch):
    monkeypatch.setenv("PAIDFORBY_HOME", str(settings.home))
    return lambda *words: CliRunner().invoke(app, ["fetch", *words])


def test_it_says_what_was_kept_and_which_sources_are_left_alone(run, take_in, base_url):
    take_in("open", a1=[f"{HOST}/one.png", f"{HOST}/gone.png"])

    answer = run("--base-url", base_url)

    assert answer.exit_code == 0
    assert [line.split()[:3] for line in answer.stdout.splitlines()[1:2]] == [["open", "1", "1"]]
    assert "left alone, because section 4: closed" in answer.stdout
    assert answer.stdout.splitlines()[-1].startswith("next: ")


def test_programs_get_the_counts_by_source_and_state(run, take_in, base_url):
    take_in("open", a1=[f"{HOST}/one.png"])

    answer = run("--base-url", base_url, "--json")

    counts = json.loads(answer.stdout)
    assert counts["sources"]["open"]["kept"] == 1
    assert counts["sources"]["closed"]["kept"] == 0


def test_what_will_be_tried_again_ends_with_3(run, take_in, base_url, cdn):
    cdn.instead["/one.png"] = Response("later", 500)
    take_in("open", a1=[f"{HOST}/one.png"])

    assert run("--base-url", base_url).exit_code == 3


def test_a_source_nobody_knows_is_wrong_usage(run):
    answer = run("--source", "nowhere")

    assert answer.exit_code == 2
    assert "no source nowhere" in answer.stderr


def test_invented_addresses_without_a_replica_are_not_asked_and_that_is_said(run, engine):
    with write(engine) as session:
        claim_realm(session, Realm.FICTIONAL)

    assert "lead nowhere" in run().stderr


def test_a_full_disk_does_not_end_the_worker(settings, engine, clock, monkeypatch, capsys):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(media_module, "fetch_media", fail)

    keep_due_media(settings, engine, clock)

    assert "stay behind for now" in capsys.readouterr().err
