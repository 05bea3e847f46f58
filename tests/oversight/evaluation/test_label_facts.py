"""Rules read labels: a person's word, a program's, a complete list that leaves the ad out; or nobody's."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from archive.curation.label_tables import LabelOrder, import_labels
from archive.curation.labels import LabelWord, label_ad, withdraw_label
from archive.curation.people import add_user
from archive.errors import ArchiveError
from archive.models import LabelTerm, Source
from archive.models.people import Role
from archive.reading.ads.ads import find_ad_row
from archive.reading.kept_texts import find_text
from archive.store.database import read, write
from config.settings import Settings
from config.yaml_files import YamlFileError
from oversight.cases.explaining import FlagAnswer, explain_flag
from oversight.evaluation.changes import evaluate_changes
from oversight.evaluation.decidable import find_decidable
from oversight.evaluation.signal_list import SignalFilter, SignalView, list_signals
from oversight.rules.rule_book import RuleBook, find_rule, read_rule_book
from oversight.rules.sentences import tell_clauses
from tests.flagging import adopt, flag_ad
from tests.oversight.evaluation.conftest import LATER, NOW, Keep, make_ad
from tests.sources_with_terms import make_source

RULE, AD = "xx-made-up", "example:a1"
TEXT = """
id: xx-made-up
version: 1
title: Harbour ads are not made up
jurisdiction: XX
legal_basis: [{cite: Harbour Act s. 1, evidence: memory}]
validity: {statuses: [{from: 2020-01-01, status: in_force}]}
review_on: null
unit_of_violation: ad
stage: active
kind: undeclared.synthetic
says: What is made up must not be shown.
labels: [panel]
applies_when: {when: ad.declared_political, cite: s. 1}
forbids: {when: label.synthetic, cite: s. 2}
severity: high
tests:
  - name: real
    ran: {from: 2021-01-01}
    facts: {ad.declared_political: true, label.synthetic: false}
    expect: met
  - name: made up
    ran: {from: 2021-01-01}
    facts: {ad.declared_political: true, label.synthetic: true}
    expect: not_met
  - {name: nobody says, ran: {from: 2021-01-01}, facts: {ad.declared_political: true}, expect: cannot_tell}
