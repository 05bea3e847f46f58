"""The shipped rules at the edges that law draws: last instant before, first inside, what is not covered."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.models.oversight import RuleAnswer
from archive.records import MissingReason
from config.settings import Settings
from oversight.evaluation.one_ad import AdAnswer, explain_ad
from oversight.reference.windows import compute_window
from oversight.rules.rule_book import RuleBook, find_rule, read_rule_book
from oversight.rules.schema import Stage
from tests.oversight.reference.test_registers import listed, make_copy
from tests.oversight.rules.test_facts import make_public_ad

NOW = datetime(2026, 11, 29, tzinfo=UTC)
SECOND = timedelta(seconds=1)
NOT_COVERED = {
    "au-blackout-broadcast-only": "AU",
    "za-icasa-reg6-broadcast-only": "ZA",
    "ie-era22-121-notice": "IE",
    "ie-era22-125-non-resident": "IE",
}


@cache
def read_book() -> RuleBook:
    return read_rule_book(Settings())


def ask(rule_id: str, country: str | None, run: tuple[datetime, datetime], **values: Any) -> str:
    given = {"declared_political": True, "countries": [country] if country else []}
    days = {"started_at": run[0], "ended_at": run[1]}
    answer = explain(rule_id, given | days | values)
    return answer.outcome.answer.value


def explain(rule_id: str, values: dict[str, Any], **changed: Any) -> AdAnswer:
    rule = replace(find_rule(read_book().rules, rule_id), **changed)
    answer = explain_ad(make_public_ad(**values), rule, read_book().elections, NOW)
    assert answer is not None
    return answer


def at(zone: str, *when: int) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo(zone)).astimezone(UTC)


EVE = at("Europe/Paris", 2024, 6, 29)
CLOSE = at("Europe/Paris", 2024, 6, 30, 20)
SECOND_EVE = at("Europe/Paris", 2024, 7, 6)


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ((EVE - 9 * SECOND, EVE - SECOND), "met"),
        ((EVE - SECOND, EVE), "not_met"),
        ((CLOSE - SECOND, CLOSE), "not_met"),
        ((CLOSE, SECOND_EVE - SECOND), "met"),
        ((CLOSE, SECOND_EVE), "not_met"),
    ],
)
def test_in_france_each_round_has_an_eve_from_local_midnight_until_its_polls_close(
    run: tuple[datetime, datetime], expected: str
) -> None:
    assert ask("fr-l49-eve", "FR", run) == expected


WRIT = at("America/Toronto", 2025, 4, 1)


@pytest.mark.parametrize(
    ("lower", "upper", "currency", "expected"),
    [
        (0, 60_270_000, "CAD", "met"),
        (60_270_001, None, "CAD", "not_met"),
        (60_000_000, 60_270_001, "CAD", "cannot_tell"),
        (99_999_999, None, "USD", "cannot_tell"),
    ],
)
def test_the_canadian_limit_is_that_of_the_day_of_the_writ_to_the_cent(
    lower: int, upper: int | None, currency: str, expected: str
) -> None:
    spent = {"spend_lower_minor": lower, "spend_upper_minor": upper, "currency": currency}
    assert ask("ca-350-third-party-cap", "CA", (WRIT, WRIT), **spent) == expected


IN_FORCE = at("Europe/Brussels", 2025, 10, 10)
POLLS_CLOSE = at("America/Kralendijk", 2025, 10, 29, 21)


@pytest.mark.parametrize(
    ("run", "country", "expected"),
    [
        ((IN_FORCE - 9 * SECOND, IN_FORCE - SECOND), "NL", "does_not_apply"),
        ((IN_FORCE, IN_FORCE), "NL", "not_met"),
        ((POLLS_CLOSE, POLLS_CLOSE + SECOND), "NL", "does_not_apply"),
        ((IN_FORCE, IN_FORCE), "GB", "does_not_apply"),
        ((IN_FORCE, IN_FORCE), None, "not_asked"),
    ],
)
def test_a_sponsor_from_abroad_is_asked_about_before_a_vote_in_the_union_since_the_act_applies(
    run: tuple[datetime, datetime], country: str | None, expected: str
) -> None:
    assert ask("eu-ttpa-5-2-sponsor-abroad", country, run, currency="USD") == expected


def test_the_argentine_campaign_begins_on_the_day_of_the_official_calendar() -> None:
    vote = next(each for each in read_book().elections if each.country == "AR")
    spec = find_rule(read_book().rules, "ar-64ter-outside-campaign").file.window
    assert spec is not None
    (span,) = compute_window(spec, vote).spans
    zone = ZoneInfo(span.zone)
    assert span.start_at.astimezone(zone).date() == vote.campaign_starts_on == date(2025, 8, 27)
    assert span.end_at == at(span.zone, 2025, 10, 24, 8)
    run = (span.start_at, span.end_at - SECOND)
    assert ask("ar-64ter-outside-campaign", "AR", run) == "met"
    assert ask("ar-64ter-outside-campaign", "AR", (run[0], span.end_at)) == "not_met"
    assert ask("ar-64ter-outside-campaign", "AR", (run[0] - SECOND, run[1])) == "not_met"


@pytest.mark.parametrize(
    ("regions", "payer", "text", "expected"),
    [
        (["New York"], "not_disclosed", "Vote", "not_met"),
        (["New York"], "not_disclosed", "Vote! PAID FOR BY: the pier", "met"),
        (["New York", "Ohio"], "not_disclosed", "Vote", "does_not_apply"),
        ([], "not_disclosed", "Vote", "not_asked"),
        (["New York"], "not_provided", "Vote", "cannot_tell"),
    ],
)
def test_the_words_of_new_york_are_asked_for_where_the_ad_was_seen_there_alone(
    regions: list[str], payer: str, text: str, expected: str
) -> None:
    delivery = [{"by": "region", "region": region} for region in regions]
    values = {"delivery": delivery, "text": text, "missing": {"payer_name": payer}}
    run = (WRIT, WRIT)
    assert ask("us-ny-14-106-paid-for-by", None, run, **values) == expected


@pytest.mark.parametrize(
    ("entries", "is_loaded", "expected"),
    [(["Jo"], True, "met"), ([], True, "not_met"), ([], False, "not_asked")],
)
def test_a_payer_is_looked_up_in_the_copies_of_its_days_which_the_signal_cites(
    entries: list[str], is_loaded: bool, expected: str
) -> None:
    day = date(2025, 3, 25)
    copy = make_copy(0, *(listed(name) for name in entries))
    kept = replace(copy, copy=copy.copy.model_copy(update={"holds_on": day}))
    none = replace(make_copy(0), copy=make_copy(0).copy.model_copy(update={"holds_on": day}))
    held = {"ca_third_parties": (kept,), "ca_parties": (none,)} if is_loaded else {}
    values = {"declared_political": True, "countries": ["CA"], "payer_name": "Jo"}
    spent = {"currency": "CAD", "spend_lower_minor": 50_000, "spend_upper_minor": 50_000}
    days = {"started_at": WRIT, "ended_at": WRIT}
    answer = explain("ca-353-registration", values | spent | days, registers=held)
    assert answer.outcome.answer.value == expected
    assert ("register third of 2025-03-25" in answer.trace["rests_on"]) is is_loaded


@pytest.mark.parametrize("rule_id", NOT_COVERED)
def test_what_a_law_does_not_cover_never_makes_a_signal(rule_id: str) -> None:
    rule, country = find_rule(read_book().rules, rule_id), NOT_COVERED[rule_id]
    votes = [vote for vote in read_book().elections if vote.country == country]
    days = [datetime(2026, 1, 1, tzinfo=UTC)]
    days += [datetime.combine(d, datetime.min.time(), UTC) for v in votes for d in v.polling_days]
    for day in days if rule.is_evaluated else ():
        assert ask(rule_id, country, (day, day)) == "does_not_apply"
    assert rule.is_evaluated or rule.file.stage is Stage.RETIRED


@given(
    st.sampled_from([MissingReason.NOT_PROVIDED, MissingReason.NOT_DISCLOSED]),
    st.sampled_from([["NL"], ["GB"], []]),
    st.sampled_from(["Harbour council", None]),
)
def test_an_ad_without_a_label_is_asked_about_and_never_guilty_by_absence(
    why: MissingReason, countries: list[str], election: str | None
) -> None:
    missing = {"declared_political": why.value, "election_name": "not_disclosed"}
    values = {"declared_political": None, "election_name": election, "missing": missing}
    run = {"started_at": IN_FORCE, "ended_at": IN_FORCE}
    answer = explain("eu-ttpa-7-undeclared", values | run | {"countries": countries})
    is_asked = countries == ["NL"] and election is not None
    assert (answer.outcome.answer is RuleAnswer.CANNOT_TELL) is is_asked
    assert answer.outcome.answer is not RuleAnswer.NOT_MET
