"""How far crawls have come, shown on a terminal from the runs' rows: a bar for each source.

The rows tell the same story of a crawl in this process, in a child and on another machine.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Thread

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, func, select

from archive.models import Run
from archive.models.runs import Outcome
from archive.store.database import read
from config.counts import write_count

SECONDS_BETWEEN_CRAWLS = 0.5
MOST_UNENDED_SHARE = 0.99
"""A run may bring more than the last one did; its bar is full only when it has ended."""

Place = tuple[str, str]
"""A source and one of its partitions."""


@dataclass(frozen=True)
class ProgressPlan:
    """What is crawled, from when on, and how much each run is expected to bring."""

    places: Sequence[Place]
    after_run: int
    """The newest run before any of these runs began."""
    expected: Mapping[Place, int]
    """Records of the last complete run of a partition; places without one are left out."""


@dataclass(frozen=True)
class SourceProgress:
    """How far the runs of one source have come."""

    source: str
    partitions: int
    ended: int
    share: float | None
    """Of all of them, 0-1; `None` where nothing says how much there is."""
    records: int
    quarantined: int

    def tell(self) -> str:
        """As a line: `2 of 9 partitions, 12,000 records, 3 quarantined`."""
        of = write_count(self.partitions, "partition")
        parts = [f"{self.ended} of {of}"] if self.partitions > 1 else []
        parts.append(write_count(self.records, "record"))
        parts += [f"{self.quarantined:,} quarantined"] if self.quarantined else []
        return ", ".join(parts)


@contextmanager
def shown_progress(engine: Engine, places: Iterable[Place]) -> Iterator[None]:
    """Bars that follow the runs at these places; silent where there is no terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with read(engine) as session:
        plan = plan_progress(session, list(places))
    stopped = Event()
    columns = (BarColumn(20), TextColumn("{task.fields[told]}"), TimeElapsedColumn())
    with Progress(TextColumn("{task.description}"), *columns, console=console) as bars:
        follower = Thread(target=_follow_runs, args=(engine, plan, bars, stopped))
        follower.start()
        try:
            yield
        finally:
            stopped.set()
            follower.join()


def plan_progress(session: Session, places: Sequence[Place]) -> ProgressPlan:
    """What is to be followed, before the first of the runs begins."""
    newest = session.exec(select(func.max(Run.id))).one() or 0
    complete = (
        select(Run.source, Run.partition, Run.seen)
        .where(col(Run.complete), Run.seen > 0, col(Run.source).in_({s for s, _ in places}))
        .order_by(col(Run.id))
    )
    expected = {(source, part): seen for source, part, seen in session.exec(complete)}
    return ProgressPlan(places, newest, expected)


def read_progress(session: Session, plan: ProgressPlan) -> list[SourceProgress]:
    """How far each source has come, in the order in which the sources are crawled."""
    query = select(Run).where(
        col(Run.id) > plan.after_run, col(Run.source).in_({source for source, _ in plan.places})
    )
    runs = {(run.source, run.partition): run for run in session.exec(query.order_by(col(Run.id)))}
    sources: dict[str, list[Place]] = defaultdict(list)
    for place in plan.places:
        sources[place[0]].append(place)
    return [_sum_source(source, places, runs, plan) for source, places in sources.items()]


def _sum_source(
    source: str, places: Sequence[Place], runs: Mapping[Place, Run], plan: ProgressPlan
) -> SourceProgress:
    begun = [run for place, run in runs.items() if place in places]
    shares = [_share_of(place, runs.get(place), plan) for place in places]
    is_told = len(places) > 1 or shares[0] > 0 or places[0] in plan.expected
    return SourceProgress(
        source=source,
        partitions=len(places),
        ended=sum(run.outcome != Outcome.RUNNING for run in begun),
        share=sum(shares) / len(shares) if is_told else None,
        records=sum(run.seen for run in begun),
        quarantined=sum(run.quarantined for run in begun),
    )


def _share_of(place: Place, run: Run | None, plan: ProgressPlan) -> float:
    if run is None:
        return 0.0
    if run.outcome != Outcome.RUNNING:
        return 1.0
    expected = plan.expected.get(place)
    return min(run.seen / expected, MOST_UNENDED_SHARE) if expected else 0.0


def _follow_runs(engine: Engine, plan: ProgressPlan, bars: Progress, stopped: Event) -> None:
    sources = dict.fromkeys(source for source, _ in plan.places)
    tasks = {source: bars.add_task(source, total=None, told="") for source in sources}
    is_over = False
    while not is_over:
        is_over = stopped.wait(SECONDS_BETWEEN_CRAWLS)
        # While the database is away the last state stands; the runs themselves say that they wait.
        with suppress(OperationalError), read(engine) as session:
            for state in read_progress(session, plan):
                total = None if state.share is None else 1.0
                bars.update(
                    tasks[state.source], total=total, completed=state.share or 0, told=state.tell()
                )
