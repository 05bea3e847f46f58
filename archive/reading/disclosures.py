"""Disclosed expenditures, for readers, now or as they were at a moment.

Names of who filed them are those known now: registers of committees keep no history here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from archive.models import Committee, Disclosure, DisclosureVersion
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.as_of.past_money import disclosures_at
from archive.reading.as_of.restored_rows import take_rows
from archive.reading.freshness import read_data_as_of
from archive.reading.paging import MOST_AT_ONCE, Page, count_rows, cut_page, decode_number
from archive.reading.views import DisclosureView
from archive.records.identity import public_id

LISTING = "disclosures"


@dataclass(frozen=True)
class DisclosureFilter:
    """Which disclosures a list shows; every part given must hold."""

    source: str | None = None
    committee_ref: str | None = None
    payee: tuple[str, ...] | None = None
    """Any of these spellings of a name."""
    from_on: date | None = None
    to_on: date | None = None
    """Paid on a day from the one to the other."""


def list_disclosures(
    session: Session,
    wanted: DisclosureFilter,
    cursor: str | None = None,
    limit: int = 50,
    moment: Moment = NOW,
) -> Page[DisclosureView]:
    """Disclosures in the order in which the archive learned of them.

    Raises:
        CursorError: if the cursor is not one of this list.
    """
    limit = min(limit, MOST_AT_ONCE)
    after = decode_number(LISTING, cursor) or 0
    filed = disclosures_at(session, moment, after)
    rows = take_rows(session, filed, partial(filter_disclosures, wanted), after, limit + 1)
    shown, following = cut_page(LISTING, rows, limit, lambda row: row["id"])
    data_as_of = read_data_as_of(session, moment.as_of)
    matching = filter_disclosures(wanted, Disclosure)
    count = partial(count_rows, session, Disclosure, matching) if moment.is_now else None
    return Page(show_disclosures(session, shown, moment), following, data_as_of, moment, count)


def filter_disclosures(
    wanted: DisclosureFilter, filed: type[Disclosure]
) -> list[ColumnElement[bool]]:
    """A filter as conditions on the table, or on what `disclosures_at` gives in its place."""
    asked = {name: value for name, value in vars(wanted).items() if value is not None}
    from_on, to_on = asked.pop("from_on", None), asked.pop("to_on", None)
    payees = asked.pop("payee", None)
    conditions = [col(getattr(filed, name)) == value for name, value in asked.items()]
    conditions += [col(filed.payee_name).in_(payees)] if payees is not None else []
    conditions += [col(filed.spent_on) >= from_on] if from_on else []
    return conditions + ([col(filed.spent_on) <= to_on] if to_on else [])


def may_be_one_payment(filed: type[Disclosure], moment: Moment) -> ColumnElement[bool]:
    """Whether another report of the same filer has a payment of the same id, as far as it was known."""
    other, version = aliased(Disclosure), DisclosureVersion
    same = [
        col(getattr(other, name)) == getattr(filed, name)
        for name in ("source", "committee_ref", "transaction_ref")
    ]
    # A period's code comes again every year; what replaces a report is no other one.
    is_other = or_(
        *(
            col(getattr(other, name)).is_distinct_from(getattr(filed, name))
            for name in ("report_year", "report_kind")
        )
    )
    found = select(other.id).where(
        *same, is_other, col(other.is_superseded).is_(False), col(other.is_withdrawn).is_(False)
    )
    if not moment.is_now:
        found = found.join(version, col(version.disclosure_id) == other.id)
        found = found.where(*moment.limit(version))
    return found.exists()


def find_doubled(session: Session, ids: Sequence[int], moment: Moment) -> set[int]:
    """Those of our ids of which another report may have the same payment."""
    query = select(Disclosure.id).where(
        col(Disclosure.id).in_(ids), may_be_one_payment(Disclosure, moment)
    )
    return {*session.exec(query)}


def show_disclosures(
    session: Session, rows: Sequence[Mapping[str, Any]], moment: Moment = NOW
) -> list[DisclosureView]:
    """Rows of the table, column by column, as readers see them."""
    refs = {row["committee_ref"] for row in rows}
    doubled = find_doubled(session, [row["id"] for row in rows], moment)
    committees = session.exec(select(Committee).where(col(Committee.ref).in_(refs)))
    names = {(committee.source, committee.ref): committee.name for committee in committees}
    return [
        DisclosureView.model_validate(
            {name: row[name] for name in row if name in DisclosureView.model_fields}
            | {
                "id": public_id(row["source"], row["ref"]),
                "may_be_one_payment": row["id"] in doubled,
                "committee_name": names.get((row["source"], row["committee_ref"])),
            }
        )
        for row in rows
    ]
