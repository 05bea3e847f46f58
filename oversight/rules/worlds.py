"""Worlds: what is known of an ad, when it ran, an election, a run of ours; what a rule makes of each.

A rule's tests are worlds, and `rules check --worlds` makes more of one of them: just before, in and after the
window and the law, on a day the clocks change, with each fact left out. A world that cannot be is refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from archive.models.oversight import RuleAnswer
from archive.records import MissingReason
from archive.records.projection import fold_text
from config.yaml_files import YamlFileError, YamlText
from oversight.language import Facts, FactType, FactValue
from oversight.reference.elections import DATED, Election
from oversight.reference.periods import EARLIEST, LATEST, Period, begin_day, find_period
from oversight.reference.windows import Span, compute_window
from oversight.rules.answers import ExplainedAnswer
from oversight.rules.conditions import Path
from oversight.rules.examples import RuleTest, RunOfTest
from oversight.rules.facts import AD_FACTS, BOUNDS, FACT_TYPES, as_instant, parse_fact, parse_time
from oversight.rules.loading import Rule
from oversight.rules.moments import answer_then, tell_election

SECOND = timedelta(seconds=1)
VAST = 10**15
DAYS = {"ad.started_at", "ad.started_on", "ad.ended_at", "ad.ended_on"}
RECKONED = {
    "window": "whether the ad was in the window is reckoned: write ran: {from: DAY, to: DAY, zone: ZONE}, "
    "and election: with country, polling_days and polls",
    "election": "write election: with country, polling_days and polls",
    "p": "a figure has its value of the day the ad started: leave it out, and write ran:",
}
SAY_WHEN = "write ran: {from: DAY, to: DAY, zone: ZONE}"


@dataclass(frozen=True)
class World:
    """What a rule is asked about, in a sentence and as values."""

    title: str
    facts: Facts
    period: Period
    election: Election | None = None


@dataclass
class _Ran:
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
    facts = {**world.facts, **(tell_election(vote) if vote else {})}
    return answer_then(rule, facts, world.period, vote, window)[0]


def make_world(test: RuleTest) -> World:
    """The world of a test that can be."""
    facts = {n: parse_fact(FACT_TYPES[n], value) for n, value in test.facts.items()}
    if isinstance(text := facts.get("ad.text"), str):
        facts.setdefault("ad.text_folded", fold_text(text))
    ran = _read_ran(test.ran or RunOfTest())
    seen = as_instant(parse_time(test.ran.seen)) if test.ran and test.ran.seen else None
    return World(test.name, facts | _tell_days(ran), find_period(ran, seen), test.election)


def _read_ran(said: RunOfTest) -> _Ran:
    started, ended = (parse_time(each) if each else None for each in (said.starts, said.ends))
    return _Ran(
        started_at=started if isinstance(started, datetime) else None,
        ended_at=ended if isinstance(ended, datetime) else None,
        started_on=None if isinstance(started, datetime) else started,
        ended_on=None if isinstance(ended, datetime) else ended,
        day_zone=said.zone,
    )


def _tell_days(ran: _Ran) -> dict[str, FactValue]:
    """The facts of a run that are given."""
    days = {"started_on": ran.started_on, "ended_on": ran.ended_on}
    told: dict[str, FactValue] = {
        f"ad.{name}": begin_day(day, ran.day_zone) for name, day in days.items() if day
    }
    ats = {"ad.started_at": ran.started_at, "ad.ended_at": ran.ended_at}
    return told | {name: as_instant(at) for name, at in ats.items() if at}


def list_impossible(written: YamlText, rule: Rule) -> list[YamlFileError]:
    """What in the tests of a rule cannot be, with what to write."""
    return [
        written.make_error(place if place == ["window"] else ["tests", i, *place], why)
        for i, test in enumerate(rule.file.tests)
        for place, why in (*_check_facts(test), *_check_clock(rule, test))
    ]


def _check_facts(test: RuleTest) -> Iterator[tuple[Path, str]]:
    known: Facts = {}
    for name, value in test.facts.items():
        place: Path = ["facts", name]
        if reckoned := RECKONED.get(name.partition(".")[0]):
            yield place, reckoned
        elif name in DAYS:
            yield place, SAY_WHEN
        elif name not in FACT_TYPES:
            yield place, f"there is no fact {name}"
        else:
            try:
                known = {**known, name: parse_fact(FACT_TYPES[name], value)}
            except ValueError as error:
                yield place, str(error)
    for name, value in known.items():
        if why := _find_contradiction(name.removeprefix("ad."), value, known):
            yield ["facts", name], why


def _find_contradiction(name: str, value: object, known: Facts) -> str:
    if isinstance(value, int) and AD_FACTS[name] is FactType.INT and value < 0:
        return "is less than nothing"
    if name == "text_folded" and isinstance(value, str):
        text = known.get("ad.text", value)
        if isinstance(text, str) and value != fold_text(text):
            return (
                f"the folded text is made by us: write ad.text, of which it is {fold_text(text)!r}"
            )
    for lower, upper in BOUNDS.values():
        most = known.get(f"ad.{upper}")
        if name == lower and isinstance(value, int) and isinstance(most, int) and value > most:
            return f"is more than ad.{upper}"
    return ""


def _check_clock(rule: Rule, test: RuleTest) -> Iterator[tuple[Path, str]]:
    spec, ran = rule.file.window, test.ran
    if spec and not test.election:
        yield ["election"], f"the rule has a window: {RECKONED['election']}"
    elif test.election and not spec:
        yield ["election"], "the rule has no window and asks about no election: leave it out"
    elif spec and test.election:
        try:
            compute_window(spec, test.election)
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


def answer_worlds(rule: Rule) -> list[dict[str, Any]]:
    """The worlds that are made of a rule's tests, each with its answer and why, in sentences."""
    answers = ((world.title, answer_world(rule, world)) for world in list_worlds(rule))
    return [
        {"world": title, "answer": found.answer.value, "because": list(found.because)}
        for title, found in answers
    ]


