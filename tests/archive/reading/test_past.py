"""What was known as of a time, and what held at a time, worked by hand."""

from datetime import date

import pytest

from archive.errors import NotFoundError
from archive.ingest.close_run import close_run
from archive.ingest.pages import ingest_page
from archive.models.runs import Outcome, RunKind
from archive.privacy.redactions import redact_field
from archive.reading import (
    AdFilter,
    list_ads,
    list_advertisers,
    list_disclosures,
    list_metrics,
    list_vanished_periods,
    list_versions,
    read_ad,
    read_advertiser,
)
from archive.reading.ads.ads import Declared, find_ad_row
from archive.reading.ads.sightings import read_last_seen
from archive.reading.as_of import restored_rows as row_ranges
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.disclosures import DisclosureFilter
from archive.records import AdvertiserSpendRecord, CommitteeRecord, DisclosureRecord
from archive.runs.lease import begin_run
from archive.spending import SpendBy, SpendMeasure, SpendQuery, summarise_spending
from archive.store.database import write
from tests.archive.moments import ask, day, held, known

AD = "example:a1"


def ad_at(engine, moment):
    return ask(engine, read_ad, AD, moment)


def refs_at(engine, moment, **wanted):
    page = ask(engine, list_ads, AdFilter(**wanted), None, 100, moment)
    return [ad.ref for ad in page.items]


def sums_at(engine, moment, **asked):
    summary = ask(engine, summarise_spending, SpendQuery(moment=moment, **asked))
    return [(g.key, g.lower_minor, g.upper_minor, g.ads) for g in summary.groups]


def test_an_ad_is_shown_as_it_was_when_it_held(engine, ingest_run, make_ad):
    ingest_run([make_ad(bodies=["First"])], day(0))
    ingest_run([make_ad(bodies=["Second"], spend_lower_minor=150_00)], day(5))

    between, after = ad_at(engine, held(4)), ad_at(engine, held(5))

    assert (between.bodies, between.spend_lower_minor, between.versions) == (["First"], 100_00, 1)
    assert (after.bodies, after.spend_lower_minor, after.versions) == (["Second"], 150_00, 2)
    assert (between.last_changed_at, between.valid_at, between.as_of) == (day(0), day(4), None)
    with pytest.raises(NotFoundError):
        ad_at(engine, held(-1))


def test_what_arrives_late_held_then_but_was_not_known_then(engine, ingest_run, make_ad):
    ingest_run([make_ad(bodies=["Newer"])], day(5))
    ingest_run([make_ad(bodies=["Older"])], day(9), observed_on=day(2), sweep=False)

    assert ad_at(engine, held(3)).bodies == ["Older"]
    assert ad_at(engine, Moment(as_of=day(9), valid_at=day(3))).bodies == ["Older"]
    assert ad_at(engine, Moment(as_of=day(9), valid_at=day(5))).bodies == ["Newer"]
    with pytest.raises(NotFoundError):
        ad_at(engine, Moment(as_of=day(8), valid_at=day(3)))


def test_an_ad_is_vanished_while_it_is_away(engine, ingest_run, make_ad):
    ingest_run([make_ad()], day(0))
    ingest_run([], day(2))
    ingest_run([make_ad()], day(4))

    states = {n: ad_at(engine, held(n)).state for n in range(6)}
    assert states == {0: "seen", 1: "seen", 2: "vanished", 3: "vanished", 4: "seen", 5: "seen"}
    assert ad_at(engine, held(3)).vanished_at == day(2)
    assert refs_at(engine, held(3), state="vanished") == ["a1"]
    assert refs_at(engine, held(4), state="vanished") == []
    assert ask(engine, list_vanished_periods, AD, held(3))[0].returned_at is None
    assert ask(engine, list_vanished_periods, AD, held(1)) == []
    assert [ask(engine, read_last_seen, AD, held(n)) for n in (1, 3, 5)] == [day(0), day(0), day(4)]


def test_a_return_learned_later_does_not_count_before(engine, ingest_run, make_ad):
    ingest_run([make_ad()], day(0))
    ingest_run([], day(2))
    ingest_run([make_ad()], day(9), observed_on=day(4))

    assert ad_at(engine, Moment(as_of=day(8), valid_at=day(5))).state == "vanished"
    assert ad_at(engine, Moment(as_of=day(9), valid_at=day(5))).state == "seen"


def test_versions_and_numbers_end_at_the_moment(engine, ingest_run, make_ad):
    ingest_run([make_ad(bodies=["First"])], day(0))
    ingest_run([make_ad(bodies=["Second"], spend_lower_minor=150_00)], day(5))

    assert len(ask(engine, list_versions, AD, held(4))) == 1
    assert len(ask(engine, list_metrics, AD, held(4))) == 1
    assert len(ask(engine, list_metrics, AD, NOW)) == 2


