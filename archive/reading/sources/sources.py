"""Sources and the runs at them, for readers."""

from datetime import datetime
from functools import partial

from sqlmodel import Session, col, select

from archive.errors import NotFoundError
from archive.media.terms import show_parts
from archive.models import Run, Source
from archive.models.runs import Outcome
from archive.reading.freshness import read_data_as_of
from archive.reading.paging import MOST_AT_ONCE, Page, count_rows, cut_page, decode_number
from archive.reading.reasons import tell_run
from archive.reading.sources.stats import count_archive
from archive.reading.views import RunDetail, RunView, SourceView
from archive.runs.lease import WORKER_STOPPED, last_runs
from archive.runs.processes import show_process
from archive.runs.silence import has_fallen_silent
from archive.store.clock import CLOCK_SKEW

LISTING = "runs"

CLOCK_AHEAD = "the clock of its machine was ahead, so its times are to come"


def list_sources(session: Session, now: datetime | None = None) -> list[SourceView]:
    """Every source with what the archive holds of it and the newest run that has ended."""
    counted = count_archive(session)["by_source"]
    newest = last_runs(session)
    return [
        SourceView.model_validate(
            source,
            update=counted[source.id]
            | {
                "last_run": show_run(newest[source.id], now) if source.id in newest else None,
                "parts": show_parts(session, source.id),
            },
        )
        for source in session.exec(select(Source).order_by(col(Source.id)))
    ]


def list_runs(
    session: Session,
    source: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
    now: datetime | None = None,
) -> Page[RunView]:
    """Runs of sources, newest first; with `now`, one that fell silent has failed.

    Raises:
        CursorError: if the cursor is not one of this list.
    """
    limit = min(limit, MOST_AT_ONCE)
    matching = [] if source is None else [col(Run.source) == source]
    query = select(Run).where(*matching).order_by(col(Run.id).desc()).limit(limit + 1)
    if (before := decode_number(LISTING, cursor)) is not None:
        query = query.where(col(Run.id) < before)
    runs, following = cut_page(LISTING, session.exec(query).all(), limit, lambda run: run.id)
    count = partial(count_rows, session, Run, matching)
    shown = [show_run(run, now) for run in runs]
    return Page(shown, following, read_data_as_of(session), count=count)


def show_run(run: Run, now: datetime | None = None) -> RunView:
    """A run as readers see it: without lease, cursor, heartbeat or words of its source.

    With `now`, a run that fell silent counts as failed before anybody closes it, and of one whose times are
    to come that is said.
    """
    outcome, reason = run.outcome, run.reason
    if now is not None and has_fallen_silent(run, now):
        outcome, reason = Outcome.FAILED, WORKER_STOPPED
    told = [tell_run(outcome, reason)]
    if now is not None and run.started_at > now + CLOCK_SKEW:
        told.insert(0, CLOCK_AHEAD)
    shown = {"reason": "; ".join(filter(None, told)), "not_read": len(run.not_read)}
    return RunView.model_validate(run, update=shown | {"outcome": outcome})


def read_run_detail(session: Session, run_id: int) -> RunDetail:
    """What was kept of how a run ended: for operators, it may quote its source.

    Raises:
        NotFoundError: if there is no such run.
    """
    run = session.get(Run, run_id)
    if run is None:
        raise NotFoundError("run", str(run_id))
    return RunDetail.model_validate(run, update={"worker": show_process(run.worker)})
