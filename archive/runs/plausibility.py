"""Whether a batch is plausible: sums that fall, ads that are gone, amounts beyond all measure.

Ingest asks it before a page is written, `archive.ingest.close_run` before ads are marked vanished. It writes
nothing; a batch that is implausible is put aside by `archive.runs.quarantined_batches`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session, select

from archive.errors import ArchiveError, NotFoundError
from archive.models import QuarantinedBatch, Source
from archive.models.runs import PieceStatus, QuarantineReason
from archive.records import (
    AdRecord,
    AdvertiserSpendRecord,
    AnyRecord,
    DisclosureRecord,
    SourceInfo,
)
from archive.records.money import format_units

FEWEST_KNOWN = 20
"""Known rows that a fall of their sum must rest on: below, a correction or two look like a batch."""

FEWEST_LOWERED = 2
"""Rows that must have been lowered: one corrected row is no batch, however large it was."""

FEWEST_PRESENT = 10
"""Ads or statements that a partition held before its shrinking means anything."""

Figures = dict[str, str | int | float | None]
"""What was compared, by name, as JSON keeps it."""

Payment = AdRecord | AdvertiserSpendRecord | DisclosureRecord

Move = tuple[str | None, int, int]
"""Currency of a known row, its lower bound before and after, in minor units."""


class ImplausibleBatchError(ArchiveError):
    """A batch that is implausible; nothing of it may be written."""

    def __init__(self, cause: QuarantineReason, reason: str, figures: Figures) -> None:
        super().__init__(reason)
        self.cause = cause
        self.reason = reason
        self.figures = figures


@dataclass
class Scale:
    """Sums of one measure over the known rows that a run has met so far, by currency."""

    what: str
    """What is weighed, in the plural, as the reason names it."""
    plausible_fall_share: float
    known: int = 0
    before: Counter[str | None] = field(default_factory=Counter)
    after: Counter[str | None] = field(default_factory=Counter)
    lowered: Counter[str | None] = field(default_factory=Counter)

    def weigh(
        self, changed: Sequence[Move], unchanged: Mapping[str | None, int], known: int
    ) -> None:
        """Add a page's known rows to the sums of the run, and check these.

        `changed`: the known rows that would change what is current; an amount that is no longer
        stated counts 0 after, a row whose currency changed stands once in each. `unchanged`: sum of
        the lower bounds of the other known rows, by currency. `known`: how many rows both are.

        Raises:
            ImplausibleBatchError: if the sum in a currency fell by more than is plausible.
        """
        self.known += known
        for currency, amount in unchanged.items():
            self.before[currency] += amount
            self.after[currency] += amount
        for currency, before, after in changed:
            self.before[currency] += before
            self.after[currency] += after
            self.lowered[currency] += after < before
        for currency in dict.fromkeys(currency for currency, _, _ in changed):
            self._judge(currency)

    def _judge(self, currency: str | None) -> None:
        before, after = self.before[currency], self.after[currency]
        is_batch = self.known >= FEWEST_KNOWN and self.lowered[currency] >= FEWEST_LOWERED
        if not is_batch or before - after <= self.plausible_fall_share * before:
            return
        fall_share = (before - after) / before
        reason = (
            f"of {self.known:,} known {self.what}, {self.lowered[currency]:,} state less than "
            f"before: the sum falls by {fall_share:.0%}, from "
            f"{_tell_amount(before, currency)} to {_tell_amount(after, currency)}; "
            f"up to {self.plausible_fall_share:.0%} is plausible"
        )
        raise ImplausibleBatchError(
            QuarantineReason.LOWERED_TOTAL,
            reason,
            {
                "what": self.what,
                "currency": currency,
                "known": self.known,
                "lowered": self.lowered[currency],
                "before_minor": before,
                "after_minor": after,
                "fall_share": round(fall_share, 4),
                "plausible_fall_share": self.plausible_fall_share,
            },
        )


class Gate:
    """What one run of a source may change before a person must accept it; cumulates over the run.

    `ads`, `statements` (a source's word on an advertiser's spending) and `filings` are weighed apart.
    """

    def __init__(self, source: SourceInfo) -> None:
        self.plausible_fall_share = source.plausible_fall_share
        self.plausible_spend_minor = source.plausible_spend_minor
        self._accepted = Counter[str | None]()
        self.ads = Scale("ads", source.plausible_fall_share)
        self.statements = Scale("statements of spending", source.plausible_fall_share)
        self.filings = Scale("filed payments", source.plausible_fall_share)

    def weigh_amounts(self, records: Iterable[AnyRecord]) -> None:
        """Judge each amount of a page by itself.

        Raises:
            ImplausibleBatchError: at the first that is larger than is plausible.
        """
        for record in records:
            if isinstance(record, Payment):
                amount = _find_largest(record)
                if amount > self.plausible_spend_minor and amount > self._accepted[record.currency]:
                    self._refuse_amount(record, amount)

    def accept_amount(self, currency: str | None, amount_minor: int) -> None:
        """Accept amounts up to this one, since a person has accepted it."""
        self._accepted[currency] = max(self._accepted[currency], amount_minor)

    def check_vanished(self, what: str, gone: int, present: int) -> None:
        """Check what a complete run no longer found against what its partition held before.

        Raises:
            ImplausibleBatchError: if more is gone than is plausible.
        """
        if present < FEWEST_PRESENT or gone <= self.plausible_fall_share * present:
            return
        fall_share = gone / present
        reason = (
            f"{gone:,} of {present:,} {what} are gone at once ({fall_share:.0%}); "
            f"up to {self.plausible_fall_share:.0%} is plausible"
        )
        figures: Figures = {
            "what": what,
            "present": present,
            "gone": gone,
            "fall_share": round(fall_share, 4),
            "plausible_fall_share": self.plausible_fall_share,
        }
        raise ImplausibleBatchError(QuarantineReason.SHRINK, reason, figures)

    def _refuse_amount(self, record: Payment, amount: int) -> None:
        name, currency = _name_row(record), record.currency
        reason = (
            f"{name} states {_tell_amount(amount, currency)}; "
            f"up to {_tell_amount(self.plausible_spend_minor, currency)} is plausible"
        )
        figures: Figures = {
            "row": name,
            "currency": currency,
            "amount_minor": amount,
            "plausible_spend_minor": self.plausible_spend_minor,
        }
        raise ImplausibleBatchError(QuarantineReason.ABSURD_AMOUNT, reason, figures)


WEIGHED = ("currency", "spend_lower_minor")
"""What a row is weighed by."""


def list_moves(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Move]:
    """What the amount of a known row was and would be, both by `WEIGHED`; once in each currency."""
    was, now = before["spend_lower_minor"] or 0, after["spend_lower_minor"] or 0
    if before["currency"] == after["currency"]:
        return [(before["currency"], was, now)]
    return [(before["currency"], was, 0), (after["currency"], 0, now)]


def open_gate(session: Session, source: str) -> Gate:
    """The gate of a run of a source, by what is plausible for the source and what people accepted of it.

    An amount that was released once would otherwise be quarantined again with every later file.

    Raises:
        NotFoundError: if the archive does not know the source.
    """
    row = session.get(Source, source)
    if row is None:
        raise NotFoundError("source", source)
    gate = Gate(row)
    released = select(QuarantinedBatch.figures).where(
        QuarantinedBatch.source == source,
        QuarantinedBatch.cause == QuarantineReason.ABSURD_AMOUNT,
        QuarantinedBatch.status == PieceStatus.RELEASED,
    )
    for figures in session.exec(released):
        gate.accept_amount(figures["currency"], figures["amount_minor"])
    return gate


def _find_largest(record: Payment) -> int:
    """The largest amount a row states, in minor units; a negative one counts by its size."""
    if isinstance(record, DisclosureRecord):
        return abs(record.amount_minor)
    return max(record.spend_lower_minor or 0, record.spend_upper_minor or 0)


def _name_row(record: Payment) -> str:
    if isinstance(record, AdvertiserSpendRecord):
        who = record.advertiser_ref or record.advertiser_name or "nobody named"
        return f"the statement of {record.dataset} for {who}"
    kind = "ad" if isinstance(record, AdRecord) else "payment"
    return f"{kind} {record.ref}"


def _tell_amount(minor: int, currency: str | None) -> str:
    return f"{format_units(minor, currency)} {currency or '(currency not given)'}"
