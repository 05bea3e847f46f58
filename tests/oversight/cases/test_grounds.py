"""What asks something of somebody rests on law: in force while the ad ran, in use, and by its own clause."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlmodel import select

from archive.curation.people import add_user
from archive.ingest.pages import ingest_page
from archive.models import Decision, Flag
from archive.models.people import Role
from archive.models.runs import Outcome, RunKind
from archive.privacy.redactions import redact_field
from archive.reading.ads.ads import find_ad_row
from archive.records import AdRecord
from archive.runs.lease import begin_run, end_run
from archive.store.database import create_archive_engine, write
from config.settings import DeploymentKind
from oversight.cases import (
    CaseError,
    DecisionDraft,
    DecisionOutcome,
    appeal_decision,
    decide_flag,
    read_decision,
    settle_appeal,
)
from oversight.cases.explaining import explain_flag
from oversight.cases.powers import OPINIONS, RESTRICTIVE
from oversight.cases.states import CaseEvent
from oversight.rules.rule_book import read_rule_book
from oversight.rules.use import suspend_rule
from tests.flagging import flag_ad

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LAW, INDICATOR = "us-30120-payer-named", "payer-left-blank"
CLAUSE = "11 CFR 110.11(b)"
RAN = {"started_on": date(2024, 5, 1), "ended_on": date(2024, 5, 9)}
ADS = {
    "blank": {**RAN, "countries": ["US"]},
    "elsewhere": {**RAN, "countries": ["CA"]},
    "before": {"started_on": date(2019, 5, 1), "ended_on": date(2019, 5, 9), "countries": ["US"]},
    "undated": {"countries": ["US"]},
    "named": {**RAN, "countries": ["US"], "payer_name": "Friends of Ann Harbour"},
}


@pytest.fixture
def book(home_settings):
    settings = home_settings.model_copy(update={"deployment_kind": DeploymentKind.AUTHORITY})
    return read_rule_book(settings)


@pytest.fixture
def session(home_settings):
    engine = create_archive_engine(home_settings.resolved_database_url)
    with write(engine) as session:
        run = begin_run(session, "example", "2026", RunKind.CRAWL, NOW)
        blank = {"platform": "examplatform", "declared_political": True, "payer_name": ""}
        ads = [AdRecord(ref=ref, **(blank | values)) for ref, values in ADS.items()]
        ingest_page(session, run, ads, None, NOW)
        end_run(session, run, Outcome.DONE, NOW)
        yield session
    engine.dispose()


@pytest.fixture
def decide(session, book):
    """Decide the open flag on an ad and rule, raised if there is none; raises what refuses it."""
    people = [add_user(session, name, [Role.REVIEWER], NOW)[0] for name in ("Ann", "Bob")]

    def flag_and_decide(outcome, basis=CLAUSE, ref="blank", rule_id=LAW):
        flag = session.exec(select(Flag).where(Flag.state == "open")).first()
        if flag is None:
            rule = book.find_in_use(session, rule_id)
            flag = flag_ad(session, f"example:{ref}", rule, "?", people[0], NOW)
        draft = DecisionDraft(outcome, "Reasons.", basis, "In short.")
        return decide_flag(session, flag, draft, people[1], book, NOW)

    return flag_and_decide


@pytest.mark.parametrize("outcome", sorted(RESTRICTIVE))
def test_with_law_in_force_on_the_ads_days_and_its_own_clause_it_is_decided(decide, outcome):
    assert decide(outcome, f" {CLAUSE.replace(' ', '  ')}\n").outcome == outcome


LACKING = {
    "an indicator": ({"rule_id": INDICATOR}, ["an indicator and not a law", "own citations"]),
    "no clause": ({"basis": "because"}, ["own citations", CLAUSE]),
    "a part of a clause": ({"basis": "11 CFR 110"}, ["own citations"]),
    "another rule's clause": ({"basis": "Our own pattern"}, ["own citations"]),
    "not law then": ({"ref": "before"}, ["was not in force while the ad ran"]),
    "nobody knows when": ({"ref": "undated"}, ["not known when the ad ran"]),
    "does not apply": ({"ref": "elsewhere"}, ["does not apply to this ad", "not about this ad"]),
    "everything at once": (
        {"ref": "before", "basis": "x"},
        ["was not in force while the ad ran", "own citations"],
    ),
}


@pytest.mark.parametrize("case", LACKING)
def test_what_is_lacking_is_named_and_nothing_is_decided(session, decide, case):
    given, named = LACKING[case]
    for outcome in sorted(RESTRICTIVE):
        with pytest.raises(CaseError) as refused:
            decide(outcome, **given)
        assert outcome in str(refused.value)
        assert all(words in str(refused.value) for words in named)
        # What is there is not said to lack.
        assert ("own citations" in str(refused.value)) == ("own citations" in named)
    assert session.exec(select(Flag)).one().state == "open"
    assert session.exec(select(Decision)).first() is None


@pytest.mark.parametrize("outcome", sorted(set(DecisionOutcome) - RESTRICTIVE - OPINIONS))
@pytest.mark.parametrize("case", LACKING)
def test_what_asks_nothing_of_anybody_needs_no_such_ground(decide, case, outcome):
    assert decide(outcome, **LACKING[case][0]).outcome == outcome


def test_an_appeal_is_settled_on_the_same_grounds_and_annulled_without_any(session, book, decide):
    decision = decide(DecisionOutcome.NO_BREACH, "because")
    flag = session.get_one(Flag, decision.flag_id)
    cleo, _ = add_user(session, "Cleo", [Role.REVIEWER], NOW)
    appeal_decision(session, flag, "It names nobody.", cleo, NOW)
    suspend_rule(session, book.find_in_use(session, LAW), "Dora", "Stayed", NOW)
    warning = DecisionDraft(DecisionOutcome.WARNING, "Reasons.", CLAUSE, "In short.")
    milder = replace(warning, outcome=DecisionOutcome.ADVICE)
    for event, draft in (
        (CaseEvent.VARY, milder),
        (CaseEvent.UPHOLD, milder),
        (CaseEvent.ANNUL, warning),
    ):
        with pytest.raises(CaseError, match="suspended since"):
            settle_appeal(session, flag, event, draft, cleo, book, NOW)
    settle_appeal(session, flag, CaseEvent.ANNUL, milder, cleo, book, NOW)
    assert flag.state == "annulled"


def test_what_is_withheld_later_is_in_no_sentence_of_an_earlier_case(session, book, decide):
    decision = decide(DecisionOutcome.NO_BREACH, ref="named")
    flag = session.get_one(Flag, decision.flag_id)
    assert "Ann Harbour" in str(explain_flag(session, flag, book))
    assert "Ann Harbour" in str(read_decision(session, book, decision.reference).because)
    redact_field(
        session, find_ad_row(session, "example:named"), "payer_name", "A court", "Eve", NOW
    )
    session.expire_all()
    told = explain_flag(session, flag, book)
    assert "Ann Harbour" not in str(told.because) + str(told.trace)
    assert "Ann Harbour" not in read_decision(session, book, decision.reference).model_dump_json()


def test_a_case_is_judged_by_the_version_that_was_flagged(session, book, decide):
    decision = decide(DecisionOutcome.WARNING)
    flag = session.get_one(Flag, decision.flag_id)
    later = datetime(2026, 3, 2, 12, tzinfo=UTC)
    run = begin_run(session, "example", "2026", RunKind.CRAWL, later)
    named = {"platform": "examplatform", "declared_political": True, "payer_name": "Jo Pier"}
    ingest_page(session, run, [AdRecord(ref="blank", **named, **ADS["blank"])], None, later)
    end_run(session, run, Outcome.DONE, later)
    session.expire_all()
    told = explain_flag(session, flag, book)
    assert (told.answer, "Jo Pier" in str(told.trace)) == ("not_met", False)
