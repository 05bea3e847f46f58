"""Disclosed expenditures, for readers."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from archive.identity import public_id
from archive.models import Committee, Disclosure
from archive.reading.freshness import read_data_as_of
from archive.reading.paging import MOST_AT_ONCE, Page, cut_page, decode_number
from archive.reading.views import DisclosureView

LISTING = "disclosures"


@dataclass(frozen=True)
class DisclosureFilter:
    """Which disclosures a list shows; every part given must hold."""

    source: str | None = None
    committee_ref: str | None = None
    payee_name: str | None = None


def list_disclosures(
    session: Session,
    wanted: DisclosureFilter,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[DisclosureView]:
    """Disclosures in the order in which the archive learned of them.

    Raises:
        CursorError: if the cursor is not one of this list.
    """
    limit = min(limit, MOST_AT_ONCE)
    after = decode_number(LISTING, cursor) or 0
    asked = {name: value for name, value in vars(wanted).items() if value is not None}
    query = (
        select(Disclosure)
        .where(
            col(Disclosure.id) > after,
            *(col(getattr(Disclosure, name)) == value for name, value in asked.items()),
        )
        .order_by(col(Disclosure.id))
        .limit(limit + 1)
    )
    rows = session.exec(query).all()
    shown, following = cut_page(LISTING, rows, limit, lambda row: row.id)
    return Page(_show(session, shown), following, read_data_as_of(session))


def _show(session: Session, rows: Sequence[Disclosure]) -> list[DisclosureView]:
    refs = {row.committee_ref for row in rows}
    committees = session.exec(select(Committee).where(col(Committee.ref).in_(refs)))
    names = {(committee.source, committee.ref): committee.name for committee in committees}
    return [
        DisclosureView.model_validate(
            row,
            update={
                "id": public_id(row.source, row.ref),
                "committee_name": names.get((row.source, row.committee_ref)),
            },
        )
        for row in rows
    ]
