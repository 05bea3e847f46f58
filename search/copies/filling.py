"""Makes a search copy anew; of all processes that would fill one, one does at a time."""

import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Field, Session, SQLModel, col, delete

from archive.models import ConsumerPosition, PublicAd
from archive.records import QuarantineStage
from archive.runs.quarantine import keep_aside, list_open_subjects, settle_passed
from archive.runs.singleton_lease import (
    HeldSingletonLease,
    SingletonTakenError,
    holding_singleton,
    require_held,
)
from archive.store.bulk import pause_collector
from archive.store.changes import last_change_seq, move_position
from archive.store.database import read, write
from archive.store.identity import claim_archive_id
from archive.store.realm import read_realm
from search.copies.consumer_position import TellPassed, find_up_to, name_consumer
from search.copy_mark import DOCUMENT_SHAPE, CopyMark, UpTo
from search.indexed.documents import Rejection, SearchDocument, read_documents
from search.indexed.history import with_history
from search.port import CopyBusyError, SearchEngine

CHANGES_AT_ONCE = 5_000
"""Meilisearch pays a fixed price for each round of new texts, so rounds are large."""

SECONDS_TO_WAIT = 10.0
"""For another process that fills the copy, where nobody sits and waits: a round takes no longer."""
SECONDS_BETWEEN_TRIES = 0.2

TellBusy = Callable[[str], None]
"""Told who fills the copy, once; whoever gives one waits until that is done."""


class SyncReport(SQLModel):
    """What one sync did."""

    engine: str = Field(description="embedded or meilisearch.")
    rebuilt: bool = Field(default=False, description="Whether the copy was made anew.")
    changes: int = Field(default=0, description="Changes read.")
    documents: int = Field(default=0, description="Whole documents sent.")
    moved: int = Field(default=0, description="Documents of which only numbers were sent.")
    deleted: int = Field(default=0, description="Documents taken out.")
    rejected: list[Rejection] = Field(
        default_factory=list, description="Ads it could not take, put aside."
    )
    seq: int = Field(default=0, description="Every change up to this one is in the engine.")


@contextmanager
def filling_alone(
    archive: Engine, search: SearchEngine, now: datetime, tell_busy: TellBusy | None = None
) -> Iterator[HeldSingletonLease]:
    """Be the one process that fills a copy, for as long as the block takes.

    Raises:
        CopyBusyError: if another one does; without `tell_busy`, and still after `SECONDS_TO_WAIT`.
    """
    began, told = time.monotonic(), False
    with ExitStack() as holding:
        while True:
            waited = time.monotonic() - began
            at = now + timedelta(seconds=waited)
            try:
                held = holding.enter_context(
                    holding_singleton(archive, search.consumer, search.lease_time, at)
                )
                break
            except SingletonTakenError as error:
                since = f" since {error.since:%Y-%m-%d %H:%M:%S} UTC" if error.since else ""
                busy = f"{error.worker} has been filling the search copy{since}"
            if tell_busy is None and waited >= SECONDS_TO_WAIT:
                raise CopyBusyError(busy)
            if tell_busy is not None and not told:
                tell_busy(f"{busy}; this one waits")
                told = True
            time.sleep(SECONDS_BETWEEN_TRIES)
        yield held


def make_anew(
    archive: Engine, search: SearchEngine, held: HeldSingletonLease, now: datetime, tell: TellPassed
) -> SyncReport:
    """Fill a new copy from `public_ad`; the old one answers until it is complete.

    Changes that arrive meanwhile are left to the next sync.

    Raises:
        SearchUnavailableError: if the engine failed; the old copy answers on.
        CopyBusyError: if another process has taken over.
    """
    report = SyncReport(engine=search.name, rebuilt=True)
    old = search.read_copy()
    with write(archive) as session:
        realm, report.seq = read_realm(session), last_change_seq(session)
        up_to = find_up_to(session, report.seq) or UpTo(0, 0)
        mark = CopyMark(
            archive_id=claim_archive_id(session),
            realm=str(realm or ""),
            token=secrets.token_hex(4),
            shape=search.shape,
            **up_to._asdict(),
        )
    unmade: list[Rejection] = []

    def note_mark(refused: list[Rejection]) -> None:
        report.rejected = [*unmade, *refused]
        with write(archive) as session:
            _require_held(session, held)
            _settle(session, report.rejected, now)
            move_position(session, name_consumer(search, mark.token), mark.seq, "", now)

    search.rebuild(_read_pages(archive, report, unmade, tell), mark, note_mark)
    replaced = [name_consumer(search, old.mark.token)] if old and old.mark else []
    # Until shape 3, the mark went by the shape alone.
    replaced += [name_consumer(search, str(shape)) for shape in range(DOCUMENT_SHAPE)]
    with write(archive) as session:
        session.exec(delete(ConsumerPosition).where(col(ConsumerPosition.consumer).in_(replaced)))
    return report


def _require_held(session: Session, held: HeldSingletonLease) -> None:
    try:
        require_held(session, held)
    except SingletonTakenError as error:
        raise CopyBusyError(f"{error}; the old search copy stays") from None


def _settle(session: Session, rejected: list[Rejection], now: datetime) -> None:
    """Every ad that is put aside was tried: what is not refused any more has passed."""
    refused = {row.id for row in rejected}
    passed = list_open_subjects(session, QuarantineStage.SEARCH) - refused
    settle_passed(session, QuarantineStage.SEARCH, passed, now)
    put_aside_rejected(session, rejected, now)


def put_aside_rejected(session: Session, rejected: Iterable[Rejection], now: datetime) -> None:
    """Put ads aside that the search copy could not take."""
    for row in rejected:
        source = row.id.partition(":")[0]
        keep_aside(session, QuarantineStage.SEARCH, source, row.id, row.reason, row.detail, now)


def _read_pages(
    archive: Engine, report: SyncReport, unmade: list[Rejection], tell: TellPassed
) -> Iterator[list[SearchDocument]]:
    """Every ad in pages by id, each read in a transaction of its own; `unmade` gets those without one."""
    last = 0
    while True:
        with pause_collector(), read(archive) as session:
            page, failed = read_documents(session, col(PublicAd.id) > last, CHANGES_AT_ONCE)
            page, without = with_history(session, page)
            failed += without
        if not page and not failed:
            return
        last = max([document.ad_id for document in page] + [row.ad_id for row in failed])
        report.documents += len(page)
        unmade += failed
        yield page
        tell(report.documents)
