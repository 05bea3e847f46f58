"""What was known as of a time, and what held at a time: worked by hand, and against plain models."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from archive.database import read, write
from archive.errors import NotFoundError
from archive.ingest import ingest_page
from archive.looks import close_look
from archive.models.collecting import Outcome, RunKind
from archive.reading import (
    AdFilter,
    list_absences,
    list_ads,
    list_advertisers,
    list_disclosures,
    list_metrics,
    list_versions,
    read_ad,
    read_advertiser,
    stretches,
)
from archive.reading.ads import Declared, find_ad_row
from archive.reading.disclosures import DisclosureFilter
from archive.reading.moment import NOW, Moment
from archive.reading.sightings import read_last_seen
from archive.records import AdvertiserSpendRecord, CommitteeRecord, DisclosureRecord
from archive.redactions import redact_field
from archive.runs import begin_run
from archive.spending import SpendBy, SpendMeasure, SpendQuery, summarise_spending

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
AD = "example:a1"


def day(number):
    return NOON + number * DAY


def held(number):
    return Moment(valid_at=day(number))


def known(number):
    return Moment(as_of=day(number))


def ask(engine, function, *arguments):
    with read(engine) as session:
        return function(session, *arguments)


def ad_at(engine, moment):
    return ask(engine, read_ad, AD, moment)


def refs_at(engine, moment, **wanted):
    page = ask(engine, list_ads, AdFilter(**wanted), None, 100, moment)
    return [ad.ref for ad in page.items]


def sums_at(engine, moment, **asked):
    summary = ask(engine, summarise_spending, SpendQuery(moment=moment, **asked))
    return [(g.key, g.lower_minor, g.upper_minor, g.ads) for g in summary.groups]


def test_an_ad_is_shown_as_it_was_when_it_held(engine, look_at, make_ad):
    look_at([make_ad(bodies=["First"])], day(0))
    look_at([make_ad(bodies=["Second"], spend_lower_minor=150_00)], day(5))

    between, after = ad_at(engine, held(4)), ad_at(engine, held(5))

    assert (between.bodies, between.spend_lower_minor, between.versions) == (["First"], 100_00, 1)
    assert (after.bodies, after.spend_lower_minor, after.versions) == (["Second"], 150_00, 2)
    assert (between.last_changed_at, between.valid_at, between.as_of) == (day(0), day(4), None)
    with pytest.raises(NotFoundError):
        ad_at(engine, held(-1))


def test_what_arrives_late_held_then_but_was_not_known_then(engine, look_at, make_ad):
    look_at([make_ad(bodies=["Newer"])], day(5))
    look_at([make_ad(bodies=["Older"])], day(9), observed_on=day(2), sweep=False)

    assert ad_at(engine, held(3)).bodies == ["Older"]
    assert ad_at(engine, Moment(as_of=day(9), valid_at=day(3))).bodies == ["Older"]
    assert ad_at(engine, Moment(as_of=day(9), valid_at=day(5))).bodies == ["Newer"]
    with pytest.raises(NotFoundError):
        ad_at(engine, Moment(as_of=day(8), valid_at=day(3)))


def test_an_ad_is_vanished_while_it_is_away(engine, look_at, make_ad):
    look_at([make_ad()], day(0))
    look_at([], day(2))
    look_at([make_ad()], day(4))

    states = {n: ad_at(engine, held(n)).state for n in range(6)}
    assert states == {0: "seen", 1: "seen", 2: "vanished", 3: "vanished", 4: "seen", 5: "seen"}
    assert ad_at(engine, held(3)).vanished_at == day(2)
    assert refs_at(engine, held(3), state="vanished") == ["a1"]
    assert refs_at(engine, held(4), state="vanished") == []
    assert ask(engine, list_absences, AD, held(3))[0].returned_at is None
    assert ask(engine, list_absences, AD, held(1)) == []
    assert [ask(engine, read_last_seen, AD, held(n)) for n in (1, 3, 5)] == [day(0), day(0), day(4)]


def test_a_return_learned_later_does_not_count_before(engine, look_at, make_ad):
    look_at([make_ad()], day(0))
    look_at([], day(2))
    look_at([make_ad()], day(9), observed_on=day(4))

    assert ad_at(engine, Moment(as_of=day(8), valid_at=day(5))).state == "vanished"
    assert ad_at(engine, Moment(as_of=day(9), valid_at=day(5))).state == "seen"


def test_versions_and_numbers_end_at_the_moment(engine, look_at, make_ad):
    look_at([make_ad(bodies=["First"])], day(0))
    look_at([make_ad(bodies=["Second"], spend_lower_minor=150_00)], day(5))

    assert len(ask(engine, list_versions, AD, held(4))) == 1
    assert len(ask(engine, list_metrics, AD, held(4))) == 1
    assert len(ask(engine, list_metrics, AD, NOW)) == 2


def test_a_list_has_every_ad_of_the_moment_across_stretches(engine, look_at, make_ad, monkeypatch):
    monkeypatch.setattr(stretches, "FIRST_STRETCH", 2)
    monkeypatch.setattr(stretches, "LONGEST_STRETCH", 3)
    look_at([make_ad(f"a{i}") for i in range(9)], day(0))
    changed = [make_ad(f"a{i}", bodies=["Changed"]) for i in range(0, 9, 2)]
    look_at([*changed, make_ad("late")], day(3), sweep=False)

    assert refs_at(engine, known(0)) == refs_at(engine, held(2)) == [f"a{i}" for i in range(9)]
    first = ask(engine, list_ads, AdFilter(), None, 4, known(0))
    second = ask(engine, list_ads, AdFilter(), first.next_cursor, 5, known(0))
    assert [ad.ref for ad in first.items + second.items] == [f"a{i}" for i in range(9)]
    assert {ad.bodies[0] for ad in first.items + second.items} == {"Vote for the harbour"}
    assert second.next_cursor is None
    assert sums_at(engine, known(0)) == [("all", 9 * 100_00, 9 * 199_00, 9)]


def test_elections_and_declarations_can_be_asked_for_and_unknown_too(engine, look_at, make_ad):
    look_at(
        [
            make_ad("a1", election_name="Harbour vote", declared_political=True),
            make_ad("a2", declared_political=False),
            make_ad("a3"),
        ],
        day(0),
    )
    look_at([make_ad("a3", election_name="Harbour vote")], day(1), sweep=False)

    for moment in (known(0), held(0)):
        assert refs_at(engine, moment, election="Harbour vote") == ["a1"]
        assert refs_at(engine, moment, election="unknown") == ["a2", "a3"]
    assert refs_at(engine, NOW, election="Harbour vote") == ["a1", "a3"]
    by_word = {word: refs_at(engine, NOW, declared_political=word) for word in Declared}
    assert by_word == {"true": ["a1"], "false": ["a2"], "unknown": ["a3"]}


def test_bounds_rest_on_the_snapshots_of_the_moment_only(engine, look_at, make_ad):
    run = {"started_on": date(2026, 3, 1), "ended_on": date(2026, 3, 31)}
    period = {"from_on": date(2026, 3, 1), "to_on": date(2026, 3, 4)}
    look_at([make_ad(spend_lower_minor=100_00, spend_upper_minor=None, **run)], day(1))
    look_at([make_ad(spend_lower_minor=300_00, spend_upper_minor=500_00, **run)], day(6))

    assert sums_at(engine, held(5), **period) == [("all", 100_00, None, 1)]
    assert sums_at(engine, known(5), **period) == [("all", 100_00, None, 1)]
    assert sums_at(engine, NOW, **period) == [("all", 100_00, 500_00, 1)]
    assert sums_at(engine, held(0), **period) == []


def make_statement(amount):
    return AdvertiserSpendRecord(
        dataset="lifetime_sums",
        platform="examplatform",
        grain="lifetime",
        advertiser_ref="page-1",
        advertiser_name="Harbour Party",
        currency="EUR",
        spend_lower_minor=amount,
        spend_upper_minor=amount,
    )


def test_a_statement_counts_from_when_it_was_made_until_it_is_withdrawn(engine, look_at):
    reported = {"measure": SpendMeasure.REPORTED}
    look_at([make_statement(500_00)], day(0))
    look_at([make_statement(600_00)], day(2), sweep=False)
    look_at([make_statement(400_00)], day(9), observed_on=day(1), sweep=False)

    assert sums_at(engine, held(-1), **reported) == []
    assert sums_at(engine, held(1), **reported) == [("all", 400_00, 400_00, 1)]
    assert sums_at(engine, known(1), **reported) == [("all", 500_00, 500_00, 1)]
    assert sums_at(engine, NOW, **reported) == [("all", 600_00, 600_00, 1)]


def test_a_withdrawn_statement_is_nobodys_figure_any_more(engine):
    reported = {"measure": SpendMeasure.REPORTED}
    kept = make_statement(10_00).model_copy(update={"advertiser_ref": "page-2"})
    for number, stated in ((0, [make_statement(500_00), kept]), (2, [kept])):
        with write(engine) as session:
            look = begin_run(session, "example", "2026", RunKind.CRAWL, day(number), is_sweep=True)
            ingest_page(session, look, stated, None, day(number))
            close_look(session, look, Outcome.DONE, day(number), covered=True)

    assert sums_at(engine, known(1), **reported) == [("all", 510_00, 510_00, 2)]
    assert sums_at(engine, held(1), **reported) == [("all", 510_00, 510_00, 2)]
    for moment in (NOW, held(2), known(2)):
        assert sums_at(engine, moment, **reported) == [("all", 10_00, 10_00, 1)]


def make_filing(ref, amount):
    return DisclosureRecord(
        ref=ref,
        committee_ref="C1",
        currency="USD",
        amount_minor=amount,
        spent_on=date(2026, 1, 5),
        is_memo=False,
        is_correction=False,
    )


def test_filings_stand_as_they_did(engine, look_at):
    disclosed = {"measure": SpendMeasure.DISCLOSED}
    look_at([CommitteeRecord(ref="C1", name="Friends"), make_filing("d1", 100_00)], day(0))
    look_at([make_filing("d1", 80_00), make_filing("d2", 5_00)], day(3), sweep=False)

    for moment in (known(2), held(2)):
        [before] = ask(engine, list_disclosures, DisclosureFilter(), None, 10, moment).items
        assert (before.amount_minor, before.versions, before.spent_on, before.committee_name) == (
            100_00,
            1,
            date(2026, 1, 5),
            "Friends",
        )
        assert sums_at(engine, moment, **disclosed) == [("all", 100_00, 100_00, 1)]
    now = ask(engine, list_disclosures, DisclosureFilter(), None, 10, NOW).items
    assert now == ask(engine, list_disclosures, DisclosureFilter(), None, 10, known(3)).items
    assert sums_at(engine, NOW, **disclosed) == [("all", 85_00, 85_00, 2)]


def test_an_advertiser_has_the_name_and_the_ads_of_the_moment(engine, look_at, make_ad):
    look_at([make_ad("a1", payer_name="Old Friends")], day(0))
    renamed = {"advertiser_name": "Harbour Alliance", "payer_name": "New Friends"}
    look_at([make_ad("a1", **renamed), make_ad("a2", **renamed)], day(3), sweep=False)
    look_at([make_ad("b1", advertiser_ref="page-2")], day(4), sweep=False)

    for moment in (known(2), held(2)):
        then = ask(engine, read_advertiser, "example:page-1", moment)
        assert (then.name, then.ads, then.payers) == ("Harbour Party", 1, ["Old Friends"])
        assert [name.name for name in then.names] == ["Harbour Party"]
        assert len(ask(engine, list_advertisers, None, None, 10, moment).items) == 1
        [group] = ask(
            engine, summarise_spending, SpendQuery(by=SpendBy.ADVERTISER, moment=moment)
        ).groups
        assert group.label == "Harbour Party"
        with pytest.raises(NotFoundError):
            ask(engine, read_advertiser, "example:page-2", moment)
    now = ask(engine, read_advertiser, "example:page-1", NOW)
    assert (now.name, now.ads, now.payers) == ("Harbour Alliance", 2, ["New Friends"])
    assert now.model_dump(exclude={"as_of", "data_as_of"}) == ask(
        engine, read_advertiser, "example:page-1", known(4)
    ).model_dump(exclude={"as_of", "data_as_of"})


def test_what_is_withheld_is_withheld_from_earlier_answers_which_name_it(engine, look_at, make_ad):
    look_at([make_ad(payer_name="A. Citizen")], day(0))
    look_at([make_ad(payer_name="A. Citizen", bodies=["Other"])], day(2))
    with write(engine) as session:
        ad = find_ad_row(session, AD)
        redact_field(session, ad, "payer_name", "A court's order.", "The officer", day(4))

    for moment in (NOW, known(1), held(1), known(4)):
        answer = ad_at(engine, moment)
        assert (answer.payer_name, answer.missing["payer_name"]) == (None, "redacted")
        [named] = answer.redactions
        assert (named.field, named.decided_by, named.recorded_at) == (
            "payer_name",
            "The officer",
            day(4),
        )
    for version in ask(engine, list_versions, AD, known(1)):
        assert version.content["payer_name"] is None
        assert [row.field for row in version.redactions] == ["payer_name"]
    beside = {"as_of", "data_as_of"}
    assert ad_at(engine, NOW).model_dump(exclude=beside) == ad_at(engine, known(4)).model_dump(
        exclude=beside
    )


EXAMPLES = count()
TEXTS = ["One", "Two", "Three"]

SHOWN = st.dictionaries(
    st.sampled_from(["a1", "a2", "a3"]), st.tuples(st.sampled_from(TEXTS), st.integers(0, 2))
)
"""What one look finds: for each ad a text and the least spent."""


def begin_example():
    """A source of its own and the first day of its looks, after all others' last."""
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
"""Looks as they are recorded: what each found, how many days old that was, whether it was a sweep."""


