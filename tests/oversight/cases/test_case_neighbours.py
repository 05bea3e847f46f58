"""Cases side by side: two ads, two rules, two people, and a year that ends; each keeps to its own."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from archive.curation.people import add_user
from archive.ingest.pages import ingest_page
from archive.models import Evaluation, PublicAd, RuleVersion, Signal
from archive.models.people import Role
from archive.models.runs import Outcome, RunKind
from archive.records import AdRecord, MissingReason
from archive.runs.lease import begin_run, end_run
from archive.store.database import create_archive_engine, write
from oversight.cases import (
    DecisionDraft,
    DecisionOutcome,
    SecondCaseError,
    appeal_decision,
    decide_flag,
    list_ad_decisions,
    list_decisions,
    list_flags,
    read_decision,
    settle_appeal,
    withdraw_flag,
)
from oversight.cases.states import CaseEvent
from oversight.evaluation.changes import evaluate_changes
from oversight.evaluation.signal_list import SignalFilter, list_signals
from oversight.rules.rule_book import find_rule, load_rules, read_rule_book
from oversight.rules.schema import Stage
from tests.flagging import flag_ad

NOW = datetime(2026, 12, 31, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
OPINION = DecisionDraft(
    outcome=DecisionOutcome.OPINION_CONCERN,
    reasons="The field is blank in the source.",
    legal_basis="Our own pattern",
    plain_summary="Nobody can see who paid for this ad.",
)


BLANK = {
    "platform": "examplatform",
    "declared_political": True,
    "payer_name": "",
    "missing": {"countries": MissingReason.UNREADABLE},
}


def show_ads(session, now, **values):
    lease = begin_run(session, "example", "2026", RunKind.CRAWL, now)
    ads = [AdRecord(ref=ref, **(BLANK | values)) for ref in ("a1", "a2")]
    paid = AdRecord(ref="a3", **(BLANK | {"payer_name": "Ann"} | values))
    ingest_page(session, lease, [*ads, paid], None, now)
    end_run(session, lease, Outcome.DONE, now)


@pytest.fixture
def rules(home_settings):
    return load_rules(home_settings)


@pytest.fixture
def session(home_settings, rules):
    engine = create_archive_engine(home_settings.resolved_database_url)
    with write(engine) as session:
        show_ads(session, NOW)
        evaluate_changes(session, rules, read_rule_book(home_settings).elections, NOW)
        yield session
    engine.dispose()


@pytest.fixture
def people(session):
    names = ("Ann", "Bob", "Cleo")
    return [add_user(session, name, (Role.REVIEWER,), NOW)[0] for name in names]


@pytest.fixture
def pair(rules):
    """The rule about blank payers, and another that is in use."""
    first = find_rule(rules, "payer-left-blank")
    active = [r for r in rules if r.file.stage is Stage.ACTIVE and r.id != first.id]
    return first, active[0]


def test_one_open_case_is_in_the_way_of_no_other_ad_or_rule(session, pair, people, book):
    ann, bob, cleo = people
    first, second = pair
    asked = [("a1", first, ann), ("a2", first, ann), ("a1", second, bob)]
    raised = [
        flag_ad(session, f"example:{ref}", rule, f"{ref} {rule.id}", who, NOW)
        for ref, rule, who in asked
    ]
    assert [flag.reference for flag in raised] == [f"F-2026-0000{n}" for n in (1, 2, 3)]
    for (ref, rule, who), flag in zip(asked, raised, strict=True):
        for person in (who, cleo):
            with pytest.raises(SecondCaseError, match=flag.reference):
                flag_ad(session, f"example:{ref}", rule, "Again", person, NOW)
    shown = list_flags(session, book).items
    assert [(flag.ad_id, flag.rule_id) for flag in reversed(shown)] == [
        (f"example:{ref}", rule.id) for ref, rule, _ in asked
    ]
    assert [[step.event for step in flag.steps] for flag in shown] == [["raise"]] * 3


def test_what_is_decided_is_not_decided_the_other_way_by_a_second_flag(
    session, pair, people, book, rules
):
    ann, bob, cleo = people
    first = flag_ad(session, "example:a1", pair[0], "No payer", ann, NOW)
    decide_flag(session, first, OPINION, bob, book, NOW)
    with pytest.raises(SecondCaseError, match=f"{first.reference} .* is decided.* appeals"):
        flag_ad(session, "example:a1", pair[0], "I see no concern", cleo, NOW)
    show_ads(session, NOW + timedelta(hours=1), bodies=["Other words"])
    evaluate_changes(session, rules, book.elections, LATER)
    assert flag_ad(session, "example:a1", pair[0], "It is another ad now", cleo, LATER)
    assert len(list_decisions(session, book).items) == 1


def test_an_annulled_decision_leaves_room_for_another_case(session, pair, people, book):
    ann, bob, cleo = people
    first = flag_ad(session, "example:a1", pair[0], "No payer", ann, NOW)
    decide_flag(session, first, OPINION, bob, book, NOW)
    appeal_decision(session, first, "It was named in the picture", ann, NOW)
    settle_appeal(session, first, CaseEvent.ANNUL, OPINION, cleo, book, NOW)
    assert flag_ad(session, "example:a1", pair[0], "Look again", bob, LATER).reference


def test_a_flag_rests_on_the_newest_signal_of_its_own_rule_and_version(
    session, pair, people, rules, home_settings
):
    ids = {ad.ref: ad.id for ad in session.exec(select(PublicAd))}
    show_ads(session, NOW + timedelta(hours=1), bodies=["Other words"])
    evaluate_changes(session, rules, read_rule_book(home_settings).elections, LATER)
    flags = [flag_ad(session, f"example:{ref}", pair[0], "?", people[0], NOW) for ref in ids]
    for flag, (ref, ad_id) in zip(flags, ids.items(), strict=True):
        signals = session.exec(
            select(Signal)
            .join(RuleVersion, RuleVersion.id == Signal.rule_version_id)
            .where(Signal.ad_id == ad_id, RuleVersion.rule_id == pair[0].id)
        ).all()
        versions = sorted(signal.ad_version_id for signal in signals)
        assert len(versions) == (0 if ref == "a3" else 2)
        rests = [s.id for s in signals if s.ad_version_id == flag.ad_version_id]
        assert flag.signal_id == (max(rests) if rests else None)


def test_signals_of_one_ad_rule_and_answer_are_listed_newest_first(session, pair):
    ids = {ad.id: ad.public_id for ad in session.exec(select(PublicAd))}
    names = {rule.id: rule.rule_id for rule in session.exec(select(RuleVersion))}
    kept = [
        (ids[s.ad_id], names[s.rule_version_id], s.answer, s.is_historic, s.id)
        for s in session.exec(select(Signal).order_by(Signal.id))
    ]
    assert len({one[0] for one in kept}) > 1
    assert len({one[1] for one in kept}) > 1
    rule, answer = pair[0].id, kept[0][2]
    for wanted, picks in (
        (SignalFilter(), lambda one: True),
        (SignalFilter(ad_id="example:a2"), lambda one: one[0] == "example:a2"),
        (SignalFilter(rule_id=rule), lambda one: one[1] == rule),
        (SignalFilter(answer=answer), lambda one: one[2] == answer),
        (SignalFilter(ad_id="example:a1", rule_id=rule), lambda o: o[:2] == ("example:a1", rule)),
    ):
        listed = list_signals(session, wanted, None, 100).items
        expected = [one[4] for one in reversed(kept) if picks(one) and not one[3]]
        assert [signal.id for signal in listed] == expected
        assert all((s.ad_id, s.rule_id) == kept[s.id - kept[0][4]][:2] for s in listed)


def test_evaluating_again_keeps_one_answer_an_ad_and_writes_no_signal_twice(
    session, rules, home_settings
):
    def count():
        tables = (Evaluation, Signal)
        return [len(session.exec(select(table)).all()) for table in tables]

    before = count()
    lease = begin_run(session, "example", "2026", RunKind.CRAWL, LATER)
    ingest_page(session, lease, [AdRecord(ref="a1", **BLANK, reach_lower=5)], None, LATER)
    end_run(session, lease, Outcome.DONE, LATER)
    report = evaluate_changes(session, rules, read_rule_book(home_settings).elections, LATER)
    assert (report.ads, report.new_signals) == (1, 0)
    assert count() == before


def test_decisions_are_told_of_their_own_ad_and_numbered_by_year(session, pair, people, book):
    ann, bob, _ = people
    flags = [
        flag_ad(session, f"example:{ref}", pair[0], ref, ann, NOW) for ref in ("a1", "a2", "a3")
    ]
    for flag, at in zip(flags[:2], (NOW, LATER), strict=True):
        decide_flag(session, flag, OPINION, bob, book, at)
    withdraw_flag(session, flags[2], "Mistake", ann, LATER)
    told = [(one.reference, one.flag, one.ad_id) for one in list_decisions(session, book).items]
    assert told == [
        ("D-2027-00001", "F-2026-00002", "example:a2"),
        ("D-2026-00001", "F-2026-00001", "example:a1"),
    ]
    assert [one.reference for one in list_ad_decisions(session, book, "example:a1")] == [
        "D-2026-00001"
    ]
    assert list_ad_decisions(session, book, "example:a3") == []
    assert read_decision(session, book, "D-2027-00001").ad_id == "example:a2"
    assert [step.event for step in read_decision(session, book, "D-2026-00001").steps] == [
        "raise",
        "decide",
    ]
    for state, refs in (("decided", ["a2", "a1"]), ("withdrawn", ["a3"]), ("open", [])):
        listed = list_flags(session, book, state=state).items
        assert [flag.ad_id.removeprefix("example:") for flag in listed] == refs
    page = list_flags(session, book, limit=2)
    rest = list_flags(session, book, limit=2, cursor=page.next_cursor)
    assert [f.ad_id[-1] for f in (*page.items, *rest.items)] == ["3", "2", "1"]
    assert rest.next_cursor is None
    first = list_decisions(session, book, limit=1)
    assert [d.ad_id for d in list_decisions(session, book, cursor=first.next_cursor).items] == [
        "example:a1"
    ]
