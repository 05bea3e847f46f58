"""Worlds: what is known of an ad, when it ran, an election, a run of ours; what a rule makes of each.

A rule's tests are worlds; `made_worlds` makes more of them. A world that cannot be is refused.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from pydantic import ValidationError

from archive.records import MissingReason
from archive.records.projection import fold_text
from archive.text.words import frame_words
from config.faults import name_nearest
from config.yaml_files import Model, YamlFileError, YamlText
from oversight.language import Facts, FactType, FactValue
from oversight.reference.elections import Election
from oversight.reference.periods import Period, begin_day, find_period
from oversight.reference.windows import WindowSpec, compute_window
from oversight.rules.answers import ExplainedAnswer
from oversight.rules.conditions import Path, list_texts
from oversight.rules.examples import (
    InventedElection,
    RuleTest,
    RunOfTest,
    parse_fact,
    parse_time,
)
from oversight.rules.facts import AD_FACTS, BOUNDS, FACT_TYPES, as_instant
from oversight.rules.loading import Rule
from oversight.rules.made_facts import STATED, list_register_facts
from oversight.rules.moments import answer_then, read_window, tell_election, was_in_force
from oversight.rules.sums import IS_OVER, IS_RECKONED, SumOfTest, hold_sum
from oversight.rules.vocabulary import tell_strange

DAYS = {"ad.started_at", "ad.started_on", "ad.ended_at", "ad.ended_on"}
RECKONED = {
    "window": "whether the ad was in the window is reckoned: write ran: {from: DAY, to: DAY, zone: ZONE}, "
    "and election: with country, polling_days and polls",
    "election": "write election: with country, polling_days and polls",
    "sum": IS_RECKONED,
    "p": "a figure has its value of the day the ad started: leave it out, and write ran:",
}
MADE_OF_TEXT = {"text_folded": fold_text, "text_words": frame_words}
SAY_WHEN = "write ran: {from: DAY, to: DAY, zone: ZONE}"


@dataclass(frozen=True)
class World:
    """What a rule is asked about, in a sentence and as values."""

    title: str
    facts: Facts
    period: Period
    election: Election | None = None
    sum: SumOfTest | None = None


@dataclass
class Ran:
    """The days or times of a test's ad, as the public view has them."""

    started_at: datetime | None
    ended_at: datetime | None
    started_on: date | None
    ended_on: date | None
    day_zone: str


def answer_world(rule: Rule, world: World) -> ExplainedAnswer:
    """What the rule answers there.

    Raises:
        ValueError: if its window cannot be at that election.
    """
    vote, spec = world.election, rule.file.window
    window = compute_window(spec, vote) if spec and vote else None
    known = {
        **world.facts,
        **(tell_election(vote) if vote else {}),
        **read_window(window, world.period, world.period),
        **rule.find_parameters(world.period.start_days, vote),
    }
    if spec_of_sum := rule.file.sum:
        known[IS_OVER] = hold_sum(spec_of_sum, world.sum, known)
    # What is no law, or none for ads here, is tested as if it were.
    is_law = not rule.file.validity.spans or was_in_force(rule.file.validity, world.period)
    return answer_then(rule, known, world.period.start_days, in_force=is_law)


def make_world(test: RuleTest, kinds: Mapping[str, FactType] = FACT_TYPES) -> World:
    """The world of a test that can be; `kinds` are those of the facts it may give."""
    facts = {n: parse_fact(kinds[n], value) for n, value in test.facts.items()}
    if isinstance(text := facts.get("ad.text"), str):
        for name, make in MADE_OF_TEXT.items():
            facts.setdefault(f"ad.{name}", make(text))
    if isinstance(facts.get("ad.countries"), tuple):
        facts.setdefault("ad.countries_from", STATED)
    ran = read_ran(test.ran or RunOfTest())
    seen = as_instant(parse_time(test.ran.seen)) if test.ran and test.ran.seen else None
    period = find_period(ran, seen)
    return World(test.name, facts | _tell_days(ran), period, test.election, test.sum)


def read_ran(said: RunOfTest) -> Ran:
    """The days or times that a test gives."""
    started, ended = (parse_time(each) if each else None for each in (said.starts, said.ends))
    return Ran(
        started_at=started if isinstance(started, datetime) else None,
        ended_at=ended if isinstance(ended, datetime) else None,
        started_on=None if isinstance(started, datetime) else started,
        ended_on=None if isinstance(ended, datetime) else ended,
        day_zone=said.zone,
    )


