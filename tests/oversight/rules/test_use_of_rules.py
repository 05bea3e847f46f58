"""Which version of a rule is in use: a record in the archive, which editing a file does not change."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select
from typer.testing import CliRunner

from archive.curation.people import add_user
from archive.errors import ArchiveError
from archive.ingest.pages import ingest_page
from archive.models import Evaluation, ReferenceVersion, RuleUse, RuleVersion
from archive.models.people import Role
from archive.models.runs import Outcome, RunKind
from archive.records import AdRecord
from archive.runs.lease import begin_run, end_run
from archive.store.database import create_archive_engine, read, write
from archive.store.realm import claim_realm
from config.settings import Realm, Settings
from config.yaml_files import YamlFileError
from oversight.cases import CaseStepError, DecisionDraft, DecisionOutcome, decide_flag
from oversight.commands.rules import app
from oversight.evaluation.changes import evaluate_changes
from oversight.evaluation.signal_list import SignalFilter, list_signals
from oversight.rules.changed_files import tell_changed_files
from oversight.rules.rule_book import find_rules_here, read_rule_book
from oversight.rules.use import resume_rule, suspend_rule, take_into_use
from tests.config.bad_files import GOOD
from tests.flagging import adopt, flag_ad
from tests.migrated import migrated_file

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULE, OTHER = "local-payer-named", "payer-left-blank"
FIGURE = GOOD["params/{}.yaml"]
BLANK = AdRecord(
    ref="a1", platform="examplatform", declared_political=True, payer_name="", countries=["NO"]
)
OPINION = DecisionDraft(
    DecisionOutcome.OPINION_CONCERN, "Blank.", "Our pattern", "Nobody is named."
)


@pytest.fixture
def engine(archive_url):
    engine = create_archive_engine(archive_url)
    yield engine
    engine.dispose()


@pytest.fixture
def settings(home_settings, archive_url):
    return home_settings.model_copy(update={"database_url": archive_url})


@pytest.fixture
def own_rule(write_config):
    """A rule of the operator's own; call it to write its file, with these words for others."""
    shipped = next(rule for rule in open_shipped() if rule.id == OTHER)

    def write_rule(*words):
        text = shipped.text.replace(OTHER, RULE).replace("version: 2", "version: 1")
        for old, new in words:
            assert old in text
            text = text.replace(old, new)
        return write_config(f"rules/any/{RULE}.yaml", text)

    write_rule()
    return write_rule


def open_shipped():
    return read_rule_book(Settings(home=migrated_file().parent)).rules


def pass_of_the_worker(engine, settings, now=NOW, adopting=True):
    """A pass, after a person adopted what stands in our file, if it can be used and is not in use."""
    with write(engine) as session:
        book = read_rule_book(settings)
        with suppress(ArchiveError, YamlFileError):
            if adopting:
                adopt(session, book, RULE, now)
        evaluate_changes(session, take_into_use(session, book, now), book.elections, now)


def show_ad(engine):
    with write(engine) as session:
        lease = begin_run(session, "example", "2026", RunKind.CRAWL, NOW)
        ingest_page(session, lease, [BLANK], None, NOW)
        end_run(session, lease, Outcome.DONE, NOW)


def find(engine, book, rule_id=RULE):
    with read(engine) as session:
        return book.find_in_use(session, rule_id)


def list_desk(engine):
    """Which of the two rules have signals there."""
    with read(engine) as session:
        signals = list_signals(session, SignalFilter()).items
    return {signal.rule_id for signal in signals} & {RULE, OTHER}


def test_a_suspension_binds_at_once_in_every_process_and_is_lifted_at_once(
    engine, settings, own_rule
):
    show_ad(engine)
    pass_of_the_worker(engine, settings)
    book = read_rule_book(settings)
    with write(engine) as session:
        ann, bob = (add_user(session, name, [Role.REVIEWER], NOW)[0] for name in ("Ann", "Bob"))
        flags = {
            rule_id: flag_ad(
                session, "example:a1", book.find_in_use(session, rule_id), "?", ann, NOW
            )
            for rule_id in (RULE, OTHER)
        }
        suspend_rule(session, book.find_in_use(session, RULE), "Cleo", "A court stayed it", NOW)
        stopped = book.find_in_use(session, RULE)
        assert (stopped.stage, stopped.suspension.suspended_by) == ("suspended", "Cleo")
        with pytest.raises(CaseStepError, match="by Cleo, because: A court stayed it"):
            flag_ad(session, "example:a1", stopped, "?", bob, NOW)
        with pytest.raises(CaseStepError, match="A court stayed it"):
            decide_flag(session, flags[RULE], OPINION, bob, book, NOW)
        assert flags[RULE].state == "open"
        assert decide_flag(session, flags[OTHER], OPINION, bob, book, NOW).reference
        with pytest.raises(ArchiveError, match="nothing to suspend"):
            suspend_rule(session, stopped, "Cleo", "Again", NOW)
    assert list_desk(engine) == {OTHER}
    pass_of_the_worker(engine, settings, NOW + timedelta(hours=1))
    assert list_desk(engine) == {OTHER}
    with write(engine) as session:
        # It answers about no ad meanwhile; the other rule goes on.
        answers = select(RuleVersion.rule_id).join(Evaluation)
        assert set(session.exec(answers)) & {RULE, OTHER} == {OTHER}
        resume_rule(session, book.find_in_use(session, RULE), "Cleo", "The stay was lifted", NOW)
        assert decide_flag(session, flags[RULE], OPINION, bob, book, NOW).reference
        with pytest.raises(ArchiveError, match="nobody has suspended"):
            resume_rule(session, book.find_in_use(session, RULE), "Cleo", "Again", NOW)
    assert list_desk(engine) == {RULE, OTHER}


