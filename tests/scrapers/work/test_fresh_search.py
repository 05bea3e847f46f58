"""From what a source said to what a reader finds: within a minute, and every answer says of when it is."""

import secrets
import time
from datetime import timedelta
from functools import partial

import pytest

from archive.reading.as_of.moment import NOW
from archive.runs.crawling_stops import stop_crawling
from archive.store.database import read, write
from config.settings import Settings
from scrapers.work.dispatch import worker
from scrapers.work.dispatch.scheduler import find_tick_seconds
from scrapers.work.dispatch.worker import follow_up
from search.answering.answers import answer_query, cover_sources
from search.copies.status import index_status
from search.engines import open_search
from search.hits import SearchPage
from search.question.query import build_query
from tests.scrapers.crawls import Home
from tests.scrapers.stories import START, run, spell_file, spell_row

MOST_SECONDS = 60
ADS = 200
DAYS = 3


@pytest.fixture(params=["embedded", "meilisearch"])
def followed(request, home: Home) -> Home:
    """A home whose worker follows with this engine."""
    if request.param == "embedded":
        return home
    server = request.getfixturevalue("meilisearch_server")
    told = home.settings.model_dump() | {
        "meilisearch_url": server.url,
        "meilisearch_key": server.key,
        "meilisearch_index": f"ads_{secrets.token_hex(8)}",
    }
    return Home(Settings(**told), home.engine)


def ask(home: Home, words: str, day: int) -> SearchPage:
    """What a reader of that day is answered."""
    search, at = open_search(home.settings, home.engine), START + timedelta(days=day)

    def list_faults() -> list[str]:
        return index_status(home.engine, search, at).faults

    with read(home.engine) as session:
        cover = partial(cover_sources, today=at.date())
        return answer_query(session, search, build_query(words), NOW, cover, list_faults)


def test_what_a_source_said_is_found_within_a_minute_and_every_answer_says_of_when_it_is(
    followed: Home,
):
    with write(followed.engine) as session:
        # No picture is fetched: what follows is done all the same.
        stop_crawling(session, "Ann", "a drill", START)
    seconds = []
    for day in range(DAYS):
        new = [spell_row(f"{day}-{n}", name=f"Lighthouse{day}") for n in range(ADS)]
        moved = [spell_row("moved", spend=100 + day, name="Harbour Party")]
        began = time.perf_counter()
        run(followed, spell_file(*new, *moved), day, partition=None)
        learned_at = START + timedelta(days=day)
        follow_up(followed.settings, followed.engine, lambda at=learned_at: at)
        found = ask(followed, f"lighthouse{day}", day)
        seconds.append(time.perf_counter() - began)

        assert (found.total, found.waiting_ads, found.engine_away) == (ADS, 0, None)
        assert found.data_as_of == learned_at
        assert ask(followed, "harbour", day).hits[0].spend_lower_minor == (100 + day) * 100

    # Whatever comes just after a round waits for the next one.
    longest = max(seconds) + find_tick_seconds(followed.settings)
    assert longest < MOST_SECONDS, seconds


def test_what_comes_in_while_pictures_are_fetched_is_found_before_they_all_are(
    home: Home, monkeypatch
):
    found = []

    def fetch_long(_settings, _engine, _clock, _is_over, meanwhile) -> int:
        run(home, spell_file(spell_row("late", name="Lighthouse")), 1, partition=None)
        for seconds in (0.0, 60.0):
            monkeypatch.setattr(worker, "SECONDS_UNFOLLOWED", 60.0 - seconds)
            meanwhile()
            found.append(ask(home, "lighthouse", 1).waiting_ads)
        return 0

    monkeypatch.setattr(worker, "keep_due_media", fetch_long)
    run(home, spell_file(spell_row("early")), 0, partition=None)
    follow_up(home.settings, home.engine, lambda: START + timedelta(days=1))
    assert found == [1, 0]
    assert ask(home, "lighthouse", 1).total == 1
