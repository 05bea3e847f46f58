"""The one way in to sums of money: from the mirror where it says just what the archive says, or the archive.

API, pages and commands call `answer_spending`. What was known before, one advertiser and one payer are the
archive's to answer; so is all else while the mirror is behind, or not there.
"""

from pathlib import Path

import duckdb
from sqlalchemy import exists, select
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col

from archive.exports.mirror.curves import count_ended
from archive.exports.mirror.manifest import MirrorManifest, read_manifest
from archive.exports.mirror.querying import forget_files, open_files
from archive.exports.mirror.syncing import has_all_columns, name_consumer, sort_by_table
from archive.exports.mirror.tables import MIRRORED_KINDS
from archive.models import Change
from archive.models.corrections import SpendMeasure
from archive.records import QuarantineStage
from archive.runs.quarantine import list_open_subjects
from archive.spending.exchange_rates import ExchangeRates
from archive.spending.query import PERIODS, SpendBasis, SpendQuery
from archive.spending.summarise import summarise_spending
from archive.spending.summary import SpendSummary
from archive.store.changes import read_position

LEFT_TO_THE_ARCHIVE = (
    duckdb.IOException,
    duckdb.OutOfMemoryException,
    duckdb.InternalException,
    duckdb.FatalException,
)
"""Files go when something is withheld, a question may be too large for our memory, DuckDB may be at fault."""


def answer_spending(
    session: Session, folder: Path, query: SpendQuery, rates: ExchangeRates | None = None
) -> SpendSummary:
    """Sum spending by group and currency; `folder` is the mirror's, whether there is one or not.

    Raises:
        SpendQueryError: if the question has no honest answer.
    """
    manifest = read_manifest(folder) if _is_wide(query) else None
    if manifest is not None and _is_current(session, manifest, query):
        try:
            with Session(open_files(folder, manifest)) as files:
                return summarise_spending(session, query, rates, files)
        except (DBAPIError, duckdb.Error) as error:
            reason = error.orig if isinstance(error, DBAPIError) else error
            if not isinstance(reason, LEFT_TO_THE_ARCHIVE):
                raise
            forget_files()
    return summarise_spending(session, query, rates)


def _is_wide(query: SpendQuery) -> bool:
    is_of_one = query.advertiser_id is not None or query.payer is not None
    # Statements for a period are weighed against each other, advertiser by advertiser.
    is_weighed = query.measure is SpendMeasure.REPORTED and (
        query.has_period or query.by in PERIODS
    )
    # When a run last saw an ad, which ends the days whose rates count, is the archive's to know.
    is_converted = query.convert_to is not None
    return query.moment.is_now and not (is_of_one or is_weighed or is_converted)


def _is_current(session: Session, manifest: MirrorManifest, query: SpendQuery) -> bool:
    """Whether the files of this very archive lack nothing that the session sees.

    Flags change no sum, and who is suspected must not show in who answers.
    """
    mark = read_position(session, name_consumer(manifest))
    if mark is None or mark.seq != manifest.seq or not has_all_columns(manifest):
        return False
    later = exists().where(col(Change.seq) > manifest.seq, col(Change.kind).in_(MIRRORED_KINDS))
    put_aside = any(sort_by_table(list_open_subjects(session, QuarantineStage.MIRROR)).values())
    if put_aside or session.scalar(select(later)):
        return False
    is_lifetime = query.resolved_basis is SpendBasis.LIFETIME
    return is_lifetime or count_ended(session) == manifest.ended_runs