"""
PANEL = """
title: The panel's list of made-up ads
source: {cite: The panel, evidence: own_pattern}
columns: {ad: Id}
constants: {term: synthetic}
complete_for: [example]
covers_days: 30
"""
STARTED = date(2026, 2, 10)
SYNTHETIC = LabelWord(LabelTerm.SYNTHETIC)
SEER = LabelWord(LabelTerm.SYNTHETIC, method="seer 2")


@pytest.fixture
def labelled(
    engine: Engine, keep: Keep, write_config: Callable[[str, str], Path], home_settings: Settings
) -> Engine:
    """One ad that started on 10 February, and the rule, in use."""
    write_config(f"rules/xx/{RULE}.yaml", TEXT)
    write_config("labels/panel.yaml", PANEL)
    keep([make_ad(started_on=STARTED), make_ad("a2", started_on=STARTED)])
    with write(engine) as session:
        session.add(Source(**make_source(None).model_dump()))
        adopt(session, read_rule_book(home_settings), RULE, NOW)
    return engine


@pytest.fixture
def judge(labelled: Engine, home_settings: Settings) -> Callable[..., list[SignalView]]:
    """The signals of the rule on the ad, after a pass of the worker."""

    def judge_ad(now: datetime = NOW) -> list[SignalView]:
        book = read_rule_book(home_settings)
        with write(labelled) as session:
            evaluate_changes(session, book.list_in_use(session), book.elections, now)
        with read(labelled) as session:
            wanted = SignalFilter(rule_id=RULE, ad_id=AD)
            return list_signals(session, wanted).items

    return judge_ad


def label(engine: Engine, by: str, word: LabelWord = SYNTHETIC, now: datetime = NOW) -> None:
    with write(engine) as session:
        label_ad(session, find_ad_row(session, AD), by, "Six fingers.", now, word=word)


def bring_list(
    engine: Engine, settings: Settings, on: date | None, *ads: str, now: datetime = NOW
) -> None:
    path = settings.home / "panel.csv"
    path.write_text("\n".join(["Id", *ads]) + "\n")
    with write(engine) as session:
        import_labels(session, settings, LabelOrder("panel", path, "Ben", "The act.", on), now)


@pytest.mark.usefixtures("archive_url")
def test_where_nobody_has_labelled_an_ad_nobody_can_tell_and_the_list_that_lacks_is_named(
    judge: Callable[..., list[SignalView]],
) -> None:
    (signal,) = judge()
    assert (signal.answer, signal.severity) == ("cannot_tell", "high")
    assert signal.because[1] == (
        "Label “synthetic”: nobody says so of it, and label list panel is not loaded for its source and days."
    )


@pytest.mark.usefixtures("archive_url")
def test_a_persons_word_carries_the_severity_of_the_rule_and_ends_with_it(
    labelled: Engine, judge: Callable[..., list[SignalView]]
) -> None:
    label(labelled, "Ada")
    (signal,) = judge()
    assert (signal.answer, signal.severity) == ("not_met", "high")
    assert signal.trace["said_by"] == {"label.synthetic": ["Ada"]}
    with write(labelled) as session:
        ad = find_ad_row(session, AD)
        withdraw_label(session, ad, "Ada", "A glove.", NOW, SYNTHETIC)
    assert [s.answer for s in judge()] == ["cannot_tell"]


@pytest.mark.usefixtures("archive_url")
def test_what_a_program_alone_says_stays_info_until_a_person_says_it_too(
    labelled: Engine, judge: Callable[..., list[SignalView]]
) -> None:
    label(labelled, "Ada", SEER)
    (alone,) = judge()
    assert (alone.answer, alone.severity) == ("not_met", "info")
    assert alone.trace["said_by"] == {"label.synthetic": ["seer 2"]}
    told = "Label “synthetic”: only a program says so, so it stays of severity info."
    assert alone.because[-1] == told
    label(labelled, "Ben")
    (both,) = judge()
    assert (both.answer, both.severity, told in both.because) == ("not_met", "high", False)


@pytest.mark.usefixtures("archive_url")
def test_no_exception_holds_on_the_word_of_a_program_alone(
    labelled: Engine,
    judge: Callable[..., list[SignalView]],
    write_config: Callable[[str, str], Path],
    home_settings: Settings,
) -> None:
    text = TEXT.replace("version: 1", "version: 2").replace(
        "forbids: {when: label.synthetic, cite: s. 2}",
        "forbids: {when: size(ad.payer_name) > 0, cite: s. 2}\n"
        "unless: [{id: made-up, when: label.synthetic, cite: s. 3, shown_by: authority}]",
    )
    text = text.replace(
        "true, label.synthetic: false", "true, ad.payer_name: {missing: not_disclosed}"
    )
    text = text.replace("label.synthetic: true", "ad.payer_name: Jo, label.synthetic: false")
    write_config(f"rules/xx/{RULE}.yaml", text)
    with write(labelled) as session:
        adopt(session, read_rule_book(home_settings), RULE, NOW)
    label(labelled, "Ada", SEER)
    (signal,) = judge()
    assert (signal.answer, signal.severity) == ("cannot_tell", "info")
    label(labelled, "Ben")
    assert judge() == []


@pytest.mark.usefixtures("archive_url")
def test_programs_that_disagree_leave_it_open_and_a_person_settles_it(
    labelled: Engine, judge: Callable[..., list[SignalView]]
) -> None:
    label(labelled, "Ada", SEER)
    label(labelled, "Ada", LabelWord(LabelTerm.SYNTHETIC, says=False, method="ear 1"))
    (signal,) = judge()
    assert (signal.answer, signal.severity) == ("cannot_tell", "info")
    label(labelled, "Ben", LabelWord(LabelTerm.SYNTHETIC, says=False))
    assert judge() == []


@pytest.mark.usefixtures("archive_url")
def test_a_complete_list_that_leaves_an_ad_out_says_no_of_it_also_against_a_program(
    labelled: Engine, home_settings: Settings, judge: Callable[..., list[SignalView]]
) -> None:
    label(labelled, "Ada", SEER)
    bring_list(labelled, home_settings, date(2026, 2, 20), "example:a2")
    assert judge() == []
    label(labelled, "Ben")
    (signal,) = judge()
    assert signal.answer == "not_met"
    cited = signal.trace["rests_on"]["label list panel of 2026-02-20"]
    with read(labelled) as session:
        assert find_text(session, cited).kind == "label_list"


@pytest.mark.parametrize(
    ("on", "named"),
    [(date(2026, 2, 9), "example:a2"), (date(2026, 3, 12), "example:a2"), (STARTED, AD)],
    ids=["started after the list", "started before its days", "named, and the label withdrawn"],
)
def test_a_list_says_nothing_of_ads_beyond_its_days_or_that_it_names(
    labelled: Engine,
    home_settings: Settings,
    judge: Callable[..., list[SignalView]],
    on: date,
    named: str,
) -> None:
    bring_list(labelled, home_settings, on, named, now=LATER + timedelta(days=20))
    if named == AD:
        with write(labelled) as session:
            ad = find_ad_row(session, AD)
            withdraw_label(session, ad, "Ben", "A glove.", LATER, SYNTHETIC)
    assert [s.answer for s in judge()] == ["cannot_tell"]


def test_a_complete_list_has_a_day_that_has_come_and_known_sources_and_is_no_programs(
    labelled: Engine, home_settings: Settings, write_config: Callable[[str, str], Path]
) -> None:
    for on in (None, date(2030, 1, 1)):
        with pytest.raises(ArchiveError, match=r"say --on DAY|has not come"):
            bring_list(labelled, home_settings, on, AD)
    write_config("labels/panel.yaml", PANEL.replace("[example]", "[example, meta]"))
    with pytest.raises(
        ArchiveError, match="complete_for meta, which is no source; there are: example"
    ):
        bring_list(labelled, home_settings, STARTED, AD)
    for slip, told in (("method: seer 2", "say no of each ad"), ("covers_days: 0", "covers_days")):
        kept = PANEL if slip.startswith("method") else PANEL.replace("covers_days: 30\n", "")
        write_config("labels/panel.yaml", f"{kept}{slip}\n")
        with pytest.raises(YamlFileError, match=told):
            bring_list(labelled, home_settings, STARTED, AD)


def test_a_rule_reads_as_sentences_and_tells_how_many_ads_are_labelled(
    labelled: Engine, home_settings: Settings
) -> None:
    label(labelled, "Ada")
    book = read_rule_book(home_settings)
    with read(labelled) as session:
        rule = book.find_in_use(session, RULE)
        found = find_decidable(session, rule, [], NOW)
    assert tell_clauses(rule)["forbids"] == "It is labelled “synthetic”."
    assert found.sources[0].tell("label.synthetic") == "label 1, nobody 1"
    assert (found.ads, found.decided) == (2, 1)


def test_a_case_reads_labels_as_they_were_when_it_was_flagged(
    labelled: Engine, home_settings: Settings
) -> None:
    def explain() -> FlagAnswer:
        with read(labelled) as session:
            return explain_flag(session, session.merge(flag), book)

    book: RuleBook = read_rule_book(home_settings)
    label(labelled, "Ada", SEER)
    with write(labelled) as session:
        officer = add_user(session, "Ada", [Role.ANALYST], LATER)[0]
        rule = find_rule(book.list_in_use(session), RULE)
        flag = flag_ad(session, AD, rule, "Six fingers.", officer, LATER)
    before = explain()
    assert (before.answer, before.trace["severity"]) == ("not_met", "info")
    label(labelled, "Ben", LabelWord(LabelTerm.SYNTHETIC, says=False), LATER + timedelta(days=1))
    assert explain() == before
