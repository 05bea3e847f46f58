"""All evidence of a source read again by today's reader, each capture at its own time, the oldest first.

`paidforby reread` calls it after a reader was mended. What differs from what was read of the same evidence is
published as a correction that says so. Each capture is a run of its own; how far it came is kept with the
last one, so that the next call goes on there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from sqlalchemy import Engine
from sqlmodel import Session, col, or_, select

from archive.errors import EvidenceError, PartitionBusyError
from archive.ingest.close_run import close_run
from archive.models import ArchiveFact, Capture, QuarantinedBatch, QuarantinedPiece, Run
from archive.models.runs import ENDED_WELL, Outcome, PieceStatus, RunKind
from archive.runs.captures import name_file
from archive.runs.lease import Counts
from archive.runs.quarantine import OF_FILES
from archive.store.database import read, write
from config.settings import Settings
from config.yaml_files import YamlFileError
from scrapers.intake.pages import Clock, Intake
from scrapers.readers.row_hashes import describe_reader
from scrapers.sources.spider import SourceSpider
from scrapers.work.crawl.releasing import read_again, settle_passed

Evidence = tuple[Capture, Run]

READ_AGAIN = "its evidence was read again"


@dataclass
class RereadReport:
    """What reading again brought."""

    source: str
    captures: int = 0
    before: int = 0
    """Captures that an earlier call, which was stopped, had read again already."""
    counts: Counts = field(default_factory=Counts)
    unreadable: int = 0
    left: list[str] = field(default_factory=list)
    """Captures that could not be read again, each with the reason."""


def reread_source(
    settings: Settings,
    engine: Engine,
    spider: type[SourceSpider],
    clock: Clock,
    tell: Callable[[str], None] = lambda _: None,
) -> RereadReport:
    """Read every capture of a source again that was taken in; goes on where an earlier call stopped.

    What waits for a person in quarantine as implausible is left to that person.
    """
    source, reader = spider.info.id, sha256(describe_reader(spider).encode()).hexdigest()
    report = RereadReport(source)
    with read(engine) as session:
        evidence = list_evidence(session, source)
        report.before = _count_read(session, source, reader, evidence)
        held = _list_held(session, source)
        session.expunge_all()
    for capture, run in evidence[report.before :]:
        if any(batch.run_id == run.id and _is_held(capture, batch) for batch in held):
            report.left.append(f"{name_file(capture)}: it waits for a person as implausible")
            continue
        tell(f"{name_file(capture)}, of {run.observed_at:%Y-%m-%d}")
        try:
            intake = read_again(settings, engine, capture, run, clock, RunKind.REREAD)
        except (PartitionBusyError, EvidenceError, YamlFileError) as error:
            report.left.append(f"{name_file(capture)}: {error}")
            continue
        with write(engine) as session:
            _close(session, intake, run, capture)
            done = ArchiveFact(name=_name_fact(source), value=f"{reader} {capture.id}")
            session.merge(done)
        report.captures += 1
        report.counts.add(intake.counts)
        report.unreadable += len(intake.unreadable)
    with write(engine) as session:
        if fact := session.get(ArchiveFact, _name_fact(source)):
            session.delete(fact)
    return report


def list_evidence(session: Session, source: str) -> list[Evidence]:
    """The captures of a source that runs were given to read, by the time at which the source said it."""
    query = (
        select(Capture, Run)
        .join(Run, col(Run.id) == col(Capture.run_id))
        .where(
            Capture.source == source,
            or_(col(Capture.status).is_(None), Capture.status == 200),
            col(Run.ended_at).is_not(None),
        )
        .order_by(col(Run.observed_at), col(Capture.id))
    )
    return [(capture, run) for capture, run in session.exec(query)]


def _name_fact(source: str) -> str:
    return f"reread_{source}"


def _count_read(session: Session, source: str, reader: str, evidence: Sequence[Evidence]) -> int:
    """How many captures an earlier call by the same reader has done."""
    fact = session.get(ArchiveFact, _name_fact(source))
    if fact is None or fact.value.split()[0] != reader:
        return 0
    ids = [str(capture.id) for capture, _ in evidence]
    last = fact.value.split()[1]
    return ids.index(last) + 1 if last in ids else 0


def _list_held(session: Session, source: str) -> list[QuarantinedBatch]:
    query = select(QuarantinedBatch).where(
        QuarantinedBatch.source == source,
        QuarantinedBatch.status != PieceStatus.RELEASED,
        col(QuarantinedBatch.capture_id).is_not(None),
    )
    return list(session.exec(query))


def _is_held(capture: Capture, batch: QuarantinedBatch) -> bool:
    """A run ends at the page that is implausible: nothing from that capture on was taken in whole."""
    return (capture.id or 0) >= (batch.capture_id or 0)


def _close(session: Session, intake: Intake, run: Run, capture: Capture) -> None:
    """End the run: it covers no more than the run whose evidence it read."""
    pieces = session.exec(
        select(QuarantinedPiece).where(
            QuarantinedPiece.capture_id == capture.id,
            QuarantinedPiece.status == PieceStatus.QUARANTINED,
            col(QuarantinedPiece.stage).in_(OF_FILES),
        )
    ).all()
    settle_passed(session, pieces, intake)
    outcome = Outcome.ATTENTION if intake.unreadable else Outcome.DONE
    if run.outcome not in ENDED_WELL:
        outcome = Outcome(run.outcome)
    close_run(session, intake.lease, outcome, intake.clock(), reason=READ_AGAIN)
