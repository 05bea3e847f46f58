"""The worlds that are made of a rule's first test that is not met, for `rules check --worlds`.

Just before, in and after the window and the law, on a day the clocks change, when nobody looked, with each
fact left out, with ranges that allow anything.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from archive.models.oversight import RuleAnswer
from archive.records import MissingReason
from oversight.reference.elections import DATED, Election
from oversight.reference.periods import EARLIEST, LATEST, Period, begin_day, find_period
from oversight.reference.windows import Span, compute_window
from oversight.rules.examples import RunOfTest
from oversight.rules.facts import BOUNDS
from oversight.rules.loading import Rule
from oversight.rules.worlds import DAYS, World, answer_world, make_world, read_ran

SECOND = timedelta(seconds=1)
VAST = 10**15


def answer_worlds(rule: Rule) -> list[dict[str, Any]]:
    """The worlds that are made of a rule's tests, each with its answer and why, in sentences."""
    answers = ((world.title, answer_world(rule, world)) for world in list_worlds(rule))
    return [
        {"world": title, "answer": found.answer.value, "because": list(found.because)}
        for title, found in answers
    ]


def list_worlds(rule: Rule) -> list[World]:
    """The worlds made of the first test that is not met."""
    broken = next(t for t in rule.file.tests if t.expect is RuleAnswer.NOT_MET)
    base = make_world(broken, rule.fact_types)
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
        about = f"a window of {hours:g} hour{'s' * (hours != 1)}, with the vote on {day} when clocks change"
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
        unknown = find_period(read_ran(RunOfTest()))
        yield replace(base, title="Nobody knows when it ran", facts=facts, period=unknown)


def _straddle(rule: Rule, base: World) -> Iterator[World]:
    for name, (lower, upper) in BOUNDS.items():
        if {f"ad.{lower}", f"ad.{upper}"} & rule.fact_names:
            wide = {f"ad.{lower}": 0, f"ad.{upper}": VAST}
            known = {n: v for n, v in base.facts.items() if not isinstance(v, MissingReason)}
            facts = {**base.facts, **known, **wide}
            yield replace(base, title=f"ad.{name} may be anything from nothing", facts=facts)
