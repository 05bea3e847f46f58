"""`paidforby quarantine`: what each step put aside, listed with its step, and tried again."""

import json
from dataclasses import replace

import pytest
from sqlmodel import select
from typer.testing import CliRunner, Result

from archive.models import Evaluation, QuarantinedPiece
from archive.store.database import read
from oversight.evaluation import changes
from scrapers.commands.quarantine import quarantine
from scrapers.readers.fields import FieldError
from scrapers.spiders import snap
from scrapers.work.dispatch.following import follow_changes
from search.indexed import documents
from tests.scrapers.crawls import Home, now
from tests.scrapers.stories import ROWS, run, spell_file


@pytest.fixture
def command(home: Home, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PAIDFORBY_HOME", str(home.settings.home))

    def invoke(*words: str) -> Result:
        return CliRunner().invoke(quarantine, words)

    return invoke


def fail_for(ref: str, do):
    def fail(ad, *rest):
        if ad.public_id == ref:
            raise OverflowError("a value of the source")
        return do(ad, *rest)

    return fail


@pytest.fixture
def one_failed(home: Home, monkeypatch: pytest.MonkeyPatch):
    """Six ads, of which one failed at evaluation and another at search; the patches that made them."""
    with monkeypatch.context() as patch:
        evaluate_ad, make_document = changes.evaluate_ad, documents.make_document
        patch.setattr(changes, "evaluate_ad", fail_for("snap:ad1", evaluate_ad))
        patch.setattr(documents, "make_document", fail_for("snap:ad2", make_document))
        run(home, spell_file(*ROWS), 0)
        assert follow_changes(home.settings, home.engine, now) == 2
        yield patch


def read_statuses(home: Home) -> list[str]:
    with read(home.engine) as session:
        query = select(QuarantinedPiece.status).order_by(QuarantinedPiece.id)
        return list(session.exec(query))


def test_the_list_says_at_which_step_and_the_public_reason_quotes_nothing(one_failed, command):
    listed = json.loads(command("list", "--json").stdout)
    assert [(each["stage"], each["subject"]) for each in listed] == [
        ("search", "snap:ad2"),
        ("evaluation", "snap:ad1"),
    ]
    assert not any("a value of the source" in each["reason"] for each in listed)
    assert all("a value of the source" in each["detail"] for each in listed)
    shown = command("list").stdout
    assert "evaluation" in shown
    assert "snap:ad1" in shown
    assert "a value of the source" in command("show", "1").stdout


def test_what_fails_again_stays_and_ends_with_3_what_goes_through_is_settled(
    one_failed, command, home
):
    still = command("retry", "--json")
    assert (still.exit_code, json.loads(still.stdout)["stay"]) == (3, 2)
    assert read_statuses(home) == ["quarantined", "quarantined"]

    one_failed.undo()
    only = command("retry", "--stage", "search", "--json")
    assert only.exit_code == 0
    assert json.loads(only.stdout)["tried"] == [
        {"name": "2", "stage": "search", "subject": "snap:ad2", "passed": True}
    ]
    assert read_statuses(home) == ["quarantined", "released"]
    assert command("retry", "1").exit_code == 0
    assert read_statuses(home) == ["released", "released"]
    with read(home.engine) as session:
        evaluated = set(session.exec(select(Evaluation.ad_id)))
    assert len(evaluated) in {0, 6}, "the rules have been asked about every ad or apply to none"
    again = command("retry", "1")
    assert (again.exit_code, "was released by paidforby before" in again.stderr) == (1, True)


def test_a_piece_of_a_file_is_read_again_by_the_reader_of_today(
    home: Home, command, monkeypatch: pytest.MonkeyPatch
):
    def refuse(fields):
        if fields.take("ADID", str) == "ad3":
            raise FieldError("ADID", "a reader that cannot read it")
        raise KeyError("nobody foresaw it")

    with monkeypatch.context() as patch:
        patch.setattr(snap, "ADS", replace(snap.ADS, read_row=refuse))
        run(home, spell_file(*ROWS), 0)
        assert command("retry", "--stage", "reading").exit_code == 3
    assert read_statuses(home) == ["quarantined"] * len(ROWS)
    assert home.count("ads") == 0

    assert command("retry").exit_code == 0
    assert set(read_statuses(home)) == {"released"}
    assert home.count("ads") == len(ROWS)
    assert len(home.runs()) == 3, "each capture was read once for all of its pieces"


def test_a_batch_cannot_be_retried(command):
    refused = command("retry", "batch-1")
    assert (refused.exit_code, "is no piece's number" in refused.stderr) == (2, True)


def test_an_ad_that_could_not_be_compared_with_others_is_compared_again(
    home: Home, command, monkeypatch: pytest.MonkeyPatch
):
    run(home, spell_file(*ROWS), 0)

    def fail(ad):
        raise OverflowError("a value of the source")

    with monkeypatch.context() as patch:
        patch.setattr("archive.duplicates.changes.read_ad", fail)
        follow_changes(home.settings, home.engine, now, evaluate=False, index=False, copies=True)
        assert command("retry").exit_code == 3
    assert read_statuses(home) == ["quarantined"] * len(ROWS)

    assert command("retry", "--stage", "copies").exit_code == 0
    assert set(read_statuses(home)) == {"released"}
