"""Published figures that changed, for readers: newest first, each in words as well.

Pages, feeds, routes and the terminal take both from here, so that all tell the same.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Field, Session, SQLModel, col, select

from archive.models import Correction, Source
from archive.models.corrections import CorrectionKind, SpendMeasure
from archive.reading.ads.ads import find_hidden
from archive.reading.ads.advertisers import name_advertisers
from archive.reading.ads.aliases import list_former_ids
from archive.reading.ads.sightings import find_undated_runs
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.descriptions import view_of
from archive.reading.freshness import read_data_as_of
from archive.reading.paging import MOST_AT_ONCE, Page, cut_page, decode_number, gather_rows
from archive.reading.visible import Include
from archive.records import Grain, Rounding
from archive.records.money import format_bounds
from config.counts import write_count

LISTING = "corrections"

KINDS = {
    CorrectionKind.RESTATED: "changed",
    CorrectionKind.WITHDRAWN: "taken back",
    CorrectionKind.RETURNED: "stated again",
    CorrectionKind.MISREAD: "read wrongly by us",
}
GRAINS = {
    Grain.DAY: "the day",
    Grain.WEEK: "the week from",
    Grain.WINDOW: "the days from",
    Grain.LIFETIME: "its whole life",
    Grain.REGION: "its whole life in one region",
}

COUNTED = (("impressions", "shown {} times"), ("reach", "{} people reached"))


@dataclass(frozen=True)
class CorrectionFilter:
    """Which corrections a list shows; every part given must hold."""

    source: str | None = None
    measure: SpendMeasure | None = None
    subject: str | None = None
    advertiser_id: str | None = None
    """Those under the ids it had before count as well."""
    include: Include | None = None
    """Whether corrections of ads without a political label are asked for; one subject's always are."""


@view_of(Correction)
class CorrectionView(SQLModel):
    """A published figure that changed otherwise than by time going on."""

    id: int
    measure: SpendMeasure
    kind: CorrectionKind
    source: str
    subject: str
    figure: str = Field(description="What the figure is of, in words.")
    advertiser_id: str | None
    advertiser_name: str | None = Field(description="Its newest name; empty: not known.")
    before: dict[str, Any]
    after: dict[str, Any]
    before_observed_at: datetime | None
    observed_at: datetime
    is_dated: bool = Field(
        description="Whether the source said when; false: a file that does not say, read here then."
    )
    is_rounded: bool = Field(description="Whether the source rounds such amounts.")
    recorded_at: datetime
    capture_id: int | None


def list_corrections(
    session: Session,
    wanted: CorrectionFilter,
    cursor: str | None = None,
    limit: int = 50,
    moment: Moment = NOW,
) -> Page[CorrectionView]:
    """Corrections, the one learned last first.

    Raises:
        CursorError: if the cursor is not one of this list.
    """
    limit = min(limit, MOST_AT_ONCE)
    query = select(Correction).where(*_limit(session, wanted, moment))
    query = query.order_by(col(Correction.id).desc()).limit(limit + 1)
    start = decode_number(LISTING, cursor)

    def read_after(row: Correction | None) -> Sequence[Correction]:
        before = start if row is None else row.id
        earlier = query if before is None else query.where(col(Correction.id) < before)
        return session.exec(earlier).all()

    def keep(rows: Sequence[Correction]) -> Sequence[Correction]:
        if wanted.include is not None or wanted.subject is not None:
            return rows
        return _leave_out_hidden(session, rows, moment)

    rows = gather_rows(read_after, keep, limit + 1)
    shown, following = cut_page(LISTING, rows, limit, lambda row: row.id)
    data_as_of = read_data_as_of(session, moment.as_of)
    return Page(_show(session, shown, moment), following, data_as_of, moment)


SERIES = re.compile(
    rf"(?P<dataset>[^|]*)\|(?P<who>.*?)\|(?P<grain>{'|'.join(Grain)})\|"
    r"(?P<start_on>\d{4}-\d\d-\d\d|)(?:\|(?P<payer>.+))?",
    re.DOTALL,
)
"""The name of a series of statements; names in it may hold the bar that divides the parts."""


