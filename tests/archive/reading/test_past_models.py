"""Any runs in any order: earlier answers keep their bytes, and agree with plain models."""

from itertools import count
from uuid import uuid4

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from archive.reading import AdFilter, list_ads, list_advertisers, read_ad
from archive.reading.as_of.moment import NOW, Moment
from archive.spending import SpendBy, SpendQuery, summarise_spending
from archive.store.database import read
from tests.archive.moments import DAY, ask, day, held, known
from tests.examples import few_or_many

EXAMPLES = count()
TEXTS = ["One", "Two", "Three"]

SHOWN = st.dictionaries(
    st.sampled_from(["a1", "a2", "a3"]), st.tuples(st.sampled_from(TEXTS), st.integers(0, 2))
)
"""What one run finds: for each ad a text and the least spent."""


def begin_example():
    """A source of its own and the first day of its runs, after all others' last."""
    return f"source-{uuid4()}", 1_000 * (next(EXAMPLES) + 1)


def show(make_ad, shown):
    return [
        make_ad(ref, bodies=[text], advertiser_name=f"Party {text}", spend_lower_minor=spent * 100)
        for ref, (text, spent) in shown.items()
    ]


def say_all(engine, source, moment):
    """Everything this archive answers about a source at a moment, byte for byte."""
    with read(engine) as session:
        page = list_ads(session, AdFilter(source=source), None, 100, moment)
        answers = [*page.items, *(read_ad(session, ad.id, moment) for ad in page.items)]
        query = SpendQuery(by=SpendBy.ADVERTISER, source=source, moment=moment)
        answers.append(summarise_spending(session, query))
        answers += list_advertisers(session, source, None, 100, moment).items
    return [str(page.data_as_of), *(answer.model_dump_json() for answer in answers)]


LOOKS = st.lists(st.tuples(SHOWN, st.integers(0, 6), st.booleans()), min_size=1, max_size=5)
"""Runs as they are recorded: what each found, how many days old that was, whether it was a sweep."""


def check_nothing_changes(engine, ingest_run, make_ad, runs):
    source, start = begin_example()
    asked = []
    for i, (shown, age, sweep) in enumerate(runs):
        now = day(start + i)
        ingest_run(
            show(make_ad, shown), now, source=source, observed_on=now - age * DAY, sweep=sweep
        )
        moments = [Moment(now), Moment(now, now - 2 * DAY)]
        asked += [(moment, say_all(engine, source, moment)) for moment in moments]
        items = ask(engine, list_ads, AdFilter(source=source), None, 100, NOW).items
        then = ask(engine, list_ads, AdFilter(source=source), None, 100, Moment(now)).items
        assert [ad.model_dump_json() for ad in items] == [ad.model_dump_json() for ad in then]
    for moment, answers in asked:
        assert say_all(engine, source, moment) == answers


AS_FOUND = [Phase.explicit, Phase.reuse, Phase.generate]
"""A failing example is short as it is; to shorten it takes minutes of commits."""


@pytest.fixture
def tries(engine):
    """A server's commits take longer, so there are fewer of them."""
    return few_or_many(6) if engine.dialect.name == "sqlite" else few_or_many(2, 100)


def test_an_answer_as_of_a_time_never_changes(engine, ingest_run, make_ad, tries):
    @settings(max_examples=tries, phases=AS_FOUND)
    @example(
        # An old sweep that missed what was seen since.
        runs=[
            ({"a1": ("One", 2), "a2": ("One", 1)}, 3, False),
            ({"a1": ("Two", 0), "a2": ("One", 2)}, 0, False),
            ({"a1": ("Two", 2)}, 4, True),
        ]
    )
    @given(runs=LOOKS)
    def check(runs):
        check_nothing_changes(engine, ingest_run, make_ad, runs)

    check()


def model_ads(runs, recorded_by, observed_by):
    """What each ad was, by the newest run that saw it: text and least spent."""
    said = [
        (observed, i, shown)
        for i, (shown, observed) in enumerate(runs)
        if i <= recorded_by and observed <= observed_by
    ]
    found = {}
    for _, _, shown in sorted(said, key=lambda lease: lease[:2]):
        found |= shown
    return found


def test_what_held_is_what_the_newest_run_by_then_saw(engine, ingest_run, make_ad, tries):
    @settings(max_examples=tries, phases=AS_FOUND)
    @given(runs=st.lists(st.tuples(SHOWN, st.integers(0, 5)), min_size=1, max_size=5))
    def check(runs):
        source, start = begin_example()
        for i, (shown, observed) in enumerate(runs):
            ingest_run(
                show(make_ad, shown),
                day(start + 10 + i),
                source=source,
                observed_on=day(start + observed),
                sweep=False,
            )
        for recorded_by in range(len(runs)):
            for observed_by in range(6):
                moment = Moment(day(start + 10 + recorded_by), day(start + observed_by))
                page = ask(engine, list_ads, AdFilter(source=source), None, 100, moment)
                found = {ad.ref: (ad.bodies[0], ad.spend_lower_minor // 100) for ad in page.items}
                assert found == model_ads(runs, recorded_by, observed_by)

    check()


def model_states(sweeps, by):
    """Which ads were there: those of the newest sweep; those of earlier ones have vanished."""
    states = {}
    for found in sweeps[: by + 1]:
        states |= dict.fromkeys(states, "vanished") | dict.fromkeys(found, "seen")
    return states


def test_ads_vanish_and_return_as_the_sweeps_saw_it(engine, ingest_run, make_ad, tries):
    @settings(max_examples=tries, phases=AS_FOUND)
    @given(sweeps=st.lists(st.sets(st.sampled_from(["a1", "a2", "a3"])), min_size=1, max_size=6))
    def check(sweeps):
        source, start = begin_example()
        for i, found in enumerate(sweeps):
            ingest_run([make_ad(ref) for ref in sorted(found)], day(start + i), source=source)
        for by in range(len(sweeps)):
            for moment in (held(start + by), known(start + by)):
                page = ask(engine, list_ads, AdFilter(source=source), None, 100, moment)
                assert {ad.ref: ad.state for ad in page.items} == model_states(sweeps, by)

    check()
