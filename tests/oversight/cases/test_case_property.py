"""Whatever people try, in any order and at once: one open case an ad and rule, two people, a leaf each."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from archive.curation.people import add_user, read_user
from archive.errors import ArchiveError
from archive.ingest.pages import ingest_page
from archive.models import CaseStep, Decision, Flag, LedgerLeaf, RuleVersion
from archive.models.changes import LeafKind
from archive.models.people import Role
from archive.models.runs import Outcome, RunKind
from archive.records import AdRecord
from archive.runs.lease import begin_run, end_run
from archive.store.database import create_archive_engine, read, write
from archive.store.ledger.leaves import hash_leaf
from archive.store.ledger.root import hash_tree
from config.settings import Settings
from oversight.cases import (
    DecisionDraft,
    DecisionOutcome,
    SecondCaseError,
    appeal_decision,
    decide_flag,
    settle_appeal,
    withdraw_flag,
)
from oversight.cases.leaves import state_decision, state_flag, state_step
from oversight.cases.states import OPEN_STATES, STEPS, CaseEvent
from oversight.rules.rule_book import read_rule_book
from oversight.rules.use import resume_rule, suspend_rule
from tests.examples import few_or_many
from tests.flagging import flag_ad
from tests.migrated import migrated_file

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADS, RULES = ("a1", "a2"), ("payer-left-blank", "us-30120-payer-named")
PEOPLE = ("Ann", "Bob", "Cleo")
DRAFT = DecisionDraft(DecisionOutcome.OPINION_CONCERN, "Reasons.", "A basis", "In short.")
BOOK = read_rule_book(Settings(home=Path("nowhere"), database_url=None, meilisearch_url=None))

acts = st.lists(
    st.tuples(
        st.sampled_from([*CaseEvent, "suspend", "resume"]),
        st.sampled_from(PEOPLE),
        st.sampled_from(ADS),
        st.sampled_from(RULES),
    ),
    max_size=25,
)


def fill(engine):
    with write(engine) as session:
        run = begin_run(session, "example", "2026", RunKind.CRAWL, NOW)
        blank = {"platform": "examplatform", "declared_political": True, "payer_name": ""}
        ingest_page(session, run, [AdRecord(ref=ref, **blank) for ref in ADS], None, NOW)
        end_run(session, run, Outcome.DONE, NOW)
        for name in PEOPLE:
            add_user(session, name, [Role.REVIEWER], NOW)


def act(session, event, person, ad, rule_id, now):
    user, rule = read_user(session, person), BOOK.find_in_use(session, rule_id)
    if event == "suspend":
        suspend_rule(session, rule, person, "?", now)
    elif event == "resume":
        resume_rule(session, rule, person, "?", now)
    elif event == CaseEvent.RAISE:
        flag_ad(session, f"example:{ad}", rule, "?", user, now)
    elif flag := find_newest(session, rule_id):
        if event == CaseEvent.WITHDRAW:
            withdraw_flag(session, flag, "?", user, now)
        elif event == CaseEvent.DECIDE:
            decide_flag(session, flag, DRAFT, user, BOOK, now)
        elif event == CaseEvent.APPEAL:
            appeal_decision(session, flag, "?", user, now)
        else:
            settle_appeal(session, flag, event, DRAFT, user, BOOK, now)


def find_newest(session, rule_id):
    query = select(Flag).join(RuleVersion, RuleVersion.id == Flag.rule_version_id)
    return session.exec(
        query.where(RuleVersion.rule_id == rule_id).order_by(col(Flag.id).desc())
    ).first()


@given(acts)
@settings(max_examples=few_or_many(12, 60))
def test_however_people_act_every_case_is_in_order_and_the_ledger_has_it_all(tried):
    with TemporaryDirectory() as folder:
        file = shutil.copy(migrated_file(), Path(folder) / "archive.sqlite3")
        engine = create_archive_engine(f"sqlite:///{file}")
        fill(engine)
        heads = []
        for minute, (event, *rest) in enumerate(tried, 1):
            # What is refused is refused with a reason, and is no traceback.
            with suppress(ArchiveError), write(engine) as session:
                act(session, event, *rest, NOW + timedelta(minutes=minute))
            with read(engine) as session:
                heads.append(hash_tree(read_leaves(session)))
        with read(engine) as session:
            check_cases(session)
            check_ledger(session, heads)
        engine.dispose()


def read_leaves(session):
    leaves = select(LedgerLeaf.leaf_sha256).order_by(LedgerLeaf.leaf_index)
    return [bytes.fromhex(leaf) for leaf in session.exec(leaves)]


def check_cases(session):
    still_open = [
        (flag.ad_id, session.get_one(RuleVersion, flag.rule_version_id).rule_id)
        for flag in session.exec(select(Flag).where(col(Flag.state).in_(OPEN_STATES)))
    ]
    assert len(still_open) == len(set(still_open))
    for flag in session.exec(select(Flag)):
        steps = session.exec(
            select(CaseStep).where(CaseStep.flag_id == flag.id).order_by(CaseStep.id)
        ).all()
        assert (steps[0].event, steps[0].to_state) == ("raise", "open")
        for before, step in pairwise(steps):
            assert step.from_state == before.to_state
            assert STEPS[before.to_state, step.event] == step.to_state
        assert flag.state == steps[-1].to_state
        decisions = session.exec(select(Decision).where(Decision.flag_id == flag.id)).all()
        deciders = [decision.decided_by_id for decision in decisions]
        assert flag.raised_by_id not in deciders
        assert len(deciders) == len(set(deciders))


def check_ledger(session, heads):
    """Each flag, step and decision has one leaf, which follows from its row; roots of before hold."""
    states = {
        LeafKind.FLAG: (Flag, state_flag),
        LeafKind.CASE_STEP: (CaseStep, state_step),
        LeafKind.DECISION: (Decision, state_decision),
    }
    for kind, (table, state) in states.items():
        rows = session.exec(select(table).order_by(table.id)).all()
        leaves = session.exec(
            select(LedgerLeaf).where(LedgerLeaf.kind == kind).order_by(LedgerLeaf.leaf_index)
        ).all()
        assert [(leaf.subject_id, leaf.leaf_sha256) for leaf in leaves] == [
            (row.id, hash_leaf(kind, state(session, row))) for row in rows
        ]
    leaves = read_leaves(session)
    assert all(hash_tree(leaves[:size]) == (size, root) for size, root in heads)


def test_of_many_who_flag_one_ad_under_one_rule_at_once_one_opens_the_case(archive_url):
    engine = create_archive_engine(archive_url)
    fill(engine)
    together = Barrier(len(PEOPLE) * 2)

    def flag_at_once(number):
        together.wait()
        rule_id = RULES[number % 2]
        try:
            with write(engine) as session:
                rule = BOOK.find_in_use(session, rule_id)
                who = read_user(session, PEOPLE[number // 2])
                return rule_id, flag_ad(session, "example:a1", rule, "?", who, NOW).reference
        except SecondCaseError as error:
            return rule_id, str(error)

    with ThreadPoolExecutor(len(PEOPLE) * 2) as pool:
        told = list(pool.map(flag_at_once, range(len(PEOPLE) * 2)))
    with read(engine) as session:
        check_cases(session)
        check_ledger(session, [])
    engine.dispose()
    for rule_id in RULES:
        answers = [said for rule, said in told if rule == rule_id]
        [opened] = [said for said in answers if said.startswith("F-")]
        assert all(opened in said for said in answers)
