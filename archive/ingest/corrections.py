"""Published figures that changed otherwise than by time going on: what is one, and its row.

Ingest of ads, statements and filings calls it with what stood and what stands; the rows are facts of
the archive and never change. Growth of a figure that still runs is no correction, nor is an
observation older than what is current.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from archive.ingest.rows import Stamp
from archive.ingest.values import Values, insert_values
from archive.models import Correction
from archive.models.corrections import CorrectionKind, SpendMeasure

SPEND = ("spend_lower_minor", "spend_upper_minor")
AD_FIGURES = (*SPEND, "impressions_lower", "impressions_upper", "reach_lower", "reach_upper")
"""`spend_conversions` restate the spend and are no figure; an audience is the platform's estimate."""
FILED = ("currency", "amount_minor", "payee_name", "spent_on")


@dataclass(frozen=True)
class Figures:
    """Figures under the names of the record's fields, and when the source first said them."""

    values: Mapping[str, Any]
    observed_at: datetime


@dataclass(frozen=True)
class Subject:
    """What a figure is of."""

    measure: SpendMeasure
    name: str
    advertiser_id: str | None = None


def correct_ad(
    public_id: str,
    advertiser_id: str | None,
    stamp: Stamp,
    before: Figures,
    after: Figures,
    ended_at: datetime | None,
) -> Values | None:
    """The correction that an ad's new numbers are, as a row to write; `None` if they are none.

    `before.observed_at` is when the source last said what stood before, as far as is known: numbers of
    an ad that had ended by then move no more. Before that only falling bounds and another currency
    correct anything.
    """
    is_closed = ended_at is not None and ended_at < before.observed_at
    is_misread = stamp.lease.replaces(before.observed_at)
    corrected = _find_corrected(AD_FIGURES, before, after, is_closed=is_closed or is_misread)
    subject = Subject(SpendMeasure.ADS, public_id, advertiser_id)
    return _restate(subject, stamp, before, after, corrected) if corrected else None


def correct_statement(
    subject: Subject, stamp: Stamp, before: Figures, after: Figures, last_stated_at: datetime
) -> Values | None:
    """The correction that a statement of a source about an advertiser is; `None` if it is none.

    `last_stated_at` is the last run that saw what stood before: a period that was over by then has
    an amount that moves no more.
    """
    end_on: date | None = before.values.get("period_end_on")
    is_closed = end_on is not None and end_on < last_stated_at.date()
    is_misread = stamp.lease.replaces(before.observed_at)
    corrected = _find_corrected(SPEND, before, after, is_closed=is_closed or is_misread)
    if not corrected:
        return None
    fewer_ads = ["ads_count"] if _has_fallen("ads_count", before.values, after.values) else []
    return _restate(subject, stamp, before, after, [*corrected, *fewer_ads])


def correct_filing(
    subject: Subject, stamp: Stamp, before: Figures, after: Figures
) -> Values | None:
    """The correction that an amended row of a filing is: amount, currency, payee or date differ."""
    changed = [name for name in FILED if before.values.get(name) != after.values.get(name)]
    shown = dict.fromkeys(("currency", "amount_minor", *changed))
    return _restate(subject, stamp, before, after, list(shown)) if changed else None


def withdraw_filing(subject: Subject, stamp: Stamp, before: Figures) -> Values:
    """The row that says: the newest filing, or the newest complete file, no longer has this payment."""
    gone = Figures({}, stamp.lease.observed_at)
    return _write_row(subject, stamp, CorrectionKind.WITHDRAWN, before, gone, FILED[:2])


def return_filing(subject: Subject, stamp: Stamp, gone: Figures, after: Figures) -> Values:
    """The row that says: a payment is filed again that had been taken back."""
    none = Figures({}, gone.observed_at)
    return _write_row(subject, stamp, CorrectionKind.RETURNED, none, after, FILED[:2])


def withdraw_statement(subject: Subject, stamp: Stamp, before: Figures) -> Values:
    """The row that says: the source no longer states this figure, and gives no other."""
    gone = Figures({}, stamp.lease.observed_at)
    return _write_row(subject, stamp, CorrectionKind.WITHDRAWN, before, gone, ("currency", *SPEND))


def return_statement(subject: Subject, stamp: Stamp, gone: Figures, after: Figures) -> Values:
    """The row that says: the source states again what it had withdrawn."""
    none = Figures({}, gone.observed_at)
    return _write_row(subject, stamp, CorrectionKind.RETURNED, none, after, ("currency", *SPEND))


def write_corrections(session: Session, rows: Sequence[Values]) -> None:
    """Keep corrections, in the order given."""
    insert_values(session, Correction, rows)


def _find_corrected(
    names: Sequence[str], before: Figures, after: Figures, *, is_closed: bool
) -> list[str]:
    """The published figures that changed otherwise than by time going on, each with both ends."""
    if after.observed_at < before.observed_at:
        return []
    differs = _has_moved if is_closed else _has_fallen
    moved = {_name_lower(name) for name in names if differs(name, before.values, after.values)}
    if _is_other_currency(before.values, after.values):
        moved.add(_name_lower(SPEND[0]))
    found = [name for name in names if _name_lower(name) in moved]
    return ["currency", *found] if SPEND[0] in found else found


def _has_moved(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a published bound differs; where a lower bound stands, no upper means open."""
    published = before.get(name) is not None or before.get(_name_lower(name)) is not None
    return published and before.get(name) != after.get(name)


def _has_fallen(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a bound is smaller than before or no longer given; an upper end that opens has grown."""
    was, now = before.get(name), after.get(name)
    if was is None:
        return False
    if now is None:
        return name == _name_lower(name) or after.get(_name_lower(name)) is None
    return bool(now < was)


def _is_other_currency(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    has_spend = any(before.get(name) is not None for name in SPEND)
    return has_spend and before.get("currency") != after.get("currency")


def _name_lower(name: str) -> str:
    return name.replace("upper", "lower")


def _restate(
    subject: Subject, stamp: Stamp, before: Figures, after: Figures, names: Sequence[str]
) -> Values:
    is_misread = stamp.lease.replaces(before.observed_at)
    kind = CorrectionKind.MISREAD if is_misread else CorrectionKind.RESTATED
    return _write_row(subject, stamp, kind, before, after, names)


def _write_row(
    subject: Subject,
    stamp: Stamp,
    kind: CorrectionKind,
    before: Figures,
    after: Figures,
    names: Sequence[str],
) -> Values:
    return stamp.columns | {
        "measure": subject.measure.value,
        "kind": kind.value,
        "source": stamp.lease.source,
        "subject": subject.name,
        "advertiser_id": subject.advertiser_id,
        "before": _pick(before, names),
        "after": _pick(after, names),
        "before_observed_at": before.observed_at,
        "observed_at": after.observed_at,
    }


def _pick(figures: Figures, names: Sequence[str]) -> Values:
    """The named figures as JSON holds them; none at all where nothing stands."""
    found = {name: figures.values[name] for name in names if name in figures.values}
    return {k: v.isoformat() if isinstance(v, date) else v for k, v in found.items()}
