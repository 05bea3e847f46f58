"""Windows of rules at elections ask for crawls; the schedule grants them, and says what they will tell."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.models import Capture, Run
from archive.models.runs import Outcome, RunKind
from archive.store.database import write
from config.overlay import SHIPPED_DIR
from oversight.rules.rule_book import read_rule_book
from oversight.rules.use import suspend_rule
from scrapers.fetching.budget import Pace
from scrapers.spiders import find_spiders
from scrapers.spiders.meta.settings import MetaSettings
from scrapers.work.plan.due import find_due
from scrapers.work.plan.election_mode import CRAWLS_PER_WINDOW, look_ahead
from scrapers.work.plan.planning import WindowVerdict, forecast_windows, list_standings
from scrapers.work.plan.schedule import Demand, Schedule, choose_every, find_pace
from scrapers.work.plan.schedule_lines import describe_undated, tell_span, tell_windows

POLLS_CLOSE = datetime(2031, 5, 4, 16, tzinfo=UTC)
EVE = datetime(2031, 5, 2, 22, tzinfo=UTC)
"""Midnight in Berlin at the beginning of 3 May: the shipped rule about the eve watches from here."""
WINDOW = POLLS_CLOSE - EVE
NEEDED = WINDOW / CRAWLS_PER_WINDOW
LONG_BEFORE = EVE - timedelta(days=30)
ELECTION = """
id: de-2031-05-04-invented
title: An invented election
country: DE
kind: legislative
polling_days: [2031-05-04]
polls:
  - {zone: Europe/Berlin, opens: "08:00", closes: "18:00"}
sources:
  - about: [polling_days, polls]
    cite: Invented for a test
    evidence: own_pattern
"""
EVE_RULE = Path("rules") / "any" / "started-on-the-eve.yaml"
HOURLY = Schedule(every="1d", fastest="1h")


def look_ahead_from(settings, now):
    book = read_rule_book(settings)
    return look_ahead(book, book.rules, now)


@pytest.fixture
def with_election(home):
    folder = home.settings.home / "config" / "elections" / "de"
    folder.mkdir(parents=True)
    (folder / "2031-05-04-invented.yaml").write_text(ELECTION)
    return home


@pytest.fixture
def eve(with_election) -> Demand:
    demands = look_ahead_from(with_election.settings, LONG_BEFORE).demands
    return next(demand for demand in demands if demand.rule == "started-on-the-eve")


def run(home, partition: str, ended_at: datetime, requests: int, took: timedelta) -> None:
    """A whole run of a partition of Meta's that has been taken."""
    started_at = ended_at - took
    run = Run(
        source="meta_ad_library",
        partition=partition,
        kind=RunKind.CRAWL,
        started_at=started_at,
        heartbeat_at=ended_at,
        ended_at=ended_at,
        observed_at=started_at,
        observed_how="crawl",
        outcome=Outcome.DONE,
        complete=True,
    )
    with write(home.engine) as session:
        session.add(run)
        session.flush()
        for number in range(requests):
            session.add(
                Capture(
                    run_id=run.id,
                    source="meta_ad_library",
                    partition=partition,
                    url=f"https://source.example/{number}",
                    fetched_at=ended_at,
                    sha256=f"{number:064d}",
                    bytes=1,
                )
            )


def ask_meta_in(home, *countries: str):
    own = (MetaSettings(countries=list(countries)),)
    settings = home.settings.model_copy(update={"of_sources": own})
    return type(home)(settings, home.engine)


def forecast(home, demand: Demand, schedule: Schedule):
    schedules = {"meta_ad_library": schedule}
    return forecast_windows(home.engine, home.settings, schedules, [demand], LONG_BEFORE)


def test_a_window_asks_for_runs_a_twelfth_of_it_apart(eve):
    assert (eve.start_at, eve.end_at) == (EVE, POLLS_CLOSE)
    assert (eve.country, eve.resolution) == ("DE", NEEDED)


def test_only_rules_that_are_law_there_ask(with_election):
    rules = {demand.rule for demand in look_ahead_from(with_election.settings, LONG_BEFORE).demands}
    assert not any(rule.startswith(("us-", "au-")) for rule in rules)