def test_a_list_has_every_ad_of_the_moment_across_ranges(engine, ingest_run, make_ad, monkeypatch):
    monkeypatch.setattr(row_ranges, "FIRST_RANGE", 2)
    monkeypatch.setattr(row_ranges, "LONGEST_RANGE", 3)
    ingest_run([make_ad(f"a{i}") for i in range(9)], day(0))
    changed = [make_ad(f"a{i}", bodies=["Changed"]) for i in range(0, 9, 2)]
    ingest_run([*changed, make_ad("late")], day(3), sweep=False)

    assert refs_at(engine, known(0)) == refs_at(engine, held(2)) == [f"a{i}" for i in range(9)]
    first = ask(engine, list_ads, AdFilter(), None, 4, known(0))
    second = ask(engine, list_ads, AdFilter(), first.next_cursor, 5, known(0))
    assert [ad.ref for ad in first.items + second.items] == [f"a{i}" for i in range(9)]
    assert {ad.bodies[0] for ad in first.items + second.items} == {"Vote for the harbour"}
    assert second.next_cursor is None
    assert sums_at(engine, known(0)) == [("all", 9 * 100_00, 9 * 199_00, 9)]


def test_elections_and_declarations_can_be_asked_for_and_unknown_too(engine, ingest_run, make_ad):
    ingest_run(
        [
            make_ad("a1", election_name="Harbour vote", declared_political=True),
            make_ad("a2", declared_political=False),
            make_ad("a3"),
        ],
        day(0),
    )
    ingest_run([make_ad("a3", election_name="Harbour vote")], day(1), sweep=False)

    for moment in (known(0), held(0)):
        assert refs_at(engine, moment, election="Harbour vote") == ["a1"]
        assert refs_at(engine, moment, election="unknown") == ["a3"]
        assert refs_at(engine, moment, election="unknown", include="unlabelled") == ["a2", "a3"]
    assert refs_at(engine, NOW, election="Harbour vote") == ["a1", "a3"]
    by_word = {word: refs_at(engine, NOW, declared_political=word) for word in Declared}
    assert by_word == {"true": ["a1"], "false": ["a2"], "unknown": ["a3"]}


def test_bounds_rest_on_the_snapshots_of_the_moment_only(engine, ingest_run, make_ad):
    run = {"started_on": date(2026, 3, 1), "ended_on": date(2026, 3, 31)}
    period = {"from_on": date(2026, 3, 1), "to_on": date(2026, 3, 4)}
    ingest_run([make_ad(spend_lower_minor=100_00, spend_upper_minor=None, **run)], day(1))
    ingest_run([make_ad(spend_lower_minor=300_00, spend_upper_minor=500_00, **run)], day(6))

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


def test_a_statement_counts_from_when_it_was_made_until_it_is_withdrawn(engine, ingest_run):
    reported = {"measure": SpendMeasure.REPORTED}
    ingest_run([make_statement(500_00)], day(0))
    ingest_run([make_statement(600_00)], day(2), sweep=False)
    ingest_run([make_statement(400_00)], day(9), observed_on=day(1), sweep=False)

    assert sums_at(engine, held(-1), **reported) == []
    assert sums_at(engine, held(1), **reported) == [("all", 400_00, 400_00, 1)]
    assert sums_at(engine, known(1), **reported) == [("all", 500_00, 500_00, 1)]
    assert sums_at(engine, NOW, **reported) == [("all", 600_00, 600_00, 1)]


def test_a_withdrawn_statement_is_nobodys_figure_any_more(engine):
    reported = {"measure": SpendMeasure.REPORTED}
    kept = make_statement(10_00).model_copy(update={"advertiser_ref": "page-2"})
    for number, stated in ((0, [make_statement(500_00), kept]), (2, [kept])):
        with write(engine) as session:
            lease = begin_run(session, "example", "2026", RunKind.CRAWL, day(number), is_sweep=True)
            ingest_page(session, lease, stated, None, day(number))
            close_run(session, lease, Outcome.DONE, day(number), covered=True)

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
        is_notice=False,
        is_correction=False,
    )


def test_filings_stand_as_they_did(engine, ingest_run):
    disclosed = {"measure": SpendMeasure.DISCLOSED}
    ingest_run([CommitteeRecord(ref="C1", name="Friends"), make_filing("d1", 100_00)], day(0))
    ingest_run([make_filing("d1", 80_00), make_filing("d2", 5_00)], day(3), sweep=False)

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


def test_an_advertiser_has_the_name_and_the_ads_of_the_moment(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1", payer_name="Old Friends")], day(0))
    renamed = {"advertiser_name": "Harbour Alliance", "payer_name": "New Friends"}
    ingest_run([make_ad("a1", **renamed), make_ad("a2", **renamed)], day(3), sweep=False)
    ingest_run([make_ad("b1", advertiser_ref="page-2")], day(4), sweep=False)

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


def test_what_is_withheld_is_withheld_from_earlier_answers_which_name_it(
    engine, ingest_run, make_ad
):
    ingest_run([make_ad(payer_name="A. Citizen")], day(0))
    ingest_run([make_ad(payer_name="A. Citizen", bodies=["Other"])], day(2))
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