def tell_figures(values: dict[str, Any], *, is_rounded: bool = False) -> str:
    """The figures before or after a correction in words, as printed: `exactly 1,020 EUR, 12 ads`."""
    currency = values.get("currency")
    rounding = Rounding.KNOWN if is_rounded else Rounding.NONE
    told = []
    if "amount_minor" in values:
        told.append(format_bounds(values["amount_minor"], values["amount_minor"], currency))
    if "spend_lower_minor" in values:
        lower, upper = values["spend_lower_minor"], values["spend_upper_minor"]
        told.append(format_bounds(lower, upper, currency, rounding))
    told += [
        words.format(_tell_range(values[f"{name}_lower"], values[f"{name}_upper"]))
        for name, words in COUNTED
        if f"{name}_lower" in values
    ]
    if "ads_count" in values:
        told.append(
            write_count(values["ads_count"], "ad") if values["ads_count"] is not None else "no ads"
        )
    if "payee_name" in values:
        told.append(f"paid to {values['payee_name'] or 'nobody named'}")
    if "spent_on" in values:
        told.append(f"paid on {values['spent_on'] or 'an unknown day'}")
    return ", ".join(told) or "nothing"


def tell_both(correction: CorrectionView) -> tuple[str, str]:
    """The figures before and after a correction in words."""
    rounded = correction.is_rounded
    return (
        tell_figures(correction.before, is_rounded=rounded),
        tell_figures(correction.after, is_rounded=rounded),
    )


def tell_correction(correction: CorrectionView) -> str:
    """A correction in one sentence."""
    before, after = tell_both(correction)
    match correction.kind:
        case CorrectionKind.MISREAD:
            said = f"Our reading was wrong: {before}. The same evidence says: {after}"
        case CorrectionKind.WITHDRAWN:
            said = f"The source no longer states it; it had said: {before}"
        case CorrectionKind.RETURNED:
            said = f"The source states it again: {after}"
        case _:
            said = f"The source had said: {before}. It says now: {after}"
    return f"{correction.figure}. {said}."


def _limit(session: Session, wanted: CorrectionFilter, moment: Moment) -> list[ColumnElement[bool]]:
    equal = {"source": wanted.source, "measure": wanted.measure, "subject": wanted.subject}
    conditions = [
        *moment.limit(Correction),
        *(col(getattr(Correction, k)) == v for k, v in equal.items() if v is not None),
    ]
    if wanted.advertiser_id is not None:
        ids = [wanted.advertiser_id, *list_former_ids(session, wanted.advertiser_id, moment)]
        conditions.append(col(Correction.advertiser_id).in_(ids))
    return conditions


def _leave_out_hidden(
    session: Session, rows: Sequence[Correction], moment: Moment
) -> list[Correction]:
    """The rows without those of ads that lists left out at the moment."""
    of_ads = {row.subject for row in rows if row.measure == SpendMeasure.ADS}
    hidden_by_default = find_hidden(session, of_ads, moment)
    return [r for r in rows if r.measure != SpendMeasure.ADS or r.subject not in hidden_by_default]


def _show(session: Session, rows: Sequence[Correction], moment: Moment) -> list[CorrectionView]:
    ids = {row.advertiser_id for row in rows if row.advertiser_id is not None}
    names = name_advertisers(session, sorted(ids), moment)
    undated = find_undated_runs(session, {row.run_id for row in rows})
    rounding = set(session.exec(select(Source.id).where(Source.rounding != "")))
    shown = []
    for row in rows:
        name = names.get(row.advertiser_id or "")
        more = {
            "advertiser_name": name,
            "figure": _name_figure(row, name),
            "is_dated": row.run_id not in undated,
            "is_rounded": row.measure == SpendMeasure.REPORTED and row.source in rounding,
        }
        shown.append(CorrectionView.model_validate(row, update=more))
    return shown


def _name_figure(row: Correction, name: str | None) -> str:
    """What a figure is of: an ad, a filed row, or a period of an advertiser in a data set."""
    match row.measure:
        case SpendMeasure.ADS:
            return f"Ad {row.subject}"
        case SpendMeasure.DISCLOSED:
            return f"Filed row {row.subject}"
    series = SERIES.fullmatch(row.subject)
    if series is None:
        return row.subject
    period = " ".join(filter(None, (GRAINS[Grain(series["grain"])], series["start_on"])))
    paid_by = f", paid by {series['payer']}" if series["payer"] else ""
    return f"{name or series['who']}, {period}, in {series['dataset']}{paid_by}"


def _tell_range(lower: int | None, upper: int | None) -> str:
    if lower is None:
        return "an unknown number of"
    if upper is None:
        return f"at least {lower:,}"
    return f"{lower:,}" if lower == upper else f"{lower:,} to {upper:,}"
