"""What the schedule and the budget there are will tell of the windows ahead, and when each source is due.

`schedule_lines.py` shows it. It starts nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Engine, func
from sqlmodel import Session, col, select

from archive.models import Capture, RequestBudget, Run
from archive.models.leases import BUDGET_WINDOW
from archive.models.runs import RunKind
from archive.records.sources import SourceKind
from archive.store.database import read
from config.settings import Settings
from scrapers.fetching.budget import Pace, find_free_at
from scrapers.spiders import find_spiders
from scrapers.work.plan.due import find_due_dates, find_scheduled_pace
from scrapers.work.plan.schedule import Demand, Schedule, choose_every


class WindowVerdict(StrEnum):
    """Whether the ads of a window will be dated closely enough to hold them against its rule."""

    DECIDABLE = "decidable"
    TOO_COARSE = "too coarse"
    NOT_KNOWN = "not known"


@dataclass(frozen=True)
class Forecast:
    """What one source will tell of one window, with the schedule and the budget there are."""

    demand: Demand
    source: str
    every: timedelta | None
    """Time between runs within the window; `None`: not known."""
    verdict: WindowVerdict
    because: str


@dataclass(frozen=True)
class CrawlCost:
    """What the newest whole run of a partition took."""

    requests: int
    duration: timedelta


def forecast_windows(
    engine: Engine,
    settings: Settings,
    schedules: dict[str, Schedule],
    demands: Sequence[Demand],
    now: datetime,
) -> list[Forecast]:
    """For each window, what each source of ads that it concerns will tell of it, at which resolution."""
    made = []
    with read(engine) as session:
        for source, schedule in schedules.items():
            spider = find_spiders()[source]
            if spider.info.kind != SourceKind.ADS or schedule.every is None:
                continue
            costs = find_costs(session, source)
            partitions = spider.list_partitions(settings, now.date())
            pace = find_scheduled_pace(settings, source, schedule)
            made += [
                _forecast(demand, source, schedule, partitions, costs, pace)
                for demand in demands
                if any(demand.concerns(schedule, each) for each in partitions)
            ]
    return sorted(made, key=lambda forecast: forecast.demand.start_at)


def find_costs(session: Session, source: str) -> dict[str, CrawlCost]:
    """What whole runs took, by partition; one that found nothing new and asked once counts as one."""
    newest = (
        select(func.max(Run.id))
        .where(Run.source == source, Run.kind == RunKind.CRAWL, col(Run.complete))
        .group_by(Run.partition)
    )
    answers = (
        select(func.count()).where(col(Capture.run_id) == Run.id).correlate(Run).scalar_subquery()
    )
    rows = session.exec(
        select(Run.partition, Run.started_at, Run.ended_at, answers).where(col(Run.id).in_(newest))
    )
    return {
        partition: CrawlCost(max(count, 1), ended_at - started_at)
        for partition, started_at, ended_at, count in rows
        if ended_at is not None
    }


def _forecast(
    demand: Demand,
    source: str,
    schedule: Schedule,
    partitions: Sequence[str],
    costs: dict[str, CrawlCost],
    pace: Pace,
) -> Forecast:
    concerned = [each for each in partitions if demand.concerns(schedule, each)]
    unknown = [each for each in concerned if each not in costs]
    if unknown:
        because = f"no whole run at {', '.join(unknown)} yet tells what one takes"
        return Forecast(demand, source, None, WindowVerdict.NOT_KNOWN, because)
    others = [each for each in partitions if each in costs and each not in concerned]
    every = schedule.every or timedelta.max
    left_share = 1 - sum(_find_load(costs[each], pace) / every for each in others)
    if left_share <= 0:
        because = "the other partitions use up what the key may ask"
        return Forecast(demand, source, None, WindowVerdict.TOO_COARSE, because)
    granted = choose_every(schedule, every, concerned[0], demand.start_at, [demand])
    round_time = max(
        sum((_find_load(costs[each], pace) for each in concerned), timedelta()) / left_share,
        sum((costs[each].duration for each in concerned), timedelta()),
    )
    return _judge(demand, source, granted, round_time)


def _find_load(cost: CrawlCost, pace: Pace) -> timedelta:
    """Time of the key that one run uses up."""
    per_hour = BUDGET_WINDOW / pace.requests_per_hour if pace.requests_per_hour else timedelta()
    return cost.requests * max(timedelta(seconds=pace.seconds_between_requests), per_hour)


def _judge(demand: Demand, source: str, granted: timedelta, round_time: timedelta) -> Forecast:
    every = max(granted, round_time)
    if every <= demand.resolution:
        return Forecast(demand, source, every, WindowVerdict.DECIDABLE, "")
    because = (
        "one round of runs takes as long" if round_time > granted else "the schedule grants no more"
    )
    return Forecast(demand, source, every, WindowVerdict.TOO_COARSE, because)


@dataclass(frozen=True)
class ScheduleStatus:
    """How one source stands: how often it is crawled, when next, and what its key has used."""

    source: str
    every: timedelta | None
    """The shortest of its partitions, elections counted in; `None`: only when someone asks."""
    partitions: int
    due: int
    next_at: datetime | None
    """When the first partition is due; `None`: it never is."""
    used: int
    """Requests of its key within the hour that is counted."""
    requests_per_hour: int | None


def list_standings(
    engine: Engine,
    settings: Settings,
    schedules: dict[str, Schedule],
    demands: Sequence[Demand],
    now: datetime,
) -> list[ScheduleStatus]:
    """How each source that has a schedule stands, by its id."""
    with read(engine) as session:
        return [
            _find_standing(session, settings, source, schedule, demands, now)
            for source, schedule in schedules.items()
        ]


def _find_standing(
    session: Session,
    settings: Settings,
    source: str,
    schedule: Schedule,
    demands: Sequence[Demand],
    now: datetime,
) -> ScheduleStatus:
    turns = find_due_dates(session, settings, source, schedule, now, demands)
    pace = find_scheduled_pace(settings, source, schedule)
    free_at = find_free_at(session, pace, now)
    budget = session.get(RequestBudget, pace.key)
    is_counted = budget is not None and now < budget.window_started_at + BUDGET_WINDOW
    times = [max(turn.due_at or now, free_at) for turn in turns]
    every = schedule.every
    if every is not None:
        paces = [choose_every(schedule, every, t.crawl_job.partition, now, demands) for t in turns]
        every = min(paces, default=every)
    return ScheduleStatus(
        source=source,
        every=every,
        partitions=len(turns),
        due=sum(time <= now for time in times),
        next_at=min(times, default=None),
        used=budget.used if budget is not None and is_counted else 0,
        requests_per_hour=pace.requests_per_hour,
    )