def check_nothing_changes(engine, look_at, make_ad, looks):
    source, start = begin_example()
    asked = []
    for i, (shown, age, sweep) in enumerate(looks):
        now = day(start + i)
        look_at(show(make_ad, shown), now, source=source, observed_on=now - age * DAY, sweep=sweep)
        moments = [Moment(now), Moment(now, now - 2 * DAY)]
        asked += [(moment, say_all(engine, source, moment)) for moment in moments]
        items = ask(engine, list_ads, AdFilter(source=source), None, 100, NOW).items
        then = ask(engine, list_ads, AdFilter(source=source), None, 100, Moment(now)).items
        assert [ad.model_dump_json() for ad in items] == [ad.model_dump_json() for ad in then]
    for moment, answers in asked:
        assert say_all(engine, source, moment) == answers


RELAXED = {
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    "deadline": None,
    # A failing example is short as it is; to shorten it takes minutes of commits.
    "phases": [Phase.explicit, Phase.reuse, Phase.generate],
}


@pytest.fixture
def tries(engine):
    """A server's commits take longer, so there are fewer of them."""
    return 12 if engine.dialect.name == "sqlite" else 3


def test_an_answer_as_of_a_time_never_changes(engine, look_at, make_ad, tries):
    @settings(max_examples=tries, **RELAXED)
    @given(looks=LOOKS)
    def check(looks):
        check_nothing_changes(engine, look_at, make_ad, looks)

    check()


