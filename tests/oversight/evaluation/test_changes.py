"""Evaluation: from changes to answers and signals, once, in order, and again when rules change."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from archive.models import Evaluation, LedgerLeaf, RuleVersion, Signal
from archive.reading.rules import RuleQuestions, count_answers, list_questions
from archive.records import MissingReason
from archive.records.canonical import hash_bytes, hash_json
from archive.store.database import read
from config.overlay import SHIPPED_DIR
from oversight.evaluation.signal_list import SignalFilter, list_signals
from oversight.rules.loading import Rule
from oversight.rules.schema import Stage
from tests.oversight.evaluation.conftest import LATER, NOW, Evaluate, Keep, make_ad

GREEK_VOTE = SHIPPED_DIR / "elections/gr/2023-05-21-parliament.yaml"

EVERY = SignalFilter(historic=True)


def read_answers(engine: Engine) -> dict[tuple[str, str], str]:
    """The answers by rule and election, about the newest version of whichever ad came last."""
    query = select(RuleVersion.rule_id, Evaluation.election_id, Evaluation.answer).join(
        RuleVersion, RuleVersion.id == Evaluation.rule_version_id
    )
    query = query.order_by(Evaluation.ad_version_id)
    with read(engine) as session:
        return {(rule, election): answer for rule, election, answer in session.exec(query)}


def read_signals(engine: Engine) -> list[Signal]:
    with read(engine) as session:
        signals = list(session.exec(select(Signal).order_by(Signal.id)))
        session.expunge_all()
    return signals


def test_a_blank_payer_gives_a_signal_with_its_reckoning(
    engine: Engine, keep: Keep, evaluate: Evaluate
) -> None:
    keep([make_ad(payer_name="")])
    report = evaluate()
    assert (report.ads, report.has_more) == (1, False)
    assert report.answers["payer-left-blank"].not_met == 1
    signal = next(s for s in read_signals(engine) if s.answer == "not_met")
    assert signal.because[1].endswith("the source has this field and left it blank.")
    assert signal.trace["facts"]["ad.payer_name"] == {"missing": "not_disclosed"}
    assert not signal.is_historic


def test_ads_that_nobody_called_political_are_judged_too_and_signals_say_so(
    engine: Engine, keep: Keep, evaluate: Evaluate, rules: list[Rule]
) -> None:
    keep([make_ad("shown", payer_name=""), make_ad("shy", declared_political=None)])
    evaluate()
    with read(engine) as session:
        told = {
            s.ad_id.partition(":")[2]: s.is_visible_by_default
            for s in list_signals(session, EVERY).items
        }
        counts = count_answers(session, [rule.sha256 for rule in rules]).values()
    assert told == {"shown": True, "shy": False}
    assert all(count.unlabelled < count.applies for count in counts if count.applies)
    assert any(count.unlabelled for count in counts)


def read_questions(engine: Engine, rules: list[Rule]) -> dict[str, RuleQuestions]:
    by_hash = {rule.sha256: rule.id for rule in rules}
    with read(engine) as session:
        return {by_hash[sha]: q for sha, q in list_questions(session, by_hash).items()}


@pytest.mark.usefixtures("archive_url")
def test_what_a_source_never_gives_is_asked_of_the_source_once(
    engine: Engine, keep: Keep, evaluate: Evaluate, rules: list[Rule]
) -> None:
    dated = {"payer_name": "", "started_on": date(2024, 1, 1), "ended_on": date(2024, 2, 1)}
    keep([make_ad("a1", **dated), make_ad("a2", **dated), make_ad("named")])
    evaluate()
    evaluate(LATER)
    assert not [s for s in read_signals(engine) if s.answer == "cannot_tell"]
    open_here = read_questions(engine, rules)["us-30120-payer-named"]
    (question,) = open_here.sources
    assert (question.source, question.facts, question.ads) == ("example", ["ad.countries"], 2)
    assert open_here.ads == 0
    with read(engine) as session:
        counts = count_answers(session, [rule.sha256 for rule in rules])
    told = {rule.id: counts[rule.sha256] for rule in rules}
    us, au = told["us-30120-payer-named"], told["au-321d-authorisation"]
    assert (us.applies, us.cannot_tell, us.no_breach_possible) == (2, 2, 1)
    assert (au.applies, au.not_asked) == (0, 3)


@pytest.mark.parametrize("reason", sorted(set(MissingReason) - {MissingReason.NOT_PROVIDED}))
def test_what_is_missing_of_one_ad_is_asked_about_that_ad(
    engine: Engine, keep: Keep, evaluate: Evaluate, rules: list[Rule], reason: MissingReason
) -> None:
    american = {"countries": ["US"], "currency": "USD"}
    keep([make_ad(payer_name="", missing={"started_on": reason}, **american)])
    evaluate()
    assert any(s.answer == "cannot_tell" for s in read_signals(engine))
    asked = read_questions(engine, rules)["us-30120-payer-named"]
    assert (asked.ads, asked.sources) == (1, [])


@pytest.mark.usefixtures("archive_url")
def test_a_question_that_has_its_answer_leaves_the_desk_and_stays_in_the_archive(
    engine: Engine, keep: Keep, evaluate: Evaluate
) -> None:
    lost = {"missing": {"payer_name": MissingReason.UNREADABLE}, "payer_name": None}
    keep([make_ad(countries=["GR"], **lost)])
    evaluate()
    with read(engine) as session:
        asked = list_signals(session, EVERY).items
    keep([make_ad(countries=["GR"])], LATER)
    evaluate(LATER)
    with read(engine) as session:
        assert list_signals(session, EVERY).items == []
    assert {one.answer for one in asked} == {"cannot_tell"}
    assert len(read_signals(engine)) == len(asked)


def test_a_run_whose_known_days_straddle_the_law_is_a_question_about_the_ad(
    engine: Engine, keep: Keep, evaluate: Evaluate, rules: list[Rule]
) -> None:
    eve = {"started_on": date(2023, 2, 28), "ended_on": date(2023, 2, 28)}
    keep([make_ad(payer_name="", countries=["US"], day_zone="America/Los_Angeles", **eve)])
    evaluate()
    assert read_questions(engine, rules)["us-30120-payer-named"].ads == 1


def test_evaluating_again_adds_nothing(engine: Engine, keep: Keep, evaluate: Evaluate) -> None:
    keep([make_ad(payer_name=""), make_ad("a2")])
    first = evaluate()
    before = read_answers(engine)
    again = evaluate(LATER)
    assert first.new_signals > 0
    assert (again.ads, again.new_signals) == (0, 0)
    assert read_answers(engine) == before


@pytest.mark.usefixtures("archive_url")
def test_a_changed_ad_gets_new_answers_and_keeps_its_old_signals(
    engine: Engine, keep: Keep, evaluate: Evaluate
) -> None:
    keep([make_ad(payer_name="")])
    evaluate()
    keep([make_ad(payer_name="Jo")], LATER)
    report = evaluate(LATER)
    assert report.ads == 1
    assert read_answers(engine)["payer-left-blank", ""] == "met"
    assert [s.answer for s in read_signals(engine)].count("not_met") == 1


def test_numbers_that_no_rule_reads_give_no_second_signal(
    engine: Engine, keep: Keep, evaluate: Evaluate
) -> None:
    keep([make_ad(payer_name="", impressions_lower=1, impressions_upper=9)])
    evaluate()
    before = len(read_signals(engine))
    keep([make_ad(payer_name="", impressions_lower=2, impressions_upper=9)], LATER)
    report = evaluate(LATER)
    assert (report.ads, report.new_signals) == (1, 0)
    assert len(read_signals(engine)) == before


@pytest.mark.usefixtures("archive_url")
def test_small_bites_come_to_the_same_as_one(
    engine: Engine, keep: Keep, evaluate: Evaluate
) -> None:
    keep([make_ad(f"a{i}", payer_name="" if i % 2 else "Jo") for i in range(5)])
    bites = []
    while not bites or bites[-1].has_more:
        bites.append(evaluate(limit=2))
    keep([make_ad("late", payer_name="")], LATER)
    while not bites or bites[-1].ads or bites[-1].has_more:
        bites.append(evaluate(LATER, limit=2))
    assert sum(bite.ads for bite in bites) == 6
    assert max(bite.ads for bite in bites) == 2
    assert sum(s.answer == "not_met" for s in read_signals(engine)) == 3


def test_a_changed_rule_set_is_asked_about_every_ad(
    engine: Engine, keep: Keep, evaluate: Evaluate, rules: list[Rule]
) -> None:
    keep([make_ad(payer_name="")])
    evaluate()
    blank = next(rule for rule in rules if rule.id == "payer-left-blank")
    others = [rule for rule in rules if rule is not blank]
    assert evaluate(LATER, only=others).ads == 1
    assert ("payer-left-blank", "") not in read_answers(engine)
    file = blank.file.model_copy(update={"asks_where": ("ad.platform",)})
    newer = replace(blank, file=file, sha256="f" * 64, text="newer")
    assert evaluate(LATER, only=[newer, *others]).ads == 1
    with read(engine) as session:
        counts = count_answers(session, [newer.sha256, blank.sha256])
    assert (counts[newer.sha256].not_met, counts[blank.sha256].applies) == (1, 0)


def test_suspended_rules_are_not_asked(
    engine: Engine, keep: Keep, evaluate: Evaluate, rules: list[Rule]
) -> None:
    keep([make_ad(payer_name="")])
    stopped = [replace(r, file=r.file.model_copy(update={"stage": Stage.SUSPENDED})) for r in rules]
    report = evaluate(only=stopped)
    assert (report.ads, report.answers) == (1, {})


def test_an_ad_is_judged_by_the_law_of_its_days(
    engine: Engine, keep: Keep, evaluate: Evaluate
) -> None:
    american = {"countries": ["US"], "payer_name": ""}
    keep(
        [
            make_ad("old", **american, started_on=date(2020, 1, 1), ended_on=date(2020, 2, 1)),
            make_ad("new", **american, started_on=date(2024, 1, 1), ended_on=date(2024, 2, 1)),
            make_ad("undated", **american),
        ]
    )
    counts = evaluate().answers["us-30120-payer-named"]
    assert (counts.applies, counts.not_met, counts.cannot_tell) == (2, 1, 1)


@pytest.mark.usefixtures("archive_url")
def test_signals_about_votes_that_are_over_are_historic(
    engine: Engine, keep: Keep, evaluate: Evaluate
) -> None:
    eve = {"countries": ["GR"], "bodies": ["Vote"]}
    started = datetime(2023, 5, 20, 9, tzinfo=UTC)
    keep([make_ad(**eve, started_at=started, ended_at=started + timedelta(days=1))])
    before = datetime(2023, 5, 20, 12, tzinfo=UTC)
    evaluate(before)
    name = ("started-on-the-eve", "gr-2023-05-21-parliament")
    assert read_answers(engine)[name] == "not_met"
    signal = next(s for s in read_signals(engine) if s.election_id == name[1])
    assert not signal.is_historic
    assert signal.trace["window"][0]["zone"] == "Europe/Athens"
    cited = {"election gr-2023-05-21-parliament": hash_bytes(GREEK_VOTE.read_bytes())}
    assert (signal.trace["rests_on"], signal.trace["evidence"]) == (cited, "own_pattern")
    evaluate(NOW)
    assert next(s for s in read_signals(engine) if s.election_id == name[1]).is_historic


def test_a_rule_version_is_registered_once_with_a_leaf(
    engine: Engine, keep: Keep, evaluate: Evaluate, rules: list[Rule]
) -> None:
    evaluate()
    evaluate(LATER)
    with read(engine) as session:
        kept = {row.sha256: row.text for row in session.exec(select(RuleVersion))}
        leaves = session.exec(select(LedgerLeaf).where(LedgerLeaf.kind == "rule_version")).all()
    assert kept == {rule.sha256: rule.text for rule in rules}
    assert len(leaves) == len(rules)


def test_what_a_signal_keeps_of_its_reckoning_stays_letter_for_letter(
    engine: Engine, keep: Keep, evaluate: Evaluate
) -> None:
    eve = datetime(2023, 5, 20, 9, tzinfo=UTC)
    times = {"started_at": eve, "ended_at": eve + timedelta(days=1)}
    keep([make_ad("a1", countries=["GR"], bodies=["Vote"], payer_name="", **times)])
    lost = {"missing": {"started_on": MissingReason.UNREADABLE}}
    keep([make_ad("a2", countries=["US"], currency="CAD", payer_name="", **lost)], LATER)
    evaluate(LATER)
    kept = [
        {"because": s.because, "trace": s.trace, "facts": s.facts_sha256, "answer": s.answer}
        for s in read_signals(engine)
    ]
    assert len(kept) == 7
    assert hash_json({"signals": kept}) == (
        "d3e8a3408b1c68b58a2e1faae8b8263b4e138ed2f606934adf402890a6bda330"
    )
