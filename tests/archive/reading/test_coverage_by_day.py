"""Coverage is counted from spans of days; the plain count of day after day stands here, and says the same."""

from collections import Counter
from datetime import date, timedelta
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from archive.models import CrawlPromise, Run
from archive.models.runs import ENDED_WELL, Outcome, RunKind
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.coverage import cover_source, cover_source_days, summarise_coverage
from archive.reading.coverage.spans import DaySpan, count_days, join_spans, keep_common, leave_out
from archive.store.database import read, write
from tests.archive.reading.conftest import MONDAY
from tests.examples import few_or_many

DAY = timedelta(days=1)
DAYS = 24
numbers = count()

spans = st.lists(
    st.tuples(st.integers(1, 60), st.integers(0, 9)).map(lambda s: DaySpan(s[0], s[0] + s[1]))
)
runs = st.lists(
    st.fixed_dictionaries(
        {
            "partition": st.sampled_from(["2024", "2025"]),
            "kind": st.sampled_from([RunKind.CRAWL, RunKind.CRAWL, RunKind.IMPORT]),
            "outcome": st.sampled_from([*[Outcome.DONE] * 4, *Outcome]),
            "seen": st.integers(0, 1),
            "hours": st.integers(0, DAYS * 24),
        }
    ),
    max_size=40,
)
paces = st.lists(
    st.tuples(st.sampled_from(["2024", "2026"]), st.integers(0, DAYS), st.integers(1, 5)),
    max_size=2,
    unique_by=lambda pace: pace[0],
)
days = st.none() | st.integers(-3, DAYS + 3).map(lambda n: MONDAY.date() + n * DAY)


def list_days(spans):
    return {day for first, last in spans for day in range(first, last + 1)}


@given(spans, spans)
def test_sets_of_spans_are_sets_of_days(some, others):
    one, other = join_spans(some), join_spans(others)
    assert list_days(one) == list_days(some)
    assert list_days(leave_out(one, other)) == list_days(some) - list_days(others)
    assert list_days(keep_common(one, other)) == list_days(some) & list_days(others)
    assert count_days(one) == len(list_days(some))


def note(engine, runs, paces):
    """Keep runs and promises under a source of their own."""
    source = f"source{next(numbers)}"
    with write(engine) as session:
        for run in runs:
            at = MONDAY + timedelta(hours=run["hours"])
            told = {name: value for name, value in run.items() if name != "hours"}
            times = dict.fromkeys(("started_at", "heartbeat_at", "observed_at", "ended_at"), at)
            session.add(Run(source=source, observed_how="crawl", **told, **times))
        for partition, since, every in paces:
            promised = {"since_at": MONDAY + since * DAY, "every_seconds": every * 86_400}
            session.add(CrawlPromise(source=source, partition=partition, **promised))
    return source


def reckon_state(run):
    is_empty = run["kind"] == RunKind.IMPORT and not run["seen"]
    if run["outcome"] in ENDED_WELL:
        return "failed" if is_empty else "crawled"
    is_part = run["outcome"] in {Outcome.PARTIAL, Outcome.RUNNING} or run["seen"]
    return "partial" if is_part else "failed"


def find_day(run):
    return (MONDAY + timedelta(hours=run["hours"])).date()


def is_expected(partition, day, runs, paces):
    crawls = [find_day(r) for r in runs if r["partition"] == partition and r["kind"] == "crawl"]
    promised = {name: (MONDAY.date() + (since + 1) * DAY, every) for name, since, every in paces}
    begins, every = promised.get(partition, (min(crawls, default=date.max), 1))
    if partition in promised and crawls and min(crawls) < begins:
        begins = min(crawls)
    looked = {
        find_day(r) for r in runs if r["partition"] == partition and reckon_state(r) == "crawled"
    }
    return day >= begins and not any(day - n * DAY in looked for n in range(1, every))


def reckon_days(runs, paces, today):
    """The state of each day with a run, one after the other."""
    states = {}
    for day in sorted(set(map(find_day, runs))):
        tried = {}
        for run in runs:
            if find_day(run) == day:
                tried.setdefault(run["partition"], set()).add(reckon_state(run))
        found = {state for each in tried.values() for state in each}
        best = next(state for state in ("crawled", "partial", "failed") if state in found)
        wanted = {p for p in ("2024", "2025", "2026") if is_expected(p, day, runs, paces)}
        wanted &= set(tried) if day >= today else wanted
        lacks = any("crawled" not in tried.get(partition, ()) for partition in wanted)
        states[day] = "partial" if best == "crawled" and lacks else best
    return states


@settings(max_examples=few_or_many(60))
@given(runs=runs, paces=paces, start_on=days, end_on=days)
def test_spans_of_days_count_what_a_walk_from_day_to_day_counts(
    engine, runs, paces, start_on, end_on
):
    source = note(engine, runs, paces)
    with read(engine) as session:
        told = summarise_coverage(session, source, start_on, end_on)
        cover = cover_source(session, source, start_on, end_on)
    observed = list(map(find_day, runs))
    states = reckon_days(runs, paces, max(observed, default=date.max))
    if observed and (start_on is None or (start_on < min(observed) <= (end_on or date.max))):
        start_on = min(observed)
    end_on = end_on or max(observed, default=None)
    is_asked = start_on is not None and end_on is not None
    within = [state for day, state in states.items() if is_asked and start_on <= day <= end_on]
    counted = Counter(within)
    assert told.days == (max(0, (end_on - start_on).days + 1) if is_asked else 0)
    assert (told.days_crawled, told.days_partial, told.days_failed) == (
        *(counted["crawled"], counted["partial"]),
        counted["failed"],
    )
    assert (cover.days, cover.days_crawled, cover.days_partial, cover.days_failed) == (
        *(told.days, told.days_crawled),
        *(told.days_partial, told.days_failed),
    )
    assert cover.last_crawled_at == told.last_crawled_at
    lacking = sum((gap.end_on - gap.start_on).days + 1 for gap in cover.gaps)
    assert lacking == told.days - told.days_crawled


@settings(max_examples=few_or_many(30))
@given(runs=runs, paces=paces)
def test_each_day_of_a_strip_is_in_the_state_that_a_walk_finds(engine, runs, paces):
    source = note(engine, runs, paces)
    first, last = MONDAY.date(), MONDAY.date() + DAYS * DAY
    with read(engine) as session:
        strip = cover_source_days(session, source, first, last)
    states = reckon_days(runs, paces, date.max)
    assert [day.state for day in strip] == [
        states.get(first + n * DAY, "not_crawled") for n in range(DAYS + 1)
    ]


def test_a_run_counts_for_the_day_in_utc_to_its_last_instant(engine):
    last_instant = (MONDAY + DAY).replace(hour=0) - timedelta(microseconds=1)
    with write(engine) as session:
        for at in (last_instant, last_instant + timedelta(microseconds=1)):
            times = dict.fromkeys(("started_at", "heartbeat_at", "observed_at", "ended_at"), at)
            told = {"source": "midnight", "partition": "all", "kind": "crawl", "outcome": "done"}
            session.add(Run(**told, **times, observed_how="crawl"))
    with read(engine) as session:
        assert summarise_coverage(session, "midnight").days_crawled == 2
        before = summarise_coverage(session, "midnight", moment=Moment(as_of=last_instant))
        assert (before.days_crawled, before.last_crawled_at) == (1, last_instant)
        assert summarise_coverage(session, "midnight", moment=NOW).last_crawled_at > last_instant