def test_a_window_that_is_over_asks_for_nothing_once_the_last_run_is_taken(with_election):
    last = POLLS_CLOSE + NEEDED
    before = look_ahead_from(with_election.settings, last - timedelta(minutes=1)).demands
    after = look_ahead_from(with_election.settings, last).demands
    assert "started-on-the-eve" in {demand.rule for demand in before}
    assert "started-on-the-eve" not in {demand.rule for demand in after}


@pytest.fixture
def with_undated(with_election):
    """The rule counts from a day that is not known of the election: when it was called."""
    rule = with_election.settings.home / "config" / EVE_RULE
    rule.parent.mkdir(parents=True)
    shipped = (SHIPPED_DIR / EVE_RULE).read_text()
    text = shipped.replace("from: polling_day - P1D", "from: called_on")
    rule.write_text(text.replace("polling_days:", "called_on: 2023-05-20, polling_days:"))
    return with_election


def test_a_window_that_cannot_be_placed_is_named_until_the_election_is_over(with_undated):
    ahead = look_ahead_from(with_undated.settings, LONG_BEFORE)
    (window,) = ahead.undated
    assert (window.rule, window.election) == ("started-on-the-eve", "de-2031-05-04-invented")
    assert window.rule not in {demand.rule for demand in ahead.demands}
    assert tell_windows([], ahead.undated)[-1].endswith("cannot be said: no date")
    assert describe_undated(window)["because"] == "no date"

    assert look_ahead_from(with_undated.settings, POLLS_CLOSE).undated == [window]
    assert look_ahead_from(with_undated.settings, POLLS_CLOSE + timedelta(days=1)).undated == []


def test_a_window_with_a_date_is_not_named_so(with_election):
    assert look_ahead_from(with_election.settings, LONG_BEFORE).undated == []


def test_a_suspended_rule_asks_for_no_crawl(with_election, eve):
    book = read_rule_book(with_election.settings)
    with write(with_election.engine) as session:
        suspend_rule(session, book.find_in_use(session, eve.rule), "Cleo", "A stay", LONG_BEFORE)
        rules = book.list_in_use(session)
    left = {demand.rule for demand in look_ahead(book, rules, LONG_BEFORE).demands}
    everybody = {demand.rule for demand in look_ahead(book, book.rules, LONG_BEFORE).demands}
    assert everybody - left == {eve.rule}


def test_a_rule_file_that_does_not_load_stops_no_look(with_election):
    before = look_ahead_from(with_election.settings, LONG_BEFORE)
    folder = with_election.settings.home / "config" / "rules"
    folder.mkdir(parents=True)
    (folder / "broken.yaml").write_text("id: broken\n")
    assert before.demands
    assert look_ahead_from(with_election.settings, LONG_BEFORE) == before


@pytest.mark.parametrize(
    ("now", "every"),
    [
        (EVE - NEEDED - timedelta(minutes=1), timedelta(days=1)),
        (EVE - NEEDED, NEEDED),
        (POLLS_CLOSE, NEEDED),
        (POLLS_CLOSE + NEEDED, timedelta(days=1)),
    ],
)
def test_runs_are_closer_from_just_before_the_window_to_just_after(eve, now, every):
    assert choose_every(HOURLY, timedelta(days=1), "DE", now, [eve]) == every


@pytest.mark.parametrize(
    ("schedule", "partition", "is_closer"),
    [
        (HOURLY, "DE", True),
        (HOURLY, "DE watch list 7", True),
        (HOURLY, "FR", False),
        (HOURLY, "bundle", True),
        (HOURLY, "2031", True),
        (HOURLY, "2032", True),
        (HOURLY, "2030", False),
        (Schedule(every="1d", fastest="1h", countries=["US"]), "bundle", False),
        (Schedule(every="1d"), "DE", False),
    ],
)
def test_only_what_may_hold_ads_of_the_window_is_crawled_more(eve, schedule, partition, is_closer):
    every = choose_every(schedule, timedelta(days=1), partition, EVE, [eve])
    assert every == (NEEDED if is_closer else timedelta(days=1))


