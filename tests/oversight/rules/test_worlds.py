"""Worlds: what is reckoned from an ad's run and an election, at every edge; what has to be shown by whom."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.models.oversight import RuleAnswer
from archive.records import MissingReason
from config.readings import Readings
from config.settings import Settings
from config.yaml_files import YamlFileError, YamlText
from oversight.language import Facts
from oversight.reference.periods import EARLIEST
from oversight.reference.windows import compute_window
from oversight.rules.loading import Rule, answer_rule, compile_rule
from oversight.rules.made_worlds import answer_worlds, list_worlds
from oversight.rules.rule_book import load_rules, read_rule_book
from oversight.rules.schema import ShownBy
from oversight.rules.worlds import answer_world, make_world
from tests.oversight.rules.drafts import FORMER, LAW

SHOWN_BY_ADDRESSEE = "shown_by: addressee\n    question: What did the ad cost?"
HERE: Facts = {"ad.declared_political": True, "ad.countries": ("XX",), "window.overlaps": True}
BLANK: Facts = HERE | {"ad.payer_name": MissingReason.NOT_DISCLOSED}
DEAR: Facts = {"ad.currency": "EUR", "ad.spend_lower_minor": 90_000}
CHEAP: Facts = {"ad.currency": "EUR", "ad.spend_upper_minor": 900}


def read_rule(text: str = LAW) -> Rule:
    return compile_rule(YamlText("xx-named", text.encode()), None, Readings({}, []))


@pytest.mark.parametrize(
    ("facts", "of_addressee", "of_authority"),
    [
        (BLANK, RuleAnswer.NOT_MET, RuleAnswer.CANNOT_TELL),
        (BLANK | DEAR, RuleAnswer.NOT_MET, RuleAnswer.NOT_MET),
        (BLANK | CHEAP, RuleAnswer.DOES_NOT_APPLY, RuleAnswer.DOES_NOT_APPLY),
        (HERE, RuleAnswer.CANNOT_TELL, RuleAnswer.CANNOT_TELL),
    ],
)
def test_an_unknown_exception_leaves_it_open_unless_the_addressee_has_to_show_it(
    facts: Facts, of_addressee: RuleAnswer, of_authority: RuleAnswer
) -> None:
    authority = LAW.replace(SHOWN_BY_ADDRESSEE, "shown_by: authority")
    for text, expected in ((LAW, of_addressee), (authority, of_authority)):
        assert answer_rule(read_rule(text), facts, in_force=True).answer is expected


def test_what_depends_on_the_addressee_is_said_with_the_question() -> None:
    open_to_show = answer_rule(read_rule(), BLANK, in_force=True)
    assert (
        "the addressee is to be asked: What did the ad cost? (“small-ad”"
        in (open_to_show.because[0])
    )
    assert open_to_show.as_trace()["depends_on"] == {"small-ad": "What did the ad cost?"}
    assert "depends_on" not in answer_rule(read_rule(), BLANK | DEAR, in_force=True).as_trace()


def test_the_edges_of_a_window_are_its_first_and_last_second() -> None:
    rule = read_rule()
    answers = {line["world"].partition(" (")[0]: line["answer"] for line in answer_worlds(rule)}
    assert answers["The last second before the window"] == "does_not_apply"
    assert answers["The first second of the window"] == "not_met"
    assert answers["The last second of the window"] == "not_met"
    assert answers["The first second after the window"] == "does_not_apply"
    assert answers["It ran before the window, and then nobody looked"] == "cannot_tell"
    assert answers["The source does not give ad.payer_name"] == "cannot_tell"
    assert answers["ad.spend may be anything from nothing"] == "not_met"
    assert answers["Nobody knows when it ran"] == "cannot_tell"
    assert answers["The last second before 1 Mar 2021, from when it is in force"] == (
        "does_not_apply"
    )


def test_a_world_is_made_with_the_vote_on_a_day_the_clocks_change() -> None:
    rule = read_rule(LAW.replace("from: polling_day - P1M", "from: polling_day - P1D"))
    (first,) = {
        world.election.polling_days
        for world in list_worlds(rule)
        if world.election and "clocks change" in world.title
    }
    assert [day.isoformat() for day in first] == ["2027-03-28"]
    titles = [world.title for world in list_worlds(rule)]
    assert any("a window of 45 hours" in title for title in titles)


@given(st.integers(-(10**7), 10**7))
def test_an_instant_is_answered_as_the_window_has_it(seconds: int) -> None:
    """However the edges were made: an ad of one instant is in the window or it is not."""
    rule = read_rule()
    base = make_world(rule.file.tests[1])
    assert base.election
    assert rule.file.window
    (span,) = compute_window(rule.file.window, base.election).spans
    at = span.start_at + timedelta(seconds=seconds)
    text = LAW.replace(
        "ran: {from: 2026-11-02, to: 2026-11-06, zone: Europe/Dublin}",
        f'ran: {{from: "{at:%Y-%m-%dT%H:%M:%SZ}", to: "{at:%Y-%m-%dT%H:%M:%SZ}"}}',
    )
    moved = read_rule(text)
    is_in = span.start_at <= at < span.end_at
    expected = RuleAnswer.NOT_MET if is_in else RuleAnswer.DOES_NOT_APPLY
    assert answer_world(moved, make_world(moved.file.tests[1])).answer is expected


def test_every_shipped_rule_answers_in_every_world_and_never_breaks_it_by_not_knowing(
    home_settings: Settings,
) -> None:
    for rule in load_rules(home_settings):
        answers = {line["world"]: line["answer"] for line in answer_worlds(rule)}
        assert len(answers) > 1
        broken = next(t for t in rule.file.tests if t.expect is RuleAnswer.NOT_MET)
        decides = answer_world(rule, make_world(broken, rule.fact_types)).deciding_facts
        left_out = [answers.get(f"The source does not give {name}") for name in decides]
        assert any(left_out)
        to_show = any(each.shown_by is ShownBy.ADDRESSEE for each in rule.file.unless)
        assert to_show or "not_met" not in left_out, rule.id


def test_a_day_with_a_run_of_ours_bounds_the_end() -> None:
    text = LAW.replace("to: 2026-11-06,", 'seen: "2026-11-05T10:00:00Z",')
    world = make_world(read_rule(text).file.tests[0])
    assert world.period.end_lower == datetime(2026, 11, 5, 10, tzinfo=UTC)
    assert world.period.start_lower > EARLIEST


def test_a_file_of_the_former_form_is_refused_with_what_to_write(
    home_settings: Settings, write_config: Callable[[str, str], Path]
) -> None:
    write_config("rules/xx/xx-former.yaml", FORMER)
    (error,) = read_rule_book(home_settings).refused
    assert isinstance(error, YamlFileError)
    told = "\n".join(fault.why for fault in error.faults)
    assert (
        "write statuses: [{from: 2020-01-01, status: in_force}, {from: 2024-01-01, status: removed}]"
        in told
    )
    assert told.count("write ran: {from: DAY, to: DAY, zone: ZONE}") == 3
    for word in ("unit_of_violation", "review_on", "shown_by", "permitted answers", "act:"):
        assert word in told
