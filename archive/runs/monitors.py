"""Monitors: does a source give what it is expected to give.

`archive.ingest.close_run.close_run` calls `monitor_run` at the end of every run; `archive.runs.alerts` reads
what it wrote. Nothing here holds data back: what is implausible is the gate's affair
(`archive.runs.plausibility`).
"""

from collections.abc import Iterator, Mapping

from sqlalchemy import JSON, ColumnElement, case, func, select
from sqlmodel import Session, SQLModel, col

from archive.models import MonitorFinding, PublicAd, Run, Source
from archive.models.changes import ChangeKind
from archive.models.monitoring import Monitor
from archive.models.runs import ENDED_WELL
from archive.records import SourceInfo
from archive.runs.lease import RunLease
from archive.runs.sightings import find_run_before, lay_out_seen
from archive.store.realm import read_realm
from config.counts import write_count
from config.settings import Realm

FEWEST_JUDGED = 20
"""Ads or records that a share must rest on: of fewer, one more or less moves it too far."""


def monitor_run(session: Session, lease: RunLease, run: Run) -> list[MonitorFinding]:
    """Compare an ended run with what its source is expected to give; write and give what differs.

    A run without records has shown nothing new, so it is not checked unless it was complete. How
    many records a source has is a fact about the real one: its replica is not held to it.
    """
    info = session.get(Source, lease.source)
    if info is None or run.outcome not in ENDED_WELL:
        return []
    before = find_run_before(session, lease, col(Run.complete).is_(True), col(Run.seen) > 0)
    if _shows_last(run, before):
        return []
    findings = [
        *(_check_volume(run, info) if read_realm(session) != Realm.FICTIONAL else ()),
        *_check_fall(run, before, info),
        *_check_blanks(session, lease, run, info),
    ]
    session.add_all(findings)
    session.flush()
    return findings


def _shows_last(run: Run, before: Run | None) -> bool:
    """Whether a run brought nothing because the source gave the very bytes of an earlier one."""
    return not run.seen and (not run.complete or before is not None)


def _check_volume(run: Run, info: SourceInfo) -> Iterator[MonitorFinding]:
    fewest, most = info.fewest_records_per_run, info.most_records_per_run
    figures = {"records": run.seen, "fewest": fewest, "most": most}
    if run.complete and run.seen < fewest:
        reason = f"{write_count(run.seen, 'record')}; at least {fewest:,} are expected"
        yield _make_finding(run, Monitor.FEW_RECORDS, reason, figures)
    if most is not None and run.seen > most:
        reason = f"{write_count(run.seen, 'record')}; at most {most:,} are expected"
        yield _make_finding(run, Monitor.MANY_RECORDS, reason, figures)


def _check_fall(run: Run, before: Run | None, info: SourceInfo) -> Iterator[MonitorFinding]:
    if not run.complete or before is None or before.seen < FEWEST_JUDGED:
        return
    fall_share = (before.seen - run.seen) / before.seen
    if fall_share > info.plausible_fall_share:
        reason = (
            f"{write_count(run.seen, 'record')}, after {before.seen:,} in the complete run before: "
            f"{fall_share:.0%} fewer; up to {info.plausible_fall_share:.0%} is expected"
        )
        figures = {"records": run.seen, "before": before.seen, "fall_share": round(fall_share, 4)}
        yield _make_finding(run, Monitor.FALL, reason, figures)


def _check_blanks(
    session: Session, lease: RunLease, run: Run, info: SourceInfo
) -> Iterator[MonitorFinding]:
    if not info.expected_blank_shares:
        return
    ads, blanks = _count_blanks(session, lease, list(info.expected_blank_shares))
    if ads < FEWEST_JUDGED:
        return
    for field, expected in info.expected_blank_shares.items():
        share = blanks[field] / ads
        if share > expected:
            reason = (
                f"{blanks[field]:,} of {write_count(ads, 'ad')} leave {field} blank ({share:.0%}); "
                f"up to {expected:.0%} is expected"
            )
            figures = {"ads": ads, "blank": blanks[field], "expected_share": expected}
            yield _make_finding(run, Monitor.BLANK_FIELD, reason, figures, field)


def _count_blanks(
    session: Session, lease: RunLease, fields: list[str]
) -> tuple[int, dict[str, int]]:
    """Distinct ads a run saw, and how many of them say nothing in each field."""
    seen = select(lay_out_seen(session, lease.run_id, ChangeKind.AD_CONTENT).c.id).distinct()
    ads = seen.subquery()
    counts = [func.sum(case((_is_blank(field), 1), else_=0)) for field in fields]
    query = select(func.count(), *counts).select_from(
        ads.join(PublicAd, col(PublicAd.id) == ads.c.id)
    )
    total, *blanks = session.connection().execute(query).one()
    return total, dict(zip(fields, (blank or 0 for blank in blanks), strict=True))


def _is_blank(field: str) -> ColumnElement[bool]:
    column = SQLModel.metadata.tables["public_ad"].c[field]
    return (
        func.json_array_length(column) == 0 if isinstance(column.type, JSON) else column.is_(None)
    )


def _make_finding(
    run: Run,
    monitor: Monitor,
    reason: str,
    figures: Mapping[str, float | None],
    field: str | None = None,
) -> MonitorFinding:
    if run.id is None or run.ended_at is None:
        raise ValueError("only a run that has ended is watched")
    return MonitorFinding(
        run_id=run.id,
        source=run.source,
        partition=run.partition,
        monitor=monitor,
        field=field,
        reason=reason,
        figures=dict(figures),
        found_at=run.ended_at,
    )