def test_no_window_makes_us_quicker_than_the_schedule_grants(eve):
    slow = Schedule(every="1d", fastest="12h")
    assert choose_every(slow, timedelta(days=1), "DE", EVE, [eve]) == timedelta(hours=12)


def test_a_partition_of_the_jurisdiction_is_due_sooner_than_the_others(with_election, eve):
    home = ask_meta_in(with_election, "DE", "FR")
    for country in ("DE", "FR"):
        run(home, country, EVE, 1, timedelta(minutes=1))
    later, schedules = EVE + NEEDED, {"meta_ad_library": HOURLY}
    assert find_due(home.engine, home.settings, schedules, later) == []
    due = find_due(home.engine, home.settings, schedules, later, [eve])
    assert [crawl_job.partition for crawl_job in due] == ["DE"]


def test_a_window_whose_runs_fit_the_budget_is_decidable(with_election, eve):
    home = ask_meta_in(with_election, "DE")
    run(home, "DE", LONG_BEFORE, 20, timedelta(minutes=5))
    (found,) = forecast(home, eve, HOURLY)
    assert (found.verdict, found.every) == (WindowVerdict.DECIDABLE, NEEDED)


def test_a_budget_that_is_too_small_makes_the_window_too_coarse_and_says_how_coarse(
    with_election, eve
):
    home = ask_meta_in(with_election, "DE")
    run(home, "DE", LONG_BEFORE, 100, timedelta(minutes=5))
    (found,) = forecast(home, eve, Schedule(every="1d", fastest="1h", requests_per_hour=10))
    assert (found.verdict, found.every) == (WindowVerdict.TOO_COARSE, timedelta(hours=10))
    assert "one round of runs takes as long" in tell_windows([found], [])[1]


def test_other_partitions_take_their_share_of_the_key(with_election, eve):
    home = ask_meta_in(with_election, "DE", "FR")
    run(home, "DE", LONG_BEFORE, 20, timedelta(minutes=5))
    run(home, "FR", LONG_BEFORE, 120, timedelta(minutes=5))
    (found,) = forecast(home, eve, Schedule(every="1d", fastest="1h", requests_per_hour=10))
    assert found.every == timedelta(hours=4), "half the key is left for 20 requests"
    (spent,) = forecast(home, eve, Schedule(every="1d", fastest="1h", requests_per_hour=5))
    assert (spent.verdict, spent.every) == (WindowVerdict.TOO_COARSE, None)


def test_what_a_run_takes_is_not_known_before_there_was_one(with_election, eve):
    (found,) = forecast(ask_meta_in(with_election, "DE"), eve, HOURLY)
    assert (found.verdict, found.every) == (WindowVerdict.NOT_KNOWN, None)
    assert "DE" in found.because


def test_a_schedule_that_grants_no_more_is_named_as_the_reason(with_election, eve):
    home = ask_meta_in(with_election, "DE")
    run(home, "DE", LONG_BEFORE, 1, timedelta(minutes=5))
    (found,) = forecast(home, eve, Schedule(every="1d"))
    assert (found.verdict, found.because) == (
        WindowVerdict.TOO_COARSE,
        "the schedule grants no more",
    )


def test_a_standing_counts_elections_in(with_election, eve):
    home = ask_meta_in(with_election, "DE", "FR")
    run(home, "DE", EVE, 1, timedelta(minutes=1))
    schedules = {"meta_ad_library": HOURLY}
    (standing,) = list_standings(home.engine, home.settings, schedules, [eve], EVE)
    assert (standing.every, standing.partitions, standing.due) == (NEEDED, 2, 1)
    assert standing.next_at == EVE


def test_the_replica_is_not_spared(home):

    info = find_spiders()["snap"].info
    limited = Schedule(every="1d", requests_per_hour=3)
    assert find_pace(info, limited, None, is_local=True) == Pace("snap")
    assert find_pace(info, limited, None, is_local=False).requests_per_hour == 3


@pytest.mark.parametrize(
    ("span", "told"),
    [
        (timedelta(hours=3, minutes=30), "3 h 30 min"),
        (timedelta(days=2), "2 d"),
        (timedelta(seconds=5), "1 min"),
        (None, "not known"),
    ],
)
def test_spans_are_told_as_people_say_them(span, told):
    assert tell_span(span) == told