def model_ads(looks, recorded_by, observed_by):
    """What each ad was, by the newest look that saw it: text and least spent."""
    said = [
        (observed, i, shown)
        for i, (shown, observed) in enumerate(looks)
        if i <= recorded_by and observed <= observed_by
    ]
    found = {}
    for _, _, shown in sorted(said, key=lambda look: look[:2]):
        found |= shown
    return found


def test_what_held_is_what_the_newest_look_by_then_saw(engine, look_at, make_ad, tries):
    @settings(max_examples=tries, **RELAXED)
    @given(looks=st.lists(st.tuples(SHOWN, st.integers(0, 5)), min_size=1, max_size=5))
    def check(looks):
        source, start = begin_example()
        for i, (shown, observed) in enumerate(looks):
            look_at(
                show(make_ad, shown),
                day(start + 10 + i),
                source=source,
                observed_on=day(start + observed),
                sweep=False,
            )
        for recorded_by in range(len(looks)):
            for observed_by in range(6):
                moment = Moment(day(start + 10 + recorded_by), day(start + observed_by))
                page = ask(engine, list_ads, AdFilter(source=source), None, 100, moment)
                found = {ad.ref: (ad.bodies[0], ad.spend_lower_minor // 100) for ad in page.items}
                assert found == model_ads(looks, recorded_by, observed_by)

    check()


def model_states(sweeps, by):
    """Which ads were there: those of the newest sweep; those of earlier ones have vanished."""
    states = {}
    for found in sweeps[: by + 1]:
        states |= dict.fromkeys(states, "vanished") | dict.fromkeys(found, "seen")
    return states


def test_ads_vanish_and_return_as_the_sweeps_saw_it(engine, look_at, make_ad, tries):
    @settings(max_examples=tries, **RELAXED)
    @given(sweeps=st.lists(st.sets(st.sampled_from(["a1", "a2", "a3"])), min_size=1, max_size=6))
    def check(sweeps):
        source, start = begin_example()
        for i, found in enumerate(sweeps):
            look_at([make_ad(ref) for ref in sorted(found)], day(start + i), source=source)
        for by in range(len(sweeps)):
            for moment in (held(start + by), known(start + by)):
                page = ask(engine, list_ads, AdFilter(source=source), None, 100, moment)
                assert {ad.ref: ad.state for ad in page.items} == model_states(sweeps, by)

    check()
