"""One name for readers: its spellings, who bears it, and the very rows that were counted for it.

The page of a name and its feeds ask here; what is counted is told by `archive.names.bearing`.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlmodel import Field, Session, SQLModel, col, select
from sqlmodel.sql.expression import SelectOfScalar

from archive.models import (
    Advertiser,
    AdvertiserName,
    AdvertiserSpend,
    Committee,
    Disclosure,
    Name,
    NamedRow,
    NameKind,
    NameSpelling,
    PublicAd,
)
from archive.names.bearing import Bearing
from archive.names.reading import ADS, FILINGS, STATEMENTS, NameItem, read_name
from archive.reading.ads.ads import show_ads
from archive.reading.as_of.moment import NOW
from archive.reading.as_of.restored_rows import select_rows
from archive.reading.disclosures import show_disclosures
from archive.reading.freshness import read_data_as_of
from archive.reading.paging import Page, cut_page, decode_number
from archive.reading.views import AdItem, DisclosureView

Row = TypeVar("Row")

BEARERS_SHOWN = 50


class SpellingView(SQLModel):
    """One spelling of a name."""

    spelling: str = Field(description="The name, letter by letter.")
    ads: int = Field(description=ADS)
    statements: int = Field(description=STATEMENTS)
    filings: int = Field(description=FILINGS)


class BearerView(SQLModel):
    """An advertiser or a committee that bears a name, or bore it, as one source knows it."""

    source: str = Field(description="The source.")
    id: str = Field(description="Our id of the advertiser, or the authority's of the committee.")
    name: str = Field(description="What the source calls it now.")


class NameDetail(NameItem):
    """One name with its spellings and who bears it."""

    spellings: list[SpellingView] = Field(description="Its spellings, the commonest first.")
    advertisers: list[BearerView] = Field(
        description=f"Advertisers that bear it, or bore it; the first {BEARERS_SHOWN}."
    )
    committees: list[BearerView] = Field(
        description=f"Committees registered under it; the first {BEARERS_SHOWN}."
    )


def read_name_detail(session: Session, kind: str, key: str) -> NameDetail:
    """One name by its kind and key, or by the last part of its page's address.

    Raises:
        NotFoundError: if nobody bears it.
    """
    item = read_name(session, kind, key)
    spelt = select(NameSpelling).where(col(NameSpelling.id).in_(_select_spellings(item)))
    rows = sorted(session.exec(spelt), key=lambda row: (-_count_rows(row), row.spelling))
    names = [row.spelling for row in rows]
    return NameDetail(
        **item.model_dump(),
        spellings=[SpellingView.model_validate(row) for row in rows],
        advertisers=_find_advertisers(session, names) if kind == NameKind.ADVERTISER else [],
        committees=_find_committees(session, names) if kind == NameKind.COMMITTEE else [],
    )


def list_named_ads(
    session: Session, item: NameItem, cursor: str | None = None, limit: int = 20
) -> Page[AdItem]:
    """Listed ads that bear a name, those that the archive learned of last first.

    Raises:
        CursorError: if the cursor is not one of this list.
    """

    def show(ids: Sequence[int]) -> list[AdItem]:
        query = select_rows(PublicAd).where(col(PublicAd.id).in_(ids))
        rows = session.connection().execute(query.order_by(col(PublicAd.id).desc())).mappings()
        return show_ads(session, [*map(dict, rows)], NOW)

    return _list_rows(session, item, Bearing.AD, cursor, limit, show)


def list_named_statements(
    session: Session, item: NameItem, cursor: str | None = None, limit: int = 20
) -> Page[AdvertiserSpend]:
    """Newest statements that bear a name, likewise.

    Raises:
        CursorError: if the cursor is not one of this list.
    """

    def show(ids: Sequence[int]) -> list[AdvertiserSpend]:
        query = select(AdvertiserSpend).where(col(AdvertiserSpend.id).in_(ids))
        return list(session.exec(query.order_by(col(AdvertiserSpend.id).desc())))

    return _list_rows(session, item, Bearing.STATEMENT, cursor, limit, show)


def list_named_filings(
    session: Session, item: NameItem, cursor: str | None = None, limit: int = 20
) -> Page[DisclosureView]:
    """Filed expenditures that bear a name, likewise.

    Raises:
        CursorError: if the cursor is not one of this list.
    """

    def show(ids: Sequence[int]) -> list[DisclosureView]:
        query = select_rows(Disclosure).where(col(Disclosure.id).in_(ids))
        rows = session.connection().execute(query.order_by(col(Disclosure.id).desc())).mappings()
        return show_disclosures(session, [*map(dict, rows)])

    return _list_rows(session, item, Bearing.FILING, cursor, limit, show)


def _list_rows(
    session: Session,
    item: NameItem,
    bearing: Bearing,
    cursor: str | None,
    limit: int,
    show: Callable[[Sequence[int]], list[Row]],
) -> Page[Row]:
    listing = f"names/{bearing}"
    borne = col(getattr(NamedRow, item.kind))
    query = select(NamedRow.row_id).where(
        NamedRow.what == bearing.value, borne.in_(_select_spellings(item))
    )
    if before := decode_number(listing, cursor):
        query = query.where(col(NamedRow.row_id) < before)
    ids = session.exec(query.order_by(col(NamedRow.row_id).desc()).limit(limit + 1)).all()
    shown, following = cut_page(listing, ids, limit, lambda id_: id_)
    return Page(show(shown), following, read_data_as_of(session))


def _select_spellings(item: NameItem) -> SelectOfScalar[int]:
    query = select(NameSpelling.id).join(Name, col(Name.id) == col(NameSpelling.name_id))
    return query.where(Name.kind == item.kind, Name.key == item.key)


def _count_rows(row: NameSpelling) -> int:
    return row.ads + row.statements + row.filings + row.registered


def _find_advertisers(session: Session, names: Sequence[str]) -> list[BearerView]:
    bore = select(AdvertiserName.advertiser_id).where(col(AdvertiserName.name).in_(names))
    query = select(Advertiser).where(col(Advertiser.id).in_(bore))
    rows = session.exec(query.order_by(col(Advertiser.id)).limit(BEARERS_SHOWN))
    return [BearerView(source=row.source, id=row.id, name=row.name) for row in rows]


def _find_committees(session: Session, names: Sequence[str]) -> list[BearerView]:
    query = select(Committee).where(col(Committee.name).in_(names))
    rows = session.exec(query.order_by(col(Committee.id)).limit(BEARERS_SHOWN))
    return [BearerView(source=row.source, id=row.ref, name=row.name or "") for row in rows]