@pytest.mark.engines_alike
@pytest.mark.parametrize("end", ["suspended", "retired", "draft", "gone"])
def test_a_file_that_ends_a_rule_takes_it_out_of_use_nowhere_and_is_named(
    engine, settings, own_rule, end
):
    show_ad(engine)
    pass_of_the_worker(engine, settings)
    before = find(engine, read_rule_book(settings))
    file = own_rule(("stage: active", f"stage: {end}" if end != "gone" else "stage: draft"))
    if end == "gone":
        file.unlink()
    pass_of_the_worker(engine, settings, NOW + timedelta(hours=1))
    book = read_rule_book(settings)
    after, other = find(engine, book), find(engine, book, OTHER)
    assert (after.sha256, after.stage, after.text) == (before.sha256, "active", before.text)
    assert list_desk(engine) == {RULE, OTHER}
    told = tell_changed_files(settings, [after, other])
    assert told.keys() == {RULE}
    assert end in told[RULE]
    # The file as it was is no change at all.
    own_rule()
    assert tell_changed_files(settings, [after]) == {}


def test_a_file_that_can_no_longer_be_read_is_named_too(home_settings, own_rule):
    rule = next(rule for rule in read_rule_book(home_settings).rules if rule.id == RULE)
    own_rule().write_bytes(b"\xff")
    assert "cannot be read" in tell_changed_files(home_settings, [rule])[RULE]


@pytest.mark.engines_alike
def test_a_changed_file_is_a_proposal_until_a_person_adopts_it(engine, settings, own_rule):
    pass_of_the_worker(engine, settings)
    running = read_rule_book(settings)
    before = find(engine, running)
    own_rule(("version: 1", "version: 2"))
    pass_of_the_worker(engine, settings, adopting=False)
    for book in (running, read_rule_book(settings)):
        assert find(engine, book).sha256 == before.sha256
    told = tell_changed_files(settings, [before])[RULE]
    assert told.startswith("Its file was changed, which is a proposal")
    own_rule(("severity: low", "severity: high"))
    assert "write version: 2." in tell_changed_files(settings, [before])[RULE]
    own_rule(("version: 1", "version: 2"))
    assert f"paidforby rules adopt {RULE}" in tell_changed_files(settings, [before])[RULE]
    pass_of_the_worker(engine, settings, NOW + timedelta(hours=1))
    assert (find(engine, running).file.version, find(engine, running).origin) == (2, None)
    with read(engine) as session:
        steps = session.exec(select(RuleUse).where(RuleUse.rule_id == RULE)).all()
    assert [(step.action, step.stage, step.by_name) for step in steps] == [
        ("use", "active", "Ada")
    ] * 2


@pytest.mark.engines_alike
@pytest.mark.parametrize(("realm", "stage"), [(Realm.FICTIONAL, "active"), (Realm.REAL, "shadow")])
def test_what_came_with_the_program_is_recorded_once_and_in_a_real_archive_as_shadow(
    engine, settings, own_rule, realm, stage
):
    pass_of_the_worker(engine, settings, adopting=False)
    with write(engine) as session:
        assert session.exec(select(RuleUse)).all() == []
        claim_realm(session, realm)
    for hour in (1, 2):
        pass_of_the_worker(engine, settings, NOW + timedelta(hours=hour), adopting=False)
    with read(engine) as session:
        uses = {use.rule_id: use for use in session.exec(select(RuleUse))}
    assert (uses[OTHER].stage, uses[OTHER].by_name) == (stage, "shipped")
    assert {use.at for use in uses.values()} == {NOW + timedelta(hours=1)}
    book = read_rule_book(settings)
    assert (find(engine, book, OTHER).stage, find(engine, book).stage) == (stage, "draft")
    assert "It is a proposal" in tell_changed_files(settings, [find(engine, book)])[RULE]
    assert RULE not in uses


