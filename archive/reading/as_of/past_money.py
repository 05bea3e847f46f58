"""Statements about advertisers and filed expenditures as they stood at a moment.

The sums of `archive.spending` and the lists of `archive.reading` select from these.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import cast

from sqlalchemy import ColumnElement, and_, exists, or_, select, true
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from archive.models import AdvertiserSpend, Disclosure, DisclosureVersion
from archive.reading.as_of.moment import Moment
from archive.reading.as_of.past import Newest, read_newest
from archive.reading.as_of.restored_rows import Values, read_row_ranges
from archive.records import DisclosureRecord


def statements_at(moment: Moment) -> type[AdvertiserSpend]:
    """What sources stated for advertisers at a moment: the newest of each series, unless withdrawn.

    To select from as from the table; among equal times of observation the one learned last counts.
    """
    stated = select(AdvertiserSpend).where(
        *moment.limit(AdvertiserSpend),
        is_newest(moment),
        col(AdvertiserSpend.is_withdrawn).is_(False),
    )
    return cast("type[AdvertiserSpend]", aliased(AdvertiserSpend, stated.subquery()))


def is_newest(moment: Moment) -> ColumnElement[bool]:
    """Whether a statement was the newest of its series at a moment, at which it counts."""
    stated, other = AdvertiserSpend, aliased(AdvertiserSpend)
    if moment.is_now:
        return col(stated.is_current).is_(True)
    is_newer = or_(
        col(other.observed_at) > col(stated.observed_at),
        and_(col(other.observed_at) == col(stated.observed_at), col(other.id) > col(stated.id)),
    )
    of_series = and_(col(other.source) == stated.source, col(other.series) == stated.series)
    return ~exists().where(of_series, is_newer, *moment.limit(other))


def disclosures_at(session: Session, moment: Moment, after: int = 0) -> Iterator[type[Disclosure]]:
    """Filed expenditures at a moment, in rising ranges of ids, to select from as from the table.

    Now it is the table itself, once, whatever `after` is. Each range is good until the next is
    asked for.
    """
    if moment.is_now:
        yield Disclosure
        return
    restore = partial(restore_disclosures, session, moment)
    yield from read_row_ranges(session, Disclosure, _holds_still(moment), restore, after)


def _holds_still(moment: Moment) -> ColumnElement[bool]:
    """Whether a filed row stood there at the moment as it stands now."""
    return and_(true(), *moment.limit(Disclosure))


def restore_disclosures(
    session: Session, moment: Moment, sources: Mapping[int, str]
) -> Iterator[Values]:
    """The filed rows that stood at the moment; `sources` by our id."""
    for newest in read_newest(session, DisclosureVersion, moment, list(sources)):
        yield _restore(sources[newest.row.disclosure_id], newest)


def _restore(source: str, newest: Newest[DisclosureVersion]) -> Values:
    version = newest.row
    stated = DisclosureRecord(**version.content).model_dump()
    in_order = {name: dict(sorted(stated[name].items())) for name in ("missing", "source_fields")}
    return (
        stated
        | in_order
        | {
            "id": version.disclosure_id,
            "source": source,
            "row_sha256": version.row_sha256,
            "withheld": version.withheld,
            "versions": newest.known,
            "is_superseded": version.is_superseded,
            "is_withdrawn": version.is_withdrawn,
            "observed_at": version.observed_at,
            "recorded_at": newest.learned_at,
        }
    )