def _tell_days(ran: Ran) -> dict[str, FactValue]:
    """The facts of a run that are given."""
    days = {"started_on": ran.started_on, "ended_on": ran.ended_on}
    told: dict[str, FactValue] = {
        f"ad.{name}": begin_day(day, ran.day_zone) for name, day in days.items() if day
    }
    ats = {"ad.started_at": ran.started_at, "ad.ended_at": ran.ended_at}
    return told | {name: as_instant(at) for name, at in ats.items() if at}


def list_impossible(written: YamlText) -> list[YamlFileError]:
    """What in the tests of a rule's file cannot be, with what to write; also where other fields are wrong."""
    values = written.values if isinstance(written.values, dict) else {}
    tests, window = values.get("tests"), values.get("window")
    kinds = FACT_TYPES | list_register_facts(list_texts(values.get("registers")))
    return [
        written.make_error(place if place == ["window"] else ["tests", i, *place], why)
        for i, test in enumerate(tests if isinstance(tests, list) else [])
        if isinstance(test, dict)
        for place, why in (*_check_facts(test.get("facts"), kinds), *_check_clock(window, test))
    ]


def _read_part(model: type[Model], values: object) -> Model | None:
    """A part of a file; `None`: it is not there, or what is wrong with it is told elsewhere."""
    try:
        return model.model_validate_json(json.dumps(values), strict=True) if values else None
    except ValidationError:
        return None


def _check_facts(facts: object, kinds: Mapping[str, FactType]) -> Iterator[tuple[Path, str]]:
    known: Facts = {}
    for name, value in facts.items() if isinstance(facts, dict) else ():
        place: Path = ["facts", name]
        if reckoned := RECKONED.get(name.partition(".")[0]):
            yield place, reckoned
        elif name in DAYS:
            yield place, SAY_WHEN
        elif name not in kinds:
            yield place, f"there is no fact {name}{name_nearest(name, kinds)}"
        else:
            try:
                known = {**known, name: parse_fact(kinds[name], value)}
            except ValueError as error:
                yield place, str(error)
    for name, value in known.items():
        if why := _find_contradiction(name.removeprefix("ad."), value, known):
            yield ["facts", name], why


def _find_contradiction(name: str, value: object, known: Facts) -> str:
    if isinstance(value, int) and AD_FACTS.get(name) is FactType.INT and value < 0:
        return "is less than nothing"
    if name in MADE_OF_TEXT and isinstance(value, str):
        text, make = known.get("ad.text", value), MADE_OF_TEXT[name]
        if isinstance(text, str) and value != make(text):
            return f"the folded text is made by us: write ad.text, of which it is {make(text)!r}"
    for lower, upper in BOUNDS.values():
        most = known.get(f"ad.{upper}")
        if name == lower and isinstance(value, int) and isinstance(most, int) and value > most:
            return f"is more than ad.{upper}"
    words = (
        value if isinstance(value, tuple) else () if isinstance(value, MissingReason) else (value,)
    )
    told = (tell_strange(f"ad.{name}", word) for word in words if isinstance(word, str))
    return next(filter(None, told), "")


def _check_clock(window: object, test: Mapping[str, object]) -> Iterator[tuple[Path, str]]:
    ran = _read_part(RunOfTest, test.get("ran"))
    vote = _read_part(InventedElection, test.get("election"))
    spec = _read_part(WindowSpec, window)
    if "election" in test and not window:
        yield ["election"], "the rule has no window and asks about no election: leave it out"
    elif window and "election" not in test:
        yield ["election"], f"the rule has a window: {RECKONED['election']}"
    elif spec and vote:
        try:
            compute_window(spec, vote)
        except ValueError as error:
            yield ["window"], str(error)
    if ran and ran.seen and ran.ends:
        yield (
            ["ran", "seen"],
            "a run that saw the ad counts where no end is known: leave out to, or seen",
        )
    if ran and ran.starts:
        began = _find_instant(ran.starts, ran.zone)
        for name, last in {"to": ran.ends, "seen": ran.seen}.items():
            if last and _find_instant(last, ran.zone) < began:
                yield ["ran", name], f"is before from: {ran.starts}"


def _find_instant(written: str, zone: str) -> datetime:
    at = parse_time(written)
    return at if isinstance(at, datetime) else begin_day(at, zone)
