"""Answers about money are kept while they are true, and no longer."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest

import api.dependencies
from api.kept import KeptAnswers
from archive.exports.mirror import find_folder, sync_mirror
from archive.store.database import open_engine
from tests.api.conftest import NOON, make_ad


def give(kept, state, question, answer):
    return kept.give(state, question, lambda: answer, len)


def test_an_answer_is_kept_until_the_archive_is_another():
    kept = KeptAnswers()

    assert give(kept, 1, "who?", b"Ada") == b"Ada"
    assert give(kept, 1, "who?", b"Bob") == b"Ada"
    assert give(kept, 1, "what?", b"Bob") == b"Bob"
    assert give(kept, 2, "who?", b"Bob") == b"Bob"


def give_slowly(pool, kept, state, answer, withheld=0):
    """Begin to make an answer; gives what is to come of it, and what lets it come."""
    begun, let_go = Event(), Event()

    def make():
        begun.set()
        let_go.wait()
        return answer

    coming = pool.submit(kept.give, state, "who?", make, len, withheld)
    begun.wait()
    return coming, let_go


def test_while_one_makes_an_answer_anew_the_others_get_the_last_one():
    kept = KeptAnswers()
    kept.give(1, "who?", lambda: b"Ada", len, 0)
    with ThreadPoolExecutor(1) as pool:
        coming, let_go = give_slowly(pool, kept, 2, b"Bob")
        assert kept.give(2, "who?", lambda: b"never", len, 0) == b"Ada"
        let_go.set()
        assert coming.result() == b"Bob"
    assert kept.give(2, "who?", lambda: b"never", len, 0) == b"Bob"


def test_nobody_gets_an_answer_from_before_something_was_withheld():
    kept = KeptAnswers()
    kept.give(1, "who?", lambda: b"Ada", len, 0)
    with ThreadPoolExecutor(2) as pool:
        coming, let_go = give_slowly(pool, kept, 2, b"withheld", withheld=1)
        waiting = pool.submit(kept.give, 2, "who?", lambda: b"never", len, 1)
        assert not waiting.done()
        let_go.set()
        assert (coming.result(), waiting.result()) == (b"withheld", b"withheld")


def test_whoever_waits_for_one_that_fails_makes_the_answer():
    kept = KeptAnswers()

    def fail():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        kept.give(1, "who?", fail, len)
    assert give(kept, 1, "who?", b"Ada") == b"Ada"


def test_what_was_asked_for_least_recently_goes_first():
    kept = KeptAnswers(most_bytes=10)
    for question in ("a", "b", "a", "c"):
        give(kept, 1, question, b"12345")

    assert give(kept, 1, "a", b"new") == b"12345"
    assert give(kept, 1, "b", b"new") == b"new"


def test_an_answer_larger_than_all_room_is_given_and_not_kept():
    kept = KeptAnswers(most_bytes=10)

    assert give(kept, 1, "who?", b"a" * 11) == b"a" * 11
    assert give(kept, 1, "who?", b"new") == b"new"


def test_answer_and_page_say_who_added_up(ask, client, settings):
    engine = open_engine(settings)
    before = ask("GET", "/spend?by=platform").json()
    sync_mirror(engine, find_folder(settings), NOON)
    after = ask("GET", "/spend?by=platform&format=json&include=unlabelled").json()

    assert (before["route"], after["route"]) == ("archive", "mirror")
    assert "Added up over the mirror" in client.get("/spend?by=country").text
    assert "Added up in the archive" in client.get("/spend?by=country&as_of=2026-03-01").text
    engine.dispose()


def test_the_same_question_is_reckoned_once_until_something_changes(
    ask, take_in, clock, monkeypatch
):
    asked = []
    reckon = api.dependencies.answer_spending
    monkeypatch.setattr(
        api.dependencies, "answer_spending", lambda *given: asked.append(1) or reckon(*given)
    )

    first = ask("GET", "/spend?by=payer")
    assert ask("GET", "/spend?by=payer").content == first.content
    assert len(asked) == 1
    take_in([make_ad("new1", payer_name="Somebody new")], NOON + timedelta(minutes=1))
    assert "Somebody new" in ask("GET", "/spend?by=payer").text
    clock.at += timedelta(days=1)
    ask("GET", "/spend?by=payer")
    assert len(asked) == 3
