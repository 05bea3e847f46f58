"""Whether the search copy holds what the archive shows, document by document; what differs is put right.

`paidforby index check` calls it, and the nightly upkeep. Everything an engine holds of an ad is compared, so
that a document somebody altered is found as well as one that lacks or is too many.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Field, Session, SQLModel, col, select

from archive.models import Change, PublicAd
from archive.records import QuarantineStage
from archive.runs.fence import take_each
from archive.runs.quarantine import list_open_subjects
from archive.store.batches import cut_batches
from archive.store.checking import MOST_NAMED
from archive.store.database import read, write
from config.counts import write_count
from search.copies import filling
from search.copies.consumer_position import TellPassed
from search.copies.filling import TellBusy, filling_alone, make_anew, put_aside_rejected
from search.copies.sync import AD_KINDS, bring_on, find_position
from search.indexed.documents import Rejection, load_documents
from search.indexed.history import with_history
from search.port import Batch, HeldDocument, SearchEngine


class CopyCheck(SQLModel):
    """How a search copy compared with the archive, and what was done about it."""

    engine: str = Field(description="embedded or meilisearch.")
    compared: int = Field(default=0, description="Documents compared.")
    missing: int = Field(default=0, description="Ads that had none; they were sent.")
    altered: int = Field(
        default=0, description="Documents that said otherwise; they were sent again."
    )
    extra: int = Field(default=0, description="Documents of no ad; they were taken out.")
    named: list[str] = Field(
        default_factory=list, description="What that was, the first twenty of them."
    )
    rebuilt: bool = Field(
        default=False,
        description="Whether the copy was made anew first: it was none, or not as the engine makes it.",
    )
    rejected: list[Rejection] = Field(
        default_factory=list, description="Ads it could not take, put aside."
    )

    @property
    def differing(self) -> int:
        """How much was not as the archive shows it."""
        return self.missing + self.altered + self.extra


@dataclass
class Difference:
    """What differs, to be put right once all is compared."""

    missing: dict[int, str] = field(default_factory=dict)
    """Our ids of ads, and their permanent ids."""
    altered: dict[int, str] = field(default_factory=dict)
    extra: list[int | str] = field(default_factory=list)
    """By which names the engine takes them out."""


def check_copy(
    archive: Engine,
    search: SearchEngine,
    now: datetime,
    tell: TellPassed = lambda _: None,
    tell_busy: TellBusy | None = None,
) -> CopyCheck:
    """Bring the copy up to date, compare all of it, and put right what differs.

    Ads that change meanwhile are left to the next sync.

    Raises:
        CopyBusyError: if another process fills the copy.
        ForeignCopyError: if the engine holds the copy of another archive.
        SearchUnavailableError: if the engine failed; what was put right stays so.
    """
    with filling_alone(archive, search, now, tell_busy) as held:
        report = bring_on(archive, search, held, now, tell)
        if not report.rebuilt and not search.is_sound():
            report = make_anew(archive, search, held, now, tell)
        check = CopyCheck(engine=search.name, rebuilt=report.rebuilt, rejected=report.rejected)
        found = _compare_all(archive, search, check, tell)
        _note_found(check, found)
        _put_right(archive, search, check, found, now)
    return check


def tell_check(check: CopyCheck) -> str:
    """What was found and done, as a sentence."""
    said = [
        f"{write_count(check.missing, 'ad was', 'ads were')} missing" if check.missing else "",
        f"{write_count(check.altered, 'was', 'were')} altered" if check.altered else "",
        f"{write_count(check.extra, 'document was', 'documents were')} of no ad"
        if check.extra
        else "",
    ]
    anew = "made anew, then " if check.rebuilt else ""
    compared = f"{anew}{write_count(check.compared, 'document')} compared"
    if not check.differing:
        return f"{compared}: as the archive shows them"
    return f"{compared}: {', '.join(filter(None, said))}; put right"


def _compare_all(
    archive: Engine, search: SearchEngine, check: CopyCheck, tell: TellPassed
) -> Difference:
    position = find_position(archive, search)
    seq = position.seq if position else 0
    found, seen = Difference(), set[int]()
    for page in search.read_held():
        with read(archive) as session:
            seen |= _compare_page(session, search, page, found, seq)
        check.compared += len(page)
        tell(check.compared)
    with read(archive) as session:
        found.missing = dict(_find_missing(session, seen, seq))
    return found


def _compare_page(
    session: Session,
    search: SearchEngine,
    page: Sequence[HeldDocument],
    found: Difference,
    seq: int,
) -> set[int]:
    """Compare some documents; gives the ads they are of."""
    ids = [held.ad_id for held in page if held.ad_id is not None]
    made, _ = with_history(session, load_documents(session, ids).documents)
    done, _ = take_each(made, lambda some: [(search.spell(each), each) for each in some])
    wanted = {document.ad_id: (spelled, document) for each in done for spelled, document in each}
    moving = _list_changing(session, ids, seq)
    seen = set()
    for held in page:
        spelled, document = wanted.get(held.ad_id or 0, (None, None))
        if spelled is None or document is None or spelled.name != held.name:
            found.extra.append(held.name)
            continue
        seen.add(document.ad_id)
        if spelled != held and document.ad_id not in moving:
            found.altered[document.ad_id] = document.id
    return seen


def _find_missing(session: Session, seen: Collection[int], seq: int) -> Iterator[tuple[int, str]]:
    """Ads without a document, but for those that are put aside or wait for the next sync."""
    put_aside = list_open_subjects(session, QuarantineStage.SEARCH)
    after = 0
    while True:
        rows = select(PublicAd.id, PublicAd.public_id).where(col(PublicAd.id) > after)
        page = session.exec(rows.order_by(col(PublicAd.id)).limit(filling.CHANGES_AT_ONCE)).all()
        if not page:
            return
        after = page[-1][0]
        lacking = {
            ad_id: name for ad_id, name in page if ad_id not in seen and name not in put_aside
        }
        moving = _list_changing(session, list(lacking), seq)
        yield from ((ad_id, name) for ad_id, name in lacking.items() if ad_id not in moving)


def _list_changing(session: Session, ids: Sequence[int], seq: int) -> set[int]:
    """Those of some ads that changed since the copy was brought up to date."""
    changing: set[int] = set()
    for some in cut_batches(ids):
        changed = select(Change.subject_id).where(
            col(Change.seq) > seq, col(Change.kind).in_(AD_KINDS), col(Change.subject_id).in_(some)
        )
        changing.update(session.exec(changed))
    return changing


def _note_found(check: CopyCheck, found: Difference) -> None:
    check.missing, check.altered, check.extra = map(
        len, (found.missing, found.altered, found.extra)
    )
    named = [f"{name}: missing" for name in found.missing.values()]
    named += [f"{name}: altered" for name in found.altered.values()]
    named += [f"document {name}: of no ad" for name in found.extra]
    check.named = named[:MOST_NAMED]


def _put_right(
    archive: Engine, search: SearchEngine, check: CopyCheck, found: Difference, now: datetime
) -> None:
    size = filling.CHANGES_AT_ONCE
    ids = sorted(found.missing | found.altered)
    for begin in range(0, len(found.extra), size):
        with (write if search.keeps_in_archive else read)(archive) as session:
            inside = session if search.keeps_in_archive else None
            search.take_out(found.extra[begin : begin + size], inside)
    for begin in range(0, len(ids), size):
        check.rejected += _send_whole(archive, search, ids[begin : begin + size], now)


def _send_whole(
    archive: Engine, search: SearchEngine, ids: Sequence[int], now: datetime
) -> list[Rejection]:
    with (write if search.keeps_in_archive else read)(archive) as session:
        inside = session if search.keeps_in_archive else None
        made = load_documents(session, ids)
        documents, without = with_history(session, made.documents)
        refused = search.write_batch(Batch(documents), inside)
        if refused:
            # What it was before is not what the archive shows.
            search.write_batch(Batch(deleted=[row.ad_id for row in refused]), inside)
    rejected = [*made.rejected, *without, *refused]
    with write(archive) as session:
        put_aside_rejected(session, rejected, now)
    return rejected