@pytest.mark.engines_alike
def test_what_rules_rest_on_is_kept_by_hash_once(engine, settings, write_config):
    for value in (5, 5, 6):
        text = FIGURE.replace("value: 5", f"value: {value}")
        write_config("params/xx/fee.yaml", text)
        pass_of_the_worker(engine, settings)
    write_config("params/xx/fee.yaml", "id: [")
    pass_of_the_worker(engine, settings)
    with read(engine) as session:
        kept = session.exec(select(ReferenceVersion).order_by(ReferenceVersion.id)).all()
    assert [row.text.count("value: 6") for row in kept if row.name == "xx/fee"] == [0, 1]
    assert {row.kind for row in kept} == {"parameter", "election"}


@pytest.mark.engines_alike
def test_a_rule_that_was_never_in_use_stands_as_in_its_file(engine, settings, own_rule):
    own_rule(("stage: active", "stage: suspended"))
    pass_of_the_worker(engine, settings)
    assert find(engine, read_rule_book(settings)).stage == "suspended"
    own_rule().unlink()
    assert RULE not in {rule.id for rule in find_rules_here(read_rule_book(settings)).rules}


@pytest.mark.engines_alike
def test_a_version_in_use_that_can_no_longer_be_read_is_named_and_harms_no_other(
    engine, settings, own_rule
):
    pass_of_the_worker(engine, settings)
    with write(engine) as session:
        kept = session.exec(select(RuleVersion).where(RuleVersion.rule_id == RULE)).one()
        kept.text = kept.text.replace("ad.payer_name", "ad.no_longer_a_fact")
        session.add(kept)
    # While its file is as it was, the text is read from there.
    assert find_rules_here(read_rule_book(settings)).unreadable == {}
    own_rule(("version: 1", "version: 2"))
    here = find_rules_here(read_rule_book(settings))
    rules, why = here.rules, here.unreadable
    assert [rule.stage for rule in rules if rule.id == RULE] == ["draft"]
    assert "no ad is held against it" in why[RULE]
    own_rule().unlink()
    here = find_rules_here(read_rule_book(settings))
    rules, why = here.rules, here.unreadable
    assert {RULE, OTHER} & {rule.id for rule in rules} == {OTHER}
    assert "no ad is held against it" in why[RULE]
    assert "no_longer_a_fact" in why[RULE]


def test_the_commands_suspend_resume_and_list(home_settings, own_rule, monkeypatch):
    monkeypatch.setenv("PAIDFORBY_HOME", str(home_settings.home))

    def run(*arguments):
        return CliRunner().invoke(app, list(arguments))

    who = ("--by", "Cleo\x1b[2J", "--because", "A court stayed it")
    assert run("suspend", RULE).exit_code == 2
    adopting = ("adopt", RULE, "--stage", "active", *who)
    assert run("suspend", RULE, *who).exit_code == 1
    assert [run(*adopting).exit_code for _ in range(2)] == [0, 1]
    assert "as shadow or as active" in run("adopt", RULE, "--stage", "draft", *who).stderr
    assert run("suspend", "no-such-rule", *who).exit_code == 1
    assert "say who" in run("suspend", RULE, "--by", " ", "--because", "x").stderr
    assert run("suspend", RULE, *who).exit_code == 0
    listed = {rule["id"]: rule for rule in json.loads(run("list", "--json").stdout)}
    assert (listed[RULE]["stage"], listed[OTHER]["stage"]) == ("suspended", "active")
    assert listed[RULE]["suspended_because"] == "A court stayed it"
    shown = run("list").stdout + run("show", RULE).stdout
    assert shown.count("because: A court stayed it") == 2
    assert "\x1b" not in shown
    assert run("suspend", RULE, *who).exit_code == 1
    assert run("resume", RULE, "--by", "Cleo", "--because", "Lifted").exit_code == 0
    assert "suspended" not in run("list").stdout
    assert run("resume", RULE, "--by", "Cleo", "--because", "Lifted").exit_code == 1


def test_adopting_a_file_that_cannot_be_used_tells_all_its_faults(engine, settings, own_rule):
    own_rule(("severity: low", "severity: dire"), ("ad.payer_name)", "ad.payer)"))
    with write(engine) as session, pytest.raises(YamlFileError) as refused:
        adopt(session, read_rule_book(settings), RULE, NOW)
    fields = {fault.field for fault in refused.value.faults}
    assert fields >= {"severity", "requires.when"}