def list_worlds(rule: Rule) -> list[World]:
    """The worlds made of the first test that is not met."""
    base = make_world(next(t for t in rule.file.tests if t.expect is RuleAnswer.NOT_MET))
    return [
        *_list_edges_of_window(rule, base),
        *_list_edges_of_law(rule, base),
        *_leave_out(rule, base),
        *_straddle(rule, base),
    ]


def _move(base: World, title: str, at: datetime, until: datetime | None = None) -> World:
    """The same ad, which ran at one instant, or from one to another."""
    ends_at = until or at
    days = {name: value for name, value in base.facts.items() if name not in DAYS}
    facts = {**days, "ad.started_at": at, "ad.ended_at": ends_at}
    return replace(base, title=title, facts=facts, period=Period(at, at, ends_at, ends_at))


def _list_edges_of_window(rule: Rule, base: World) -> Iterator[World]:
    spec, vote = rule.file.window, base.election
    spans = compute_window(spec, vote).spans if spec and vote else ()
    if not spec or not vote or not spans:
        return
    yield from _list_edges(base, spans[0], "the window")
    before, last_seen = spans[0].start_at - timedelta(days=2), spans[0].start_at - SECOND
    gap = replace(base, title="It ran before the window, and then nobody looked")
    facts = {n: v for n, v in base.facts.items() if n not in DAYS} | {"ad.started_at": before}
    yield replace(gap, facts=facts, period=Period(before, before, last_seen, LATEST))
    changed = _find_change(vote)
    spans = compute_window(spec, changed).spans if changed else ()
    if changed and spans:
        hours = (spans[0].end_at - spans[0].start_at).total_seconds() / 3600
        day = f"{changed.polling_days[0]:%-d %b %Y}"
        about = f"a window of {hours:g} hours, with the vote on {day} when clocks change"
        yield from _list_edges(replace(base, election=changed), spans[0], about)


def _list_edges(base: World, span: Span, about: str) -> Iterator[World]:
    zone = ZoneInfo(span.zone)
    for told, at in {
        f"The last second before {about}": span.start_at - SECOND,
        f"The first second of {about}": span.start_at,
        f"The last second of {about}": span.end_at - SECOND,
        f"The first second after {about}": span.end_at,
    }.items():
        local = f"{at.astimezone(zone):%-d %b %Y, %H:%M:%S} in {span.zone}"
        yield _move(base, f"{told} ({local})", at)


def _find_change(vote: Election) -> Election | None:
    """The same election on the next day on which its clocks change; `None`: they never do."""
    zone, first = ZoneInfo(vote.polls[0].zone), vote.polling_days[0]
    for n in range(366):
        here, after = (begin_day(first + timedelta(days=n + k), zone.key) for k in (0, 1))
        if after - here != timedelta(days=1):
            return _shift(vote, timedelta(days=n))
    return None


def _shift(vote: Election, by: timedelta) -> Election:
    polls = [p.model_copy(update={"days": tuple(day + by for day in p.days)}) for p in vote.polls]
    days = {name: day + by for name in DATED if (day := getattr(vote, name))}
    polling = tuple(day + by for day in vote.polling_days)
    return vote.model_copy(update=days | {"polling_days": polling, "polls": tuple(polls)})


def _list_edges_of_law(rule: Rule, base: World) -> Iterator[World]:
    zone = rule.file.validity.zone
    for each in rule.file.validity.statuses:
        if each.starts_on and each.starts_on > EARLIEST.date():
            at = begin_day(each.starts_on, zone)
            status = each.status.replace("_", " ")
            day = f"{each.starts_on:%-d %b %Y}"
            yield _move(
                base, f"The last second before {day}, from when it is {status}", at - SECOND
            )
            yield _move(base, f"The first second of {day}, from when it is {status}", at)


def _leave_out(rule: Rule, base: World) -> Iterator[World]:
    for name in sorted(rule.fact_names & (base.facts.keys() - DAYS)):
        facts = {n: v for n, v in base.facts.items() if n != name}
        yield replace(base, title=f"The source does not give {name}", facts=facts)
    if base.period.start_lower > EARLIEST:
        facts = {n: v for n, v in base.facts.items() if n not in DAYS}
        unknown = find_period(_read_ran(RunOfTest()))
        yield replace(base, title="Nobody knows when it ran", facts=facts, period=unknown)


def _straddle(rule: Rule, base: World) -> Iterator[World]:
    for name, (lower, upper) in BOUNDS.items():
        if {f"ad.{lower}", f"ad.{upper}"} & rule.fact_names:
            wide = {f"ad.{lower}": 0, f"ad.{upper}": VAST}
            known = {n: v for n, v in base.facts.items() if not isinstance(v, MissingReason)}
            facts = {**base.facts, **known, **wide}
            yield replace(base, title=f"ad.{name} may be anything from nothing", facts=facts)
